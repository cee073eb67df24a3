// The final account of a run, read off its counters.
import type * as Accumulator from "../../Accumulator.ts"
import type * as PipelineResult from "../../PipelineResult.ts"
import type * as Stage from "../../Stage.ts"
import { Accumulate } from "../operators/accumulate.ts"
import type { Operator } from "./operator.ts"
import type { Run } from "./run.ts"

const sum = (
  states: ReadonlyArray<Stage.StageRuntimeState>,
  of: (state: Stage.StageRuntimeState) => number
): number => states.reduce((total, state) => total + of(state), 0)

/** A key as it may be shown: it stands in tables and logs, not in the data. */
const shownKey = (run: Run, open: Accumulator.OpenKey): Accumulator.OpenKey => {
  const { redaction } = run
  if (redaction === undefined) return open
  const missing = redaction.value(open.missing) as ReadonlyArray<string>
  return { ...open, key: redaction.key(open.key), missing }
}

const reportsOf = (
  run: Run,
  operators: ReadonlyArray<Operator>
): ReadonlyArray<PipelineResult.AccumulatorReport> =>
  operators.flatMap((operator) =>
    operator instanceof Accumulate
      ? [
          {
            stageId: operator.stageId,
            totals: operator.instance.totals(),
            openKeys: operator.instance.openKeys(run.openKeysMax).map((open) => shownKey(run, open))
          }
        ]
      : []
  )

/** Snapshots every stage and adds up the run. */
export const resultOf = (
  run: Run,
  status: PipelineResult.PipelineStatus,
  operators: ReadonlyArray<Operator>,
  micros: number
): PipelineResult.PipelineResult => {
  const finalStates: Record<string, Stage.StageRuntimeState> = {}
  for (const [stageId, stats] of run.stats) finalStates[stageId] = stats.snapshot()
  const states = Object.values(finalStates)
  const sources = states.filter((state) => state.kind === "source")
  const sinks = states.filter((state) => state.kind === "sink")
  return {
    pipelineId: run.graph.id,
    engine: run.mode.engine,
    seed: run.options.seed === undefined ? undefined : String(run.options.seed),
    success: status === "completed" || status === "stopped",
    status,
    recordsIn: sum(sources, (state) => state.recordsIn),
    recordsOut: sum(sinks, (state) => state.recordsOut),
    errorCount: sum(states, (state) => state.errors),
    droppedCount: sum(states, (state) => state.dropped),
    bytesIn: sum(sources, (state) => state.bytes),
    durationMs: micros / 1_000,
    deadLetters: run.deadLetters,
    deadLetterCount: run.deadLetterCount,
    accumulators: reportsOf(run, operators),
    quarantined: [...run.quarantined.values()],
    finalStates
  }
}
