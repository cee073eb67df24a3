// Text out of any source of bytes: an HTTP body, a socket, a Node or Web stream. Lines, NDJSON and
// CSV as `Files` and `CsvFiles` read them, with the same bounds and the same errors, in which the
// label of the source stands for the file's path. It opens nothing itself.
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Csv from "../Csv.ts"
import { parse } from "../internal/ndjsonParse.ts"
import * as Ndjson from "../Ndjson.ts"
import type * as Source from "../Source.ts"
import type * as CsvFiles from "./CsvFiles.ts"
import type { FileError } from "./FileError.ts"
import type * as Files from "./Files.ts"
import * as csvOptions from "./internal/csvOptions.ts"
import { CsvReader } from "./internal/csvReader.ts"
import * as fileOptions from "./internal/fileOptions.ts"
import { lineReader } from "./internal/lineReader.ts"
import { NdjsonReader } from "./internal/ndjsonReader.ts"
import { StreamText } from "./internal/streamText.ts"

/** How bytes become lines; `chunkBytes` is what is copied into the line buffer at once. */
export type LinesOptions = Omit<Files.LinesOptions, "parallelism" | "compression">

/** How bytes become rows. */
export type RowsOptions = Omit<CsvFiles.RowsOptions, "compression">

/** How bytes become records under a header. */
export type RecordsOptions = Omit<CsvFiles.RecordsOptions, "compression">

type Bytes<E, R> = Source.Source<Uint8Array, E, R>

const over = <A, E, R>(
  from: Bytes<E, R>,
  options: Files.LinesOptions,
  split: boolean,
  readerOf: (text: StreamText<E, R>) => Source.SourceReader<A, E | FileError, R>
): Source.Source<A, E | FileError, R> => {
  const format = fileOptions.lineFormat(options, split)
  const open: Effect.Effect<
    Source.SourceReader<A, E | FileError, R>,
    E,
    R | Scope.Scope
  > = Effect.map(from.open, (reader) => readerOf(new StreamText(from.label, reader, format)))
  return { _tag: "Source", label: from.label, open }
}

/**
 * The lines of a source of bytes, without their line breaks. A record carries `label:line`.
 *
 * Flow: one chunk of the source at a time, and none before its lines were taken.
 * Limits: two chunks of memory (`chunkBytes`), or as much as the longest line needs, and the
 * source's own chunk.
 * Errors: those of the source, and `FileError` for text that is broken or too long, after the lines
 * before it.
 *
 * @example
 * ```ts
 * import * as Http from "@sluice/core/Http"
 * import * as Text from "@sluice/core/node/Text"
 *
 * const lines = Text.lines(Http.response("https://example.com/access.log"))
 * ```
 */
export const lines = <E, R>(
  from: Bytes<E, R>,
  options: LinesOptions = {}
): Source.Source<string, E | FileError, R> => over(from, options, true, (text) => lineReader(text))

/**
 * The records of newline-delimited JSON in a source of bytes, decoded by a schema where one is
 * given. Shape and errors as `Files.ndjson`, flow and limits as `lines`.
 */
export const ndjson: {
  <E, R, S extends Schema.ConstraintDecoder<unknown>>(
    from: Bytes<E, R>,
    schema: S,
    options?: LinesOptions
  ): Source.Source<S["Type"], E | FileError, R>
  <E, R>(
    from: Bytes<E, R>,
    schema?: undefined,
    options?: LinesOptions
  ): Source.Source<unknown, E | FileError, R>
} = <E, R>(
  from: Bytes<E, R>,
  schema?: Schema.ConstraintDecoder<unknown>,
  options: LinesOptions = {}
): Source.Source<unknown, E | FileError, R> => {
  const decode = schema === undefined ? parse : Ndjson.decoder(schema)
  return over(from, options, true, (text) => new NdjsonReader<unknown, E, R>(text, decode))
}

/** The rows of CSV in a source of bytes. Shape and errors as `CsvFiles.rows`, flow as `lines`. */
export const csvRows = <E, R>(
  from: Bytes<E, R>,
  options: RowsOptions = {}
): Source.Source<Csv.Row, E | FileError, R> => {
  const { grammar, text: format } = csvOptions.resolve(options)
  const decode = { _tag: "Rows", decode: (row: Csv.Row) => row } as const
  return over(from, format, false, (text) => new CsvReader(text, { ...grammar, decode }))
}

/**
 * The records of CSV in a source of bytes, under its header. Shape and errors as
 * `CsvFiles.records`, flow as `lines`.
 */
export const csvRecords: {
  <E, R, S extends Schema.ConstraintDecoder<unknown>>(
    from: Bytes<E, R>,
    schema: S,
    options?: RecordsOptions
  ): Source.Source<S["Type"], E | FileError, R>
  <E, R>(
    from: Bytes<E, R>,
    schema?: undefined,
    options?: RecordsOptions
  ): Source.Source<Readonly<Record<string, string>>, E | FileError, R>
} = <E, R>(
  from: Bytes<E, R>,
  schema?: Schema.ConstraintDecoder<unknown>,
  options: RecordsOptions = {}
): Source.Source<never, E | FileError, R> => {
  const { grammar, text: format } = csvOptions.resolve(options)
  const decode = csvOptions.decodingOf(schema, options)
  const source = over(
    from,
    format,
    false,
    (text) => new CsvReader<unknown, E, R>(text, { ...grammar, decode })
  )
  // Which of the two the records are, the overloads say.
  return source as Source.Source<never, E | FileError, R>
}
