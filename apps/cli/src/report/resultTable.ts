// The final table of a run: figures, stages, incomplete keys by name, the first dead letters.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Blame from "@sluice/core/Blame"
import type * as DeadLetter from "@sluice/core/DeadLetter"
import { causeText, payloadText } from "@sluice/core/DeadLetter"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import type * as Stage from "@sluice/core/Stage"
import { bytes, clip, count, duration, oneLine, perSecond } from "../terminal/format.ts"
import type { Output, Paint } from "../terminal/screen.ts"
import { columns, fields } from "../terminal/table.ts"
import type { RunSummary } from "./summary.ts"
import { incompleteOf, keyTotals } from "./summary.ts"

const indent = "  "
const deadLettersShown = 5
const causeWidth = 160
const keyWidth = 60
const missingShown = 8

const statusText = ({ result, durationMs }: RunSummary, paint: Paint): string => {
  const colour =
    result.status === "completed"
      ? paint.green
      : result.status === "failed"
        ? paint.red
        : paint.yellow
  return `${colour(result.status)} in ${duration(durationMs)}`
}

const keyRows = (
  result: PipelineResult.PipelineResult
): ReadonlyArray<readonly [string, string]> => {
  const keys = keyTotals(result)
  if (keys === undefined) return []
  const discarded = keys.discarded === 0 ? "" : `, ${count(keys.discarded)} discarded`
  const open = keys.open === 0 ? "" : `, ${count(keys.open)} open`
  return [
    ["fragments in", count(keys.fragmentsIn)],
    [
      "keys out",
      `${count(keys.complete)} complete, ${count(keys.partial)} partial${discarded}${open}`
    ]
  ]
}

const reportRows = (summary: RunSummary): ReadonlyArray<readonly [string, string]> =>
  (summary.report?.rows ?? []).map(([label, value]) => [
    oneLine(label),
    typeof value === "number" ? count(value) : oneLine(value)
  ])

const figures = (summary: RunSummary): ReadonlyArray<readonly [string, string]> => {
  const { result } = summary
  const rate = perSecond(result.recordsIn, summary.durationMs)
  return [
    ["engine", result.seed === undefined ? result.engine : `${result.engine}, seed ${result.seed}`],
    ["records in", count(result.recordsIn)],
    ...keyRows(result),
    ["records out", count(result.recordsOut)],
    ["dropped", count(result.droppedCount)],
    ["dead letters", count(result.deadLetterCount)],
    ["errors", count(result.errorCount)],
    ["records/s", count(rate)],
    ["peak RSS", bytes(summary.peakRssBytes)],
    ...reportRows(summary)
  ]
}

const nameWidth = 40

const stageRow = (state: Stage.StageRuntimeState): ReadonlyArray<string> => [
  clip(state.stageId, nameWidth),
  state.kind,
  state.kind === "source" ? "" : count(state.recordsIn),
  state.kind === "sink" ? "" : count(state.recordsOut),
  count(state.errors),
  count(state.dropped)
]

const stageLines = (result: PipelineResult.PipelineResult, paint: Paint): ReadonlyArray<string> => {
  const rows = Object.values(result.finalStates).map(stageRow)
  const lines = columns(
    [["stage", "kind", "in", "out", "errors", "dropped"], ...rows],
    ["left", "left", "right", "right", "right", "right"],
    indent
  )
  return lines.map((line, i) => (i === 0 ? paint.dim(line) : line))
}

const more = (shown: number, total: number): ReadonlyArray<string> =>
  total > shown ? [`${indent}${indent}… and ${count(total - shown)} more`] : []

const keyText = (key: unknown): string =>
  clip(oneLine(typeof key === "string" ? key : payloadText(key)), keyWidth)

const missingText = (missing: ReadonlyArray<string>): string => {
  if (missing.length === 0) return "waits for more fragments"
  const names = missing.slice(0, missingShown).map(oneLine)
  const rest = missing.length > missingShown ? `, … (${count(missing.length)} in all)` : ""
  return `waits for ${names.join(", ")}${rest}`
}

const keyRow = (key: Accumulator.OpenKey): ReadonlyArray<string> => [
  keyText(key.key),
  `${Math.floor(key.completeness * 100)} %`,
  count(key.fragments),
  missingText(key.missing)
]

/**
 * The incomplete keys of one accumulating stage, at most `limit` by name; no lines when all keys
 * were completed.
 */
export const incompleteLines = (
  report: PipelineResult.AccumulatorReport,
  limit: number
): ReadonlyArray<string> => {
  const total = incompleteOf(report)
  if (total === 0) return []
  const shown = report.openKeys.slice(0, limit)
  return [
    `${indent}incomplete keys in "${report.stageId}": ${count(total)}`,
    ...columns(shown.map(keyRow), ["left", "right", "right", "left"], indent + indent),
    ...more(shown.length, total)
  ]
}

const openLine = (report: PipelineResult.AccumulatorReport): ReadonlyArray<string> => {
  const total = incompleteOf(report)
  return total === 0 ? [] : [`${indent}keys left open in "${report.stageId}": ${count(total)}`]
}

const letterRow = (letter: DeadLetter.DeadLetter): ReadonlyArray<string> => [
  letter.stageId,
  letter.location ?? `${letter.origin}#${letter.seqId}`,
  clip(oneLine(causeText(letter.cause)), causeWidth)
]

const deadLetterLines = (result: PipelineResult.PipelineResult): ReadonlyArray<string> => {
  const total = result.deadLetterCount
  if (total === 0) return []
  const shown = result.deadLetters.slice(0, deadLettersShown)
  return [
    `${indent}dead letters: ${count(total)}`,
    ...columns(shown.map(letterRow), ["left", "left", "left"], indent + indent),
    ...more(shown.length, total)
  ]
}

/** Circuits that do not let calls through: what came for them failed, or waits. */
const circuitLines = (result: PipelineResult.PipelineResult): ReadonlyArray<string> =>
  Object.values(result.finalStates).flatMap(({ stageId, circuit }) =>
    circuit === undefined || circuit === "closed"
      ? []
      : [`${indent}circuit of "${stageId}": ${circuit}`]
  )

const quarantineLines = (result: PipelineResult.PipelineResult): ReadonlyArray<string> => {
  const rows = result.quarantined.map(({ stageId, location, seqId, reason }) => [
    stageId,
    location ?? `#${seqId}`,
    clip(oneLine(reason), causeWidth)
  ])
  if (rows.length === 0) return []
  return [`${indent}in quarantine:`, ...columns(rows, ["left", "left", "left"], indent + indent)]
}

const blameLines = ({ blame }: RunSummary): ReadonlyArray<string> => {
  if (blame === undefined) return []
  const [first] = blame.causes
  if (first === undefined) return [`${indent}nobody was held back`]
  const tree = Blame.render(blame).split("\n")
  return [
    `${indent}who held whom back; begin with ${first.stageId}:`,
    ...tree.map((line) => `${indent}${indent}${line}`)
  ]
}

/** The table as text; `openKeys` bounds the keys listed by name. */
export const resultTable = (summary: RunSummary, openKeys: number, output: Output): string => {
  const { result } = summary
  const paint = output.paint
  const sections = [
    [`${paint.bold(result.pipelineId)}  ${statusText(summary, paint)}`],
    fields(figures(summary), paint, indent),
    stageLines(result, paint),
    // A run that did not get to the end leaves keys open by the thousand: their names tell nothing.
    ...result.accumulators.map((report) =>
      result.success ? incompleteLines(report, openKeys) : openLine(report)
    ),
    deadLetterLines(result),
    circuitLines(result),
    quarantineLines(result),
    blameLines(summary)
  ]
  const filled = sections.filter((lines) => lines.length > 0)
  return `${filled.map((lines) => lines.join("\n")).join("\n\n")}\n`
}
