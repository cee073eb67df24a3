// The series of all stages that one telemetry layer knows, over all runs. Bounded by the number of
// different stages, not of runs.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type { Run } from "../runtime/run.ts"
import type { StageStats } from "../runtime/stageStats.ts"
import { registerCircuit, registerFlow, registerStage } from "./stageMetrics.ts"
import { StageSeries } from "./stageSeries.ts"

const stagesMax = 10_000

/** Series by pipeline, stage and engine. */
export class SeriesTable {
  private readonly entries = new Map<string, StageSeries>()
  private readonly now: () => number
  private readonly labels: Readonly<Record<string, string>>
  private readonly context: Context.Context<never>

  /** Series are registered where `context` says, whatever the context of a run. */
  constructor(context: Context.Context<never>, labels: Readonly<Record<string, string>>) {
    const clock = Context.get(context, Clock.Clock)
    this.now = () => clock.currentTimeMillisUnsafe()
    this.labels = labels
    this.context = context
  }

  private entryOf(run: Run, stats: StageStats): StageSeries | undefined {
    const own = {
      pipelineId: run.graph.id,
      stageId: stats.stageId,
      stageKind: stats.kind,
      engineType: run.mode.engine
    }
    const id = JSON.stringify(own)
    const known = this.entries.get(id)
    if (known !== undefined || this.entries.size >= stagesMax) return known
    const all = { ...this.labels, ...own }
    const labels = (run.redaction?.value(all) ?? all) as Readonly<Record<string, string>>
    const series = new StageSeries(stats.kind, this.now)
    this.entries.set(id, series)
    registerStage(this.context, labels, series)
    const node = run.graph.nodes.find(({ id: stageId }) => stageId === stats.stageId)
    // A breaker may come from a named policy, so whatever is controlled may have one.
    if (node?.controls !== undefined) registerCircuit(this.context, labels, series)
    if (run.gates.has(stats.stageId)) registerFlow(this.context, labels, series)
    return series
  }

  /** A run begins; the answer is to be called when it is over. */
  join(run: Run): () => void {
    const joined: Array<() => void> = []
    for (const stats of run.stats.values()) {
      const series = this.entryOf(run, stats)
      if (series === undefined) continue
      series.join(stats)
      joined.push(() => series.leave(stats))
    }
    return () => {
      for (const leave of joined) leave()
    }
  }
}
