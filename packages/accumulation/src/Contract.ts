// The accumulator contract of the specification (§5.2): what a user implements to write keyed
// state by hand. `Accumulate.fromContract` runs it on the same machine as the ready-made rules,
// with the same bounds and counts. Types only.
import type * as Envelope from "@sluice/core/Envelope"

/** The state of one key, with what the framework needs to know of it. */
export interface AccumulatorState<out Key, out State> {
  readonly key: Key
  readonly state: State
  readonly sizeItems: number
  readonly sizeBytes: number
  /** When the first and the last fragment came, milliseconds since the epoch. */
  readonly firstMs: number
  readonly lastMs: number
  /** 0..1; 1 only for what `checkComplete` calls complete. */
  readonly completenessScore: number
}

/** What `checkComplete` says. */
export type CompletenessResult<State, Out> =
  | { readonly _tag: "Incomplete"; readonly state: State }
  | { readonly _tag: "Complete"; readonly out: Out; readonly state: State }
  | { readonly _tag: "Expired"; readonly out: Out | undefined; readonly state: State }

/** Where an accumulator runs. */
export interface AccumulatorContext {
  readonly pipelineId: string
  readonly stageId: string
}

/**
 * An accumulator written by hand.
 *
 * Flow: `init` once per run; per record `extractKey`, `updateState`, `checkComplete`; `flushForced`
 * when a key must go (time, limit, end of input); `close` once, however the run ends. All are
 * synchronous.
 * Limits: bounds of time, keys, items and bytes are the framework's, see `Accumulate.fromContract`.
 * Errors: what a function throws sets the record aside; `updateState` must not change the given
 * state in place, or a record that failed may have left something in it.
 */
export interface Accumulator<in In, Out, Key extends string | number, State> {
  readonly id: string
  readonly init?: (context: AccumulatorContext) => void
  /** undefined or null: the record has no key and is set aside. */
  readonly extractKey: (envelope: Envelope.Envelope<In>) => Key | undefined | null
  readonly updateState: (
    state: AccumulatorState<Key, State> | undefined,
    envelope: Envelope.Envelope<In>
  ) => AccumulatorState<Key, State>
  readonly checkComplete: (state: AccumulatorState<Key, State>) => CompletenessResult<State, Out>
  /**
   * The output of an incomplete key, or undefined when it is not worth one: it is then counted as
   * dropped.
   */
  readonly flushForced: (state: AccumulatorState<Key, State>) => Out | undefined
  /** What an incomplete key waits for, for reports and `acc.missingVars`. */
  readonly missing?: (state: AccumulatorState<Key, State>) => ReadonlyArray<string>
  /** The state as bytes. Engines that keep state outside memory call it; this package does not. */
  readonly serializeSpill: (state: AccumulatorState<Key, State>) => Uint8Array
  /** The reverse of `serializeSpill`. */
  readonly deserializeSpill: (bytes: Uint8Array) => AccumulatorState<Key, State>
  readonly close?: () => void
}

/** Not complete yet. */
export const incomplete = <State>(state: State): CompletenessResult<State, never> => ({
  _tag: "Incomplete",
  state
})

/** Complete, with its output. */
export const complete = <State, Out>(out: Out, state: State): CompletenessResult<State, Out> => ({
  _tag: "Complete",
  out,
  state
})

/** Over although not complete; without output it is counted as dropped. */
export const expired = <State, Out>(
  out: Out | undefined,
  state: State
): CompletenessResult<State, Out> => ({ _tag: "Expired", out, state })
