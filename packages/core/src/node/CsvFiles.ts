// CSV files in and out on Node: rows of cells, or records under a header, typed by a schema. The
// grammar is RFC 4180, as `effect/encoding` reads it: quoted cells may hold delimiters and line
// breaks, and a quote twice. Files are read as text, with the bounds of `Files.lines`. It guesses
// neither delimiter nor encoding.
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import * as Csv from "../Csv.ts"
import type { Row } from "../internal/csvText.ts"
import type * as Sink from "../Sink.ts"
import * as Source from "../Source.ts"
import type { FileError } from "./FileError.ts"
import type * as Files from "./Files.ts"
import * as csvOptions from "./internal/csvOptions.ts"
import { CsvReader } from "./internal/csvReader.ts"
import { openLines } from "./internal/fileLines.ts"
import * as fileOptions from "./internal/fileOptions.ts"
import * as recordSink from "./internal/recordSink.ts"

/** How files of rows are read. */
export interface RowsOptions extends Omit<Files.LinesOptions, "parallelism" | "lineBytesMax"> {
  /** One character; default ",". */
  readonly delimiter?: string
  /** Longest record, in UTF-16 code units. Default 1 Mi. */
  readonly recordCharsMax?: number
}

/** How files of records are read. */
export interface RecordsOptions extends RowsOptions, Csv.DecoderOptions {
  /** Names of the columns; default: the first row of each file is its header. */
  readonly columns?: ReadonlyArray<string>
}

/** How files of records are written. */
export interface SinkOptions<A> extends Files.FileSinkOptions {
  /** The properties to write, in this order. */
  readonly columns: ReadonlyArray<Extract<keyof A, string>>
  /** Default true: the first row holds the names of the columns. */
  readonly header?: boolean
  /** One character; default ",". */
  readonly delimiter?: string
  /** Default "\n"; RFC 4180 asks for "\r\n", and every reader takes both. */
  readonly newline?: "\n" | "\r\n"
}

type Patterns = string | ReadonlyArray<string>

const read = <A>(
  patterns: Patterns,
  options: RowsOptions,
  decode: CsvReader<A>["options"]["decode"]
): Source.Source<A, FileError> => {
  const list = fileOptions.listOf(patterns)
  const { grammar, text } = csvOptions.resolve(options)
  const format = fileOptions.textFormat(text, false)
  return Source.make(
    fileOptions.labelOf("csv", list),
    Effect.map(
      openLines(list, format, 1),
      (texts) => new CsvReader<A>(texts, { ...grammar, decode })
    )
  )
}

/**
 * The rows of CSV files, each an array of its cells.
 *
 * Shape: one record per row that is not blank, of as many cells as it has; a header is a row like
 * any other. A byte order mark is dropped; line breaks are LF or CRLF. Files as in `Files.lines`,
 * one after the other. A record carries `path:line` of its first line.
 * Flow: one read ahead of the consumer and no more.
 * Limits: two chunks of memory, and the longest record (`recordCharsMax`).
 * Errors: `FileError`: those of `Files.lines`; `InvalidRecord` for broken quotes, with line and
 * byte where the record begins, after the rows before it. They follow `onError` of the source:
 * reading goes on with the line after the one on which the broken record begins, since nobody can
 * tell where it should have ended. A header that cannot be read always ends the run.
 *
 * @example
 * ```ts
 * import * as Csv from "@sluice/core/Csv"
 * import * as CsvFiles from "@sluice/core/node/CsvFiles"
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Policy from "@sluice/core/Policy"
 *
 * const cities = Pipeline.source("rows", CsvFiles.rows("cities/*.csv")).pipe(
 *   Pipeline.map("city", Csv.records(["id", "name"]), { onError: Policy.deadLetter })
 * )
 * ```
 */
export const rows = (
  patterns: Patterns,
  options: RowsOptions = {}
): Source.Source<Row, FileError> =>
  read<Row>(patterns, options, { _tag: "Rows", decode: (row) => row })

/**
 * The records of CSV files: objects with a text for each column, or what a schema makes of them.
 *
 * Shape: one record per row behind the header of its file, or per row with `columns`. Cells are
 * text; the schema says what is a number or a date. An empty cell of an optional property is a
 * property that is not there.
 * Errors: as `rows`; `InvalidRecord` too for a row that has not as many cells as there are columns
 * (see `ragged`), or is not of the schema, naming the field, after the records before it. With
 * `onError` on the source, the payload of such a dead letter is the row with its cells.
 *
 * @example
 * ```ts
 * import * as CsvFiles from "@sluice/core/node/CsvFiles"
 * import * as Schema from "effect/Schema"
 *
 * const City = Schema.Struct({ name: Schema.String, people: Schema.Number })
 * const cities = CsvFiles.records("cities.csv.gz", City, { delimiter: ";" })
 * ```
 */
export const records: {
  <S extends Schema.ConstraintDecoder<unknown>>(
    patterns: Patterns,
    schema: S,
    options?: RecordsOptions
  ): Source.Source<S["Type"], FileError>
  (
    patterns: Patterns,
    schema?: undefined,
    options?: RecordsOptions
  ): Source.Source<Readonly<Record<string, string>>, FileError>
} = (
  patterns: Patterns,
  schema?: Schema.ConstraintDecoder<unknown>,
  options: RecordsOptions = {}
): Source.Source<never, FileError> => {
  const source = read<unknown>(patterns, options, csvOptions.decodingOf(schema, options))
  // Which of the two the records are, the overloads say.
  return source as Source.Source<never, FileError>
}

/**
 * Writes each record as one row; `-` is standard output.
 *
 * Shape: the properties named by `columns`; undefined and null are empty cells, a date is in ISO
 * form. The file of no record holds the header.
 * Flow, limits and errors as `Files.ndjsonSink`; a record with a value that no cell can hold is
 * named by `RecordsRejected`.
 *
 * @example
 * ```ts
 * import * as CsvFiles from "@sluice/core/node/CsvFiles"
 *
 * const out = CsvFiles.sink<{ readonly id: number; readonly name: string }>("out.csv.gz", {
 *   columns: ["id", "name"]
 * })
 * ```
 */
export const sink = <A extends object>(
  path: string,
  options: SinkOptions<A>
): Sink.Sink<A, FileError> => {
  const { columns, delimiter = ",", header = true, newline = "\n" } = options
  Csv.checkHeader(columns)
  const row = Csv.encoder<A>(columns, { delimiter })
  const head = Csv.encodeRow(columns, { delimiter })
  return recordSink.make<A>(path, {
    ...fileOptions.sinkSettings(options),
    label: "csv",
    // The sink adds the line feed.
    encode: newline === "\n" ? row : (record) => `${row(record)}\r`,
    ...(header ? { head: newline === "\n" ? head : `${head}\r` } : {})
  })
}
