// What a kernel is made of, and the contract between a kernel and the operator that calls it.
// A program is a maximal run of synchronous per-record steps; a kernel is that program made
// executable.
import type * as Envelope from "../../Envelope.ts"

/** A user function after the DSL has checked its types. */
export type Step = (payload: unknown, cursor: Envelope.Cursor) => unknown

/** How one step uses what its function returns. */
export type StepKind = "map" | "filter" | "flatMap" | "each"

/** One fused stage. */
export interface ProgramStep {
  readonly stageId: string
  readonly kind: StepKind
  readonly f: Step
  /** True when the function declares the cursor parameter. */
  readonly usesCursor: boolean
  /** Replacement for a failing record, where the error policy is fallback. */
  readonly fallback: ((payload: unknown, cause: unknown) => unknown) | undefined
  /**
   * True when a failed record is kept (dead letter): the payload as this step got it must be at
   * hand.
   */
  readonly keepsPayload: boolean
}

/** A cursor the kernel moves from record to record. */
export interface MovableCursor extends Envelope.Cursor {
  position: number
}

/**
 * What a kernel calls back for. `failed` is told step, position in the input and the payload as the
 * step got it (or the host itself where the kernel did not keep it); it answers whether to carry on
 * with the next record. `expand` appends what a flatMap returned.
 */
export interface KernelHost {
  readonly cursor: MovableCursor
  readonly failed: (step: number, position: number, payload: unknown, cause: unknown) => boolean
  readonly expand: (step: number, result: unknown, out: Array<unknown>) => number
}

/**
 * Runs the program over `items`. Writes surviving payloads to `out` and the position each came from
 * to `positions`, and to `counts[k]` how many records left step k. Returns how many input records
 * it consumed: fewer than `items.length` only when `failed` answered false.
 */
export type Kernel = (
  host: KernelHost,
  items: ReadonlyArray<unknown>,
  out: Array<unknown>,
  positions: Array<number> | Uint16Array | Uint32Array,
  counts: Float64Array
) => number
