// Parsing of one JSON line, apart from Ndjson.ts: readers without a schema need not load Schema,
// which takes as long as everything else together.
import * as Data from "effect/Data"
import { firstBad } from "./jsonPosition.ts"

/**
 * A line that is not the value it should be; `position` is the 0-based offset in the line, -1 where
 * it has no place.
 */
export class NdjsonError extends Data.TaggedError("NdjsonError")<{
  readonly position: number
  readonly reason: string
  readonly cure: string
}> {
  override get message(): string {
    return `${this.reason}. Cure: ${this.cure}.`
  }
}

const excerpt = (line: string, position: number): string => {
  const from = Math.max(0, position - 20)
  const to = Math.min(line.length, position + 20)
  return `${from > 0 ? "…" : ""}${line.slice(from, to)}${to < line.length ? "…" : ""}`
}

const malformed = (line: string, cause: unknown): NdjsonError => {
  const text = cause instanceof Error ? cause.message : String(cause)
  const told = /at position (\d+)/.exec(text)
  const position = told === null ? firstBad(line) : Number(told[1])
  const what = text.replace(/ in JSON at position .*$|, \.\.\.".*$|, ".*$/s, "")
  const where =
    position >= line.length
      ? `not JSON: the line ends too early, at column ${position + 1}, after`
      : `not JSON at column ${position + 1}: ${what}, near`
  return new NdjsonError({
    position,
    reason: `${where} "${excerpt(line, position)}"`,
    cure: "mend the line, or give the stage an error policy that dead-letters or ignores such lines"
  })
}

/**
 * The JSON value of a line, of a type nobody checked.
 *
 * Errors: throws `NdjsonError` naming the column; a stage applies its error policy to that record.
 *
 * @example
 * ```ts
 * import * as Ndjson from "@sluice/core/Ndjson"
 *
 * const value: unknown = Ndjson.parse('{"subject":7}')
 * ```
 */
export const parse = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw malformed(line, cause)
  }
}
