// The result of a run as one line of JSON, for programs. Fields are only ever added.

import type * as DeadLetter from "@sluice/core/DeadLetter"
import { causeText } from "@sluice/core/DeadLetter"
import type { ExitCode } from "../exitCode.ts"
import { perSecond } from "../terminal/format.ts"
import { jsonLine } from "./json.ts"
import type { RunSummary } from "./summary.ts"
import { incompleteKeys, keyTotals } from "./summary.ts"

const deadLettersShown = 100

/**
 * A dead letter as it stands in the --dead-letters file: everything needed to understand and replay
 * it.
 */
export const deadLetterJson = (letter: DeadLetter.DeadLetter): string => {
  const { _tag, cause, ...fields } = letter
  return jsonLine({ ...fields, message: causeText(cause), cause })
}

/** The summary as one line, with the line end. */
export const resultJson = (summary: RunSummary, openKeys: number, exitCode: ExitCode): string => {
  const { result, report, failure, durationMs, peakRssBytes } = summary
  const { deadLetters, accumulators, finalStates, ...figures } = result
  const line = jsonLine({
    ...figures,
    durationMs,
    exitCode,
    recordsPerSecond: Math.round(perSecond(result.recordsIn, durationMs)),
    peakRssBytes,
    keys: keyTotals(result) ?? null,
    incompleteKeys: incompleteKeys(result),
    accumulators: accumulators.map((entry) => ({
      ...entry,
      openKeys: entry.openKeys.slice(0, openKeys)
    })),
    deadLetters: deadLetters.slice(0, deadLettersShown).map(({ cause, ...letter }) => ({
      ...letter,
      message: causeText(cause)
    })),
    stages: Object.values(finalStates),
    report: report ?? null,
    blame: summary.blame ?? null,
    failure: failure ?? null
  })
  return `${line}\n`
}
