// Stage functions for newline-delimited JSON: one line in, one value out. They throw, so that the
// error policy of the stage they run in decides what becomes of a bad line; they neither read files
// nor skip anything.
import * as Data from "effect/Data"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { firstBad } from "./internal/jsonPosition.ts"

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

/**
 * A function from a line to a value the schema vouches for; build it once, outside the stage
 * function.
 *
 * Errors: throws `NdjsonError`: not JSON (with its column), or not of the schema (naming the
 * field).
 *
 * @example
 * ```ts
 * import * as Ndjson from "@sluice/core/Ndjson"
 * import * as Schema from "effect/Schema"
 *
 * const decode = Ndjson.decoder(Schema.Struct({ subject: Schema.Number }))
 * const subject: number = decode('{"subject":7}').subject
 * ```
 */
export const decoder = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S
): ((line: string) => S["Type"]) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (line) => {
    const decoded = decode(parse(line))
    if (Result.isSuccess(decoded)) return decoded.success
    throw new NdjsonError({
      position: -1,
      reason: `the value does not fit the schema: ${decoded.failure.message.replaceAll("\n", " ")}`,
      cure: "mend the record or the schema, or give the stage an error policy"
    })
  }
}
