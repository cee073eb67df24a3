// Stage functions for newline-delimited JSON: one line in, one value out. They throw, so that the
// error policy of the stage they run in decides what becomes of a bad line; they neither read files
// nor skip anything.
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { NdjsonError, parse } from "./internal/ndjsonParse.ts"

/** The JSON value of a line, and the error of a line that is none. */
export { NdjsonError, parse } from "./internal/ndjsonParse.ts"

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
