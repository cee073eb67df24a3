// The parsers made so far: one for each format and choice of fields, so that it is compiled, and
// warm, once. They go with their format.
import type { Format } from "../../Format.ts"
import type { Needs } from "../../Views.ts"
import type { Parser } from "./generate.ts"
import { generate } from "./generate.ts"
import { wasmParser } from "./wasmParser.ts"

const parsers = new WeakMap<Format<unknown>, Map<string, Parser>>()

const textOf = ({ columns, hashes, key, where }: Needs): string =>
  JSON.stringify([[...columns].sort(), [...hashes].sort(), key, where], (_, value: unknown) =>
    // JSON has no form of these, and they must differ from null.
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value
  )

const inJavaScript = (
  format: Format<unknown>,
  needs: Needs,
  prepare?: (parser: Parser) => void
): Parser => {
  const parser = generate(format, needs)
  prepare?.(parser)
  return parser
}

/** The parser; `prepare` is called for one in JavaScript that was made just now. */
export const parserFor = (
  format: Format<unknown>,
  needs: Needs,
  prepare?: (parser: Parser) => void
): Parser => {
  const known = parsers.get(format) ?? new Map<string, Parser>()
  parsers.set(format, known)
  const text = textOf(needs)
  const before = known.get(text)
  if (before !== undefined) return before
  const parser = wasmParser(format, needs) ?? inJavaScript(format, needs, prepare)
  known.set(text, parser)
  return parser
}
