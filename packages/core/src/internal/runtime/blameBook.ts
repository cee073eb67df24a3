// Keeps who waited for whom, per channel between two segments, and makes the tree of it when asked.
// Written when a producer starts and stops to wait for room; a batch that goes through costs
// nothing.
import * as Effect from "effect/Effect"
import type * as Blame from "../../Blame.ts"
import type * as Graph from "../../Graph.ts"
import type * as Plan from "../../Plan.ts"
import { stagesOf } from "../../Plan.ts"
import type { Run } from "./run.ts"
import type { Wait } from "./wait.ts"

interface Held {
  /** Segments that wait and are waited for. */
  readonly from: number
  readonly to: number
  micros: number
  /** Of these, while the segment waited for was held back itself. */
  behindMicros: number
}

/** How long one segment has been held back, the wait that goes on included. */
class SegmentClock {
  private total = 0
  private since: number | undefined = undefined

  at(now: number): number {
    return this.total + (this.since === undefined ? 0 : now - this.since)
  }
  start(now: number): void {
    this.since ??= now
  }
  stop(now: number): void {
    this.total = this.at(now)
    this.since = undefined
  }
}

/** The book of one run. */
export class BlameBook {
  private readonly run: Run
  private readonly plan: Plan.Plan
  private readonly clocks: ReadonlyArray<SegmentClock>
  private readonly held: Array<Held> = []

  constructor(run: Run, plan: Plan.Plan) {
    this.run = run
    this.plan = plan
    this.clocks = plan.segments.map(() => new SegmentClock())
  }

  /** Times what a segment waits for at a channel. */
  watch(from: number, to: number): (wait: NonNullable<Wait>) => NonNullable<Wait> {
    const entry: Held = { from, to, micros: 0, behindMicros: 0 }
    this.held.push(entry)
    const own = this.clocks[from] as SegmentClock
    const other = this.clocks[to] as SegmentClock
    const first = this.plan.segments[to] as Plan.PlannedSegment
    const stats = this.run.statsOf(stagesOf(first)[0]?.id ?? "")
    return (wait) =>
      Effect.suspend(() => {
        const startedAt = this.run.micros()
        const behindBefore = other.at(startedAt)
        own.start(startedAt)
        return Effect.ensuring(
          wait,
          Effect.sync(() => {
            const now = this.run.micros()
            own.stop(now)
            const micros = now - startedAt
            entry.micros += micros
            entry.behindMicros += Math.min(micros, other.at(now) - behindBefore)
            stats.blockedMicros += micros
          })
        )
      })
  }

  private outsOf(segment: number): ReadonlyArray<Held> {
    return this.held.filter(({ from, micros }) => from === segment && micros > 0)
  }

  /** Wall time of each stage's own work: fused stages share theirs, calls at once overlap. */
  private work(segment: number): ReadonlyArray<readonly [Graph.StageNode, number]> {
    const planned = this.plan.segments[segment] as Plan.PlannedSegment
    return planned.steps.flatMap((step) =>
      step.stages.map((node) => {
        const calls = node.parallelism._tag === "Fixed" ? node.parallelism.n : 1
        const parallel = this.run.mode.sequential ? 1 : calls
        return [node, this.run.statsOf(node.id).busyMicros / step.stages.length / parallel] as const
      })
    )
  }

  /** Charges `ownMicros` to a segment's stages by their work, the rest to those behind it. */
  private charge(segment: number, ownMicros: number, behindMicros: number): Array<Blame.Charge> {
    const work = this.work(segment)
    const sum = work.reduce((total, [, micros]) => total + micros, 0)
    const charges = work.map(([node, micros], at): Blame.Charge => {
      const part = sum > 0 ? micros / sum : at === 0 ? 1 : 0
      const last = at === work.length - 1
      const behind = last && behindMicros > 0 ? this.behind(segment, behindMicros) : []
      return { stageId: node.id, ownMicros: ownMicros * part, behind }
    })
    return charges.filter(({ ownMicros: own, behind }) => own > 0 || behind.length > 0)
  }

  /** Splits time among the channels behind a segment, as they held it back. */
  private behind(segment: number, micros: number): Array<Blame.Charge> {
    const outs = this.outsOf(segment)
    const sum = outs.reduce((total, out) => total + out.micros, 0)
    return outs.flatMap((out) => {
      const part = (micros * out.micros) / sum
      const further = (part * out.behindMicros) / out.micros
      return this.charge(out.to, part - further, further)
    })
  }

  private heldBack(segment: Plan.PlannedSegment): ReadonlyArray<Blame.HeldBack> {
    const outs = this.outsOf(segment.id).reduce((sum, { micros }) => sum + micros, 0)
    // A source also waits for the stages in its own segment, which no channel parts from it.
    const work = segment.source === undefined ? [] : this.work(segment.id)
    const inside = work.reduce((sum, [, micros]) => sum + micros, 0)
    const waitedMicros = outs + inside
    const stages = stagesOf(segment)
    const node = segment.source ?? stages.at(-1)
    if (node === undefined || waitedMicros <= 0) return []
    const own = work
      .filter(([, micros]) => micros > 0)
      .map(
        ([{ id: stageId }, micros]): Blame.Charge => ({ stageId, ownMicros: micros, behind: [] })
      )
    const behind = outs > 0 ? this.behind(segment.id, outs) : []
    return [{ stageId: node.id, waitedMicros, by: [...own, ...behind] }]
  }

  /** The tree as it is now. */
  tell(): Blame.Blame {
    const heldBack = this.plan.segments.flatMap((segment) => this.heldBack(segment))
    const sources = new Set(
      this.run.graph.nodes.filter((n) => n.kind === "source").map((n) => n.id)
    )
    const causes = new Map<string, number>()
    const add = (charges: ReadonlyArray<Blame.Charge>): void => {
      for (const { stageId, ownMicros, behind } of charges) {
        causes.set(stageId, (causes.get(stageId) ?? 0) + ownMicros)
        add(behind)
      }
    }
    for (const entry of heldBack) if (sources.has(entry.stageId)) add(entry.by)
    return {
      elapsedMicros: this.run.micros() - this.run.startedMicros,
      heldBack,
      causes: [...causes]
        .map(([stageId, micros]) => ({ stageId, micros }))
        .filter(({ micros }) => micros > 0)
        .toSorted((a, b) => b.micros - a.micros)
    }
  }
}
