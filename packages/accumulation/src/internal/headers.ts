// The headers that an accumulator writes on its outputs, and how missing names stand in one string.
// A comma inside a name is escaped, so the list reads back exactly.
import type * as Envelope from "@sluice/core/Envelope"

/** Names of the headers. */
export const headerNames = {
  completeness: "acc.completeness",
  missing: "acc.missingVars",
  reason: "acc.reason",
  key: "acc.key"
} as const

/** Names listed on one partial; a longer list ends with how many more there are. */
export const missingMax = 100

/** Writes a list of names: `%` and `,` inside a name are percent-encoded. */
export const listText = (names: ReadonlyArray<string>): string =>
  names.map((name) => name.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",")

/** Reads a list written by `listText`. */
export const listOf = (text: string | undefined): ReadonlyArray<string> =>
  text === undefined || text === ""
    ? []
    : text.split(",").map((name) => name.replaceAll("%2C", ",").replaceAll("%25", "%"))

/** A score as text: four digits, and never 1 for what is not complete. */
export const scoreText = (score: number): string => String(Math.floor(score * 10_000) / 10_000)

/** The headers of an output that is not complete. */
export const partialHeaders = (
  key: string | number,
  reason: string,
  completeness: number,
  missing: ReadonlyArray<string>
): Envelope.Headers => ({
  [headerNames.completeness]: scoreText(completeness),
  [headerNames.missing]: listText(missing),
  [headerNames.reason]: reason,
  [headerNames.key]: String(key)
})
