// A run as a text table, for golden files and for looking at: what came out, when, and what every
// stage counted. Under the sync engine, so that equal pipelines give equal texts.
import type * as Engine from "@sluice/core/Engine"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Effect from "effect/Effect"
import * as Collect from "./Collect.ts"
import { canonicalText } from "./Digest.ts"

type Cell = string | number

/** Columns padded to their widest cell, numbers to the right. */
const tableText = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<Cell>>) => {
  const all = [head, ...rows.map((row) => row.map(String))]
  const widths = head.map((_, n) => Math.max(...all.map((row) => row[n]?.length ?? 0)))
  const right = head.map((_, n) => rows.length > 0 && rows.every((r) => typeof r[n] === "number"))
  const line = (row: ReadonlyArray<string>): string =>
    row
      .map((cell, n) => (right[n] ? cell.padStart(widths[n] ?? 0) : cell.padEnd(widths[n] ?? 0)))
      .join("  ")
      .trimEnd()
  return all.map(line).join("\n")
}

const headersText = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .sort()
    .map(([name, value]) => `${name}=${value}`)
    .join(" ")

const outputs = (records: ReadonlyArray<Collect.Received<unknown>>): string =>
  tableText(
    ["ms", "seq", "payload", "headers"],
    records.map(({ atMs, seqId, payload, headers }) => [
      atMs,
      seqId,
      canonicalText(payload),
      headersText(headers)
    ])
  )

const counters = ({ finalStates }: PipelineResult.PipelineResult): string =>
  tableText(
    ["stage", "status", "in", "out", "dropped", "dead", "errors"],
    Object.values(finalStates).map((state) => [
      state.stageId,
      state.status,
      state.recordsIn,
      state.recordsOut,
      state.dropped,
      state.deadLetters,
      state.errors
    ])
  )

/** The counters of a result as a table, with its status above. */
export const resultTable = (result: PipelineResult.PipelineResult): string =>
  `${result.status} after ${result.durationMs} ms\n\n${counters(result)}\n`

/**
 * Runs a pipeline under the sync engine and prints it: the outputs of an open one, and what every
 * stage counted. A failed run is printed too, with its failure.
 */
export const runToTable = async <Out>(
  pipeline: Pipeline.Pipeline<Out, unknown> | Pipeline.Closed<unknown>,
  options: Engine.ExecutionOptions = {}
): Promise<string> => {
  const collected = Collect.sink<Out>()
  const closed = Pipeline.isClosed(pipeline)
    ? pipeline
    : (pipeline as Pipeline.Pipeline<Out, unknown>).pipe(Pipeline.sink("out", collected.sink))
  let failure = ""
  const run = Effect.catchTag(
    Pipeline.run(closed, { ...options, engine: SyncEngine.make() }),
    "PipelineError",
    (error) => {
      failure = `${error.message}\n\n`
      return Effect.succeed(error.result)
    }
  )
  const result = await Effect.runPromise(run as Effect.Effect<PipelineResult.PipelineResult>)
  const received = Pipeline.isClosed(pipeline) ? "" : `${outputs(collected.records)}\n\n`
  return `${received}${failure}${resultTable(result)}`
}
