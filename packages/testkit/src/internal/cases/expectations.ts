// Holds what a case says of the run itself against its result: status, counters, drops.

import { causeText, describe } from "@sluice/core/DeadLetter"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import type { TestCase } from "../../TestCase.ts"

type Expected = TestCase["expect"]
type Counters = Readonly<Record<string, number>>

const firstError = ({ finalStates, deadLetters }: PipelineResult.PipelineResult): string => {
  const [letter] = deadLetters
  if (letter !== undefined) return describe(letter)
  const failed = Object.values(finalStates).find(({ lastError }) => lastError !== undefined)
  return failed === undefined ? "" : `stage "${failed.stageId}": ${causeText(failed.lastError)}`
}

const statusDifference = (
  wanted: Expected,
  result: PipelineResult.PipelineResult
): ReadonlyArray<string> => {
  const status = wanted.status ?? (result.status === "failed" ? "completed" : result.status)
  if (status === result.status) return []
  const why = firstError(result)
  return ["status:", `- ${status}`, `+ ${result.status}${why === "" ? "" : ` (${why})`}`]
}

const counterDifference = (what: string, expected: Counters, found: Counters) =>
  Object.entries(expected).flatMap(([name, count]): ReadonlyArray<string> => {
    const actual = found[name]
    if (actual === count) return []
    return [`${what} ${name}:`, `- ${count}`, `+ ${actual ?? "no such counter"}`]
  })

const stageDifference = (wanted: Expected, result: PipelineResult.PipelineResult) =>
  Object.entries(wanted.stages ?? {}).flatMap(([stageId, expected]) => {
    const state = result.finalStates[stageId]
    if (state === undefined) return [`the pipeline has no stage "${stageId}"`]
    const numbers = Object.entries(state).filter(([, value]) => typeof value === "number")
    return counterDifference(`stage "${stageId}"`, expected, Object.fromEntries(numbers))
  })

const dropDifference = (wanted: Expected, result: PipelineResult.PipelineResult) =>
  Object.entries(wanted.drops ?? {}).flatMap(([stageId, expected]) => {
    const report = result.accumulators.find((one) => one.stageId === stageId)
    if (report === undefined) return [`stage "${stageId}" accumulates nothing`]
    const found = report.totals.dropsByReason
    // A reason the case does not name is one it does not expect.
    const unnamed = Object.keys(found).map((reason) => [reason, expected[reason] ?? 0])
    const all = { ...Object.fromEntries(unnamed), ...expected }
    const zeros = Object.fromEntries(Object.keys(all).map((reason) => [reason, 0]))
    return counterDifference(`drops of "${stageId}",`, all, { ...zeros, ...found })
  })

/** What differs, as lines; a failed run differs unless the case expects it. */
export const resultDifference = (
  wanted: Expected,
  result: PipelineResult.PipelineResult
): ReadonlyArray<string> => [
  ...statusDifference(wanted, result),
  ...stageDifference(wanted, result),
  ...dropDifference(wanted, result)
]
