// Runs a fused kernel over each batch: counters, latency and error isolation once per batch,
// nothing per record. Emits at most one batch per batch; never waits itself.

import * as Effect from "effect/Effect"
import * as Batch from "../../Batch.ts"
import type { IndexColumn } from "../../BatchPool.ts"
import type * as Graph from "../../Graph.ts"
import { fallbackOf, functionOf } from "../erased.ts"
import { compose } from "../kernel/compose.ts"
import type { Kernel, KernelHost, ProgramStep, StepKind } from "../kernel/program.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import { Rejections } from "../runtime/rejections.ts"
import type { Run } from "../runtime/run.ts"
import type { StageStats } from "../runtime/stageStats.ts"
import type { Wait } from "../runtime/wait.ts"
import { alwaysThen, andThen, inOrder } from "../runtime/wait.ts"
import { BatchCursor } from "./batchCursor.ts"

/** Largest number of records one record may become: an endless iterable is an error, not a hang. */
export const expansionMax = 1_000_000

const noPositions: IndexColumn = new Uint16Array(0)

const slowMicros = 250
const quickMicros = 16

const kindOf = (tag: Graph.OperationTag): StepKind =>
  tag === "Filter" ? "filter" : tag === "FlatMap" ? "flatMap" : tag === "Sink" ? "each" : "map"

const countedFallback = (node: Graph.StageNode, stats: StageStats): ProgramStep["fallback"] => {
  const fallback = fallbackOf(node)
  if (node.errorPolicy._tag !== "Fallback" || fallback === undefined) return undefined
  return (payload, cause) => {
    stats.errors++
    return fallback(payload, cause)
  }
}

const programOf = (run: Run, nodes: ReadonlyArray<Graph.StageNode>): ReadonlyArray<ProgramStep> =>
  nodes.map((node) => {
    const f = functionOf(node)
    return {
      stageId: node.id,
      kind: kindOf(node.operation._tag),
      f,
      usesCursor: f.length >= 2,
      fallback: countedFallback(node, run.statsOf(node.id)),
      keepsPayload: node.errorPolicy._tag === "DeadLetter"
    }
  })

/**
 * Kernels live as long as the stages they were made for, so a second run of a pipeline starts with
 * hot code.
 */
const compiled = new WeakMap<
  Graph.StageNode,
  { readonly nodes: ReadonlyArray<Graph.StageNode>; readonly kernel: Kernel }
>()

const generate = (run: Run, steps: ReadonlyArray<ProgramStep>): Kernel =>
  run.kernelCodes.generate(steps) ?? compose(steps)

const compile = (
  run: Run,
  nodes: ReadonlyArray<Graph.StageNode>,
  steps: ReadonlyArray<ProgramStep>
): Kernel => {
  if (run.options.kernels === "closures") return compose(steps)
  // A fallback counts into one run's statistics, so such a kernel belongs to that run.
  if (steps.some((step) => step.fallback !== undefined)) return generate(run, steps)
  const first = nodes[0] as Graph.StageNode
  const known = compiled.get(first)
  if (known?.nodes.length === nodes.length && known.nodes.every((node, i) => node === nodes[i]))
    return known.kernel
  const kernel = generate(run, steps)
  compiled.set(first, { nodes, kernel })
  return kernel
}

/** Appends what an iterable yields; on a failure nothing of it stays. */
export const expandIterable = (stageId: string, result: unknown, out: Array<unknown>): number => {
  if (typeof result !== "object" || result === null || !(Symbol.iterator in result)) {
    throw new TypeError(
      `flatMap "${stageId}" must return an array or an iterable, got ${typeof result}`
    )
  }
  const before = out.length
  try {
    for (const item of result as Iterable<unknown>) {
      if (out.length - before >= expansionMax) {
        throw new RangeError(
          `flatMap "${stageId}" made more than ${expansionMax} records of one; ` +
            "cut the iterable or use process"
        )
      }
      out.push(item)
    }
  } catch (cause) {
    out.length = before
    throw cause
  }
  return out.length - before
}

/** A fused run of synchronous stages. */
export class KernelOperator implements Operator {
  private readonly run: Run
  private readonly next: Operator | undefined
  private readonly kernel: Kernel
  private readonly steps: ReadonlyArray<ProgramStep>
  /** Ids of the fused stages, joined by `+`. */
  private readonly stageId: string
  private readonly stats: ReadonlyArray<StageStats>
  private readonly rejections: ReadonlyArray<Rejections>
  private readonly counts: Float64Array
  private readonly lost: Float64Array
  /** 1 where a step cannot change the count but by failing. */
  private readonly maps: Uint8Array
  private readonly cursor = new BatchCursor()
  private readonly host: KernelHost
  private readonly expands: boolean
  private positions: IndexColumn = noPositions
  /** Positions that were asked for. */
  private rented = 0
  private timeEvery = 1
  private anyLost = false
  private untilTimed = 0
  readonly close = Effect.sync(() => this.returnPositions())

  constructor(run: Run, nodes: ReadonlyArray<Graph.StageNode>, next: Operator | undefined) {
    this.run = run
    this.next = next
    this.steps = programOf(run, nodes)
    this.stageId = nodes.map((node) => node.id).join("+")
    this.kernel = compile(run, nodes, this.steps)
    this.stats = nodes.map((node) => run.statsOf(node.id))
    this.rejections = nodes.map((node) => new Rejections(run, node))
    this.counts = new Float64Array(nodes.length)
    this.lost = new Float64Array(nodes.length)
    this.maps = Uint8Array.from(this.steps, (step) => (step.kind === "map" ? 1 : 0))
    this.expands = this.steps.some((step) => step.kind === "flatMap")
    this.host = {
      cursor: this.cursor,
      failed: (step, position, payload, cause) => this.failed(step, position, payload, cause),
      expand: (step, result, out) => expandIterable(this.steps[step]?.stageId ?? "", result, out)
    }
  }

  private failed(step: number, position: number, payload: unknown, cause: unknown): boolean {
    this.lost[step] = (this.lost[step] as number) + 1
    this.anyLost = true
    const { batch } = this.cursor
    const known = payload === this.host ? this.recompute(step, batch.items[position]) : payload
    const lineage = this.run.redaction && this.lineage(step, batch.items[position])
    const rejection = { batch, position, payload: known, cause, lineage }
    return (this.rejections[step] as Rejections).reject(rejection)
  }

  /**
   * What the record was between the steps before the failing one, once more: a secret may have been
   * a field of it there only.
   */
  private lineage(step: number, item: unknown): ReadonlyArray<unknown> {
    const before: Array<unknown> = []
    let payload = item
    try {
      for (const { kind, f } of this.steps.slice(0, step)) {
        if (kind === "flatMap") break
        if (kind !== "map") continue
        payload = f(payload, this.cursor)
        before.push(payload)
      }
    } catch {
      // A function that is not pure answered otherwise this time.
    }
    return before
  }

  /**
   * What entered the failing step, for the message: the maps before it once more, else the record
   * as it came in.
   */
  private recompute(step: number, item: unknown): unknown {
    try {
      const maps = this.steps.slice(0, step).filter((before) => before.kind === "map")
      return maps.reduce((payload, before) => before.f(payload, this.cursor), item)
    } catch {
      return item
    }
  }

  /**
   * A flatMap or a mapBatch before it may have made a batch of more records than 16 bits can
   * number.
   */
  private scratch(size: number): IndexColumn {
    if (this.positions.length < size) {
      this.returnPositions()
      this.rented = Math.max(size, 256)
      this.positions = this.run.columns.rent(this.stageId, this.rented)
    }
    return this.positions
  }

  private returnPositions(): void {
    if (this.positions !== noPositions) this.run.columns.give(this.positions, this.rented)
    this.positions = noPositions
  }

  private account(consumed: number, batch: Batch.Batch<unknown>): void {
    const { counts, lost, maps, stats } = this
    let count = consumed
    // Behind a record that ends the run nothing is called; the rest of its batch came in.
    ;(stats[0] as StageStats).recordsIn += batch.items.length - consumed
    for (let k = 0; k < stats.length; k++) {
      const figures = stats[k] as StageStats
      figures.recordsIn += count
      const left = count - (lost[k] as number)
      count = maps[k] === 1 ? left : (counts[k] as number)
      figures.made += count - left
      figures.recordsOut += count
      figures.batches++
    }
    if (batch.bytes !== 0) (stats[0] as StageStats).bytes += batch.bytes
  }

  /**
   * Clock reads cost as much as a small batch: quick kernels are timed once in 8 or 64, with that
   * weight.
   */
  private shouldTime(): boolean {
    if (this.untilTimed-- > 0) return false
    this.untilTimed = this.timeEvery - 1
    return true
  }

  private time(startedAt: number): void {
    const micros = this.run.micros() - startedAt
    for (const stats of this.stats) stats.recordLatency(micros, this.timeEvery)
    this.timeEvery = micros > slowMicros ? 1 : micros > quickMicros ? 8 : 64
  }

  push(batch: Batch.Batch<unknown>): Wait {
    const size = batch.items.length
    const timed = this.shouldTime()
    const startedAt = timed ? this.run.micros() : 0
    const out: Array<unknown> = []
    const positions = this.expands ? [] : this.scratch(size)
    this.cursor.batch = batch
    const consumed = this.kernel(this.host, batch.items, out, positions, this.counts)
    this.account(consumed, batch)
    if (timed) this.time(startedAt)
    if (this.run.observed) this.observe(batch, out.length)
    return this.settle(this.forward(batch, out, positions))
  }

  private forward(
    batch: Batch.Batch<unknown>,
    out: Array<unknown>,
    positions: ArrayLike<number>
  ): Wait {
    if (out.length === 0 || this.next === undefined) return undefined
    const unchanged = !this.expands && out.length === batch.items.length
    return this.next.push(
      unchanged ? Batch.withItems(batch, out) : Batch.derive(batch, out, positions)
    )
  }

  /** Delivers what was rejected, after the records that went through. */
  private settle(wait: Wait): Wait {
    if (!this.anyLost) return wait
    this.anyLost = false
    this.lost.fill(0)
    return andThen(wait, () =>
      inOrder(this.rejections.map((rejections) => () => rejections.deliver()))
    )
  }

  private observe(batch: Batch.Batch<unknown>, recordsOut: number): void {
    const { stageId } = this
    const { origin, seqBase } = batch
    const recordsIn = batch.items.length
    this.run.emit({
      _tag: "BatchProcessed",
      atMs: this.run.now(),
      stageId,
      origin,
      seqBase,
      recordsIn,
      recordsOut
    })
  }

  poll(): Wait {
    return this.next?.poll()
  }

  deadline(): number {
    return this.next?.deadline() ?? Number.POSITIVE_INFINITY
  }

  end(mode: EndMode): Wait {
    const end = (): Wait => this.next?.end(mode)
    if (mode === "drain") return end()
    // The stage that failed may have kept dead letters of its neighbours from being handed over.
    return alwaysThen(inOrder(this.rejections.map((rejections) => () => rejections.flush())), end)
  }
}
