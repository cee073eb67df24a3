// The options of CSV readers with their defaults, checked when the source is described.
import type * as Schema from "effect/Schema"
import * as Csv from "../../Csv.ts"
import type { CsvGrammar, Row } from "../../internal/csvText.ts"
import type { RecordsOptions, RowsOptions } from "../CsvFiles.ts"
import type { LinesOptions } from "../Files.ts"
import type { CsvReaderOptions, Decode } from "./csvReader.ts"

const recordCharsDefault = 1_048_576

/** Bytes that a UTF-16 code unit takes at most: bounds a record without a line break. */
const bytesPerChar = 4

/** The grammar, and how the text is read. */
export const resolve = (
  options: RowsOptions
): { readonly grammar: CsvGrammar; readonly text: LinesOptions } => {
  const delimiter = Csv.checkDelimiter(options.delimiter ?? ",")
  const recordCharsMax = options.recordCharsMax ?? recordCharsDefault
  if (!(Number.isSafeInteger(recordCharsMax) && recordCharsMax > 0)) {
    const cure = "give a whole number from 1"
    throw new RangeError(`Csv: recordCharsMax is ${recordCharsMax}. Cure: ${cure}.`)
  }
  return {
    grammar: { delimiter, recordCharsMax },
    text: { ...options, lineBytesMax: recordCharsMax * bytesPerChar }
  }
}

/** How rows become records: under the header of each file, or under given columns. */
export const decodingOf = (
  schema: Schema.ConstraintDecoder<unknown> | undefined,
  options: RecordsOptions
): CsvReaderOptions<unknown>["decode"] => {
  const decoderOf = (columns: Row): Decode<unknown> =>
    schema === undefined ? Csv.records(columns, options) : Csv.decoder(columns, schema, options)
  return options.columns === undefined
    ? { _tag: "Header", decoderOf }
    : { _tag: "Rows", decode: decoderOf(options.columns) }
}
