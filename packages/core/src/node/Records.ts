// Records of a declared format in files, read as bytes: views where every stage behind reads views,
// objects elsewhere, the same records and the same faults. And sinks that write views as bytes.
// Lines without a format are in Files.
import * as Effect from "effect/Effect"
import * as Format from "../Format.ts"
import { framed, framesMax } from "../internal/format/frames.ts"
import type { Parser } from "../internal/format/generate.ts"
import { canGenerate } from "../internal/format/generate.ts"
import { parserFor } from "../internal/format/parserFor.ts"
import { rehearse } from "../internal/format/rehearse.ts"
import { csvHeader, csvRow, csvWriter, namesOf, sameNames } from "../internal/views/csvWriter.ts"
import type { WriteLines } from "../internal/views/delimitedWriter.ts"
import {
  checkSeparator,
  delimitedRow,
  delimitedWriter,
  refusal
} from "../internal/views/delimitedWriter.ts"
import { framedWriter, tooLong } from "../internal/views/framedWriter.ts"
import type { WriteRows } from "../internal/views/jsonWriter.ts"
import { jsonWriter } from "../internal/views/jsonWriter.ts"
import type * as Sink from "../Sink.ts"
import * as Source from "../Source.ts"
import type { Layout, Needs } from "../Views.ts"
import { blockOf, everything } from "../Views.ts"
import type { FileError } from "./FileError.ts"
import type { FileSinkOptions } from "./Files.ts"
import { sinkSettings } from "./internal/fileOptions.ts"
import { framingOf } from "./internal/framing.ts"
import type { ReadOptions } from "./internal/recordReader.ts"
import { openRecords } from "./internal/recordReader.ts"
import * as recordSink from "./internal/recordSink.ts"
import { viewWriter, writeAsObjects } from "./internal/viewWriter.ts"

/** The failure of every source and sink here. */
export { FileError, type FileErrorReason } from "./FileError.ts"

/** How files of records are read. */
export interface RecordsOptions {
  /** Bytes per read; a file holds two. Default 128 KiB: larger ones are not faster. */
  readonly chunkBytes?: number
  /** Longest record. Default 64 MiB. */
  readonly recordBytesMax?: number
  /** Bytes that are not UTF-8: "fail" (default) names the place, "replace" puts U+FFFD there. */
  readonly invalid?: "fail" | "replace"
}

const kibibyte = 1_024

/** Files of one format share a parser, which has read a made-up file before its first. */
const rehearsed = (format: Format.Format<unknown>, needs: Needs): Parser =>
  parserFor(format, needs, (parser) =>
    rehearse(parser, format, needs, (sample) => Buffer.from(sample))
  )

/** The parser of a file by its first line, or what is wrong with that. */
const headerOf =
  (format: Format.Format<unknown>, needs: Needs) =>
  (line: string): Parser | string => {
    const headed = Format.headed(format, line)
    return headed._tag === "Format" ? rehearsed(headed.format, needs) : headed.reason
  }

const optionsOf = (
  options: RecordsOptions,
  format: Format.Format<unknown>,
  needs: Needs
): ReadOptions => ({
  framing: framingOf(format),
  hasMark: format.frames === undefined,
  header: format.header === undefined ? undefined : headerOf(format, needs),
  chunkBytes: options.chunkBytes ?? 128 * kibibyte,
  recordBytesMax: options.recordBytesMax ?? 64 * kibibyte * kibibyte,
  invalid: options.invalid ?? "fail"
})

/** Hands over objects where a reader of views has blocks. */
const withObjects = <A>(
  reader: Source.SourceReader<unknown, FileError>
): Source.SourceReader<A, FileError> => {
  const chunkOf = (chunk: Source.Chunk<unknown> | undefined): Source.Chunk<A> | undefined => {
    if (chunk === undefined) return undefined
    const block = blockOf(chunk.items)
    if (block === undefined) return chunk as Source.Chunk<A>
    const items = block.toObjects() as ReadonlyArray<A>
    block.release()
    return { ...chunk, items }
  }
  return {
    ...(reader.goOn === undefined ? {} : { goOn: reader.goOn }),
    pull: () => {
      const pulled = reader.pull()
      return Effect.isEffect(pulled) ? Effect.map(pulled, chunkOf) : chunkOf(pulled)
    }
  }
}

/**
 * The records of files of a declared format.
 *
 * Shape: one record a line, or as many as the format says; files as in `Files.lines`, one after the
 * other.
 * Flow: one read ahead of the consumer and no more. Files are closed when they end, on failure, and
 * with the scope.
 * Limits: three segments of `chunkBytes` and the columns of the blocks under way; a longer record
 * gets a segment of its size, up to `recordBytesMax`.
 * Errors: `FileError` naming path, line, byte, field and reason of a line that is not of the
 * format, after the records before it. It ends the source, or follows its `onError`: the dead
 * letter holds the line as text, and reading goes on with the next one. A field that no stage reads
 * is passed over and not checked; nor is, where the first stage is a filter of `Fields.where`, what
 * stands in a line behind the fields that reject it. Throws where the platform forbids code
 * generation: `Format.decoder` reads lines there.
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 * import * as Records from "@sluice/core/node/Records"
 *
 * const readings = Format.delimited({ sensor: Format.text(), celsius: Format.decimal() })
 * const source = Records.files("readings.tsv", readings)
 * ```
 */
export const files = <A>(
  patterns: string | ReadonlyArray<string>,
  format: Format.Format<A>,
  options: RecordsOptions = {}
): Source.Source<A, FileError> => {
  if (!canGenerate()) {
    throw new Error(
      "Records.files: this platform forbids code generation, by which formats are read. " +
        "Cure: allow it, or read Files.lines and map them by Format.decoder."
    )
  }
  if (format.frames !== undefined && options.invalid === "replace") {
    throw new TypeError(
      "Records.files: what is put in the place of bytes would change the length of a frame. " +
        'Cure: leave invalid at "fail", and set broken records aside by onError.'
    )
  }
  const list = typeof patterns === "string" ? [patterns] : patterns
  const open = (needs: Needs) =>
    openRecords(list, optionsOf(options, format, needs), rehearsed(format, needs), needs)
  const label = `records(${list.map((path) => path.split("/").at(-1)).join(", ")})`
  const source = Source.make(
    label,
    Effect.map(
      Effect.suspend(() => open(everything(format.layout))),
      (reader) => withObjects<A>(reader)
    )
  )
  return {
    ...source,
    views: { layout: format.layout, open: (needs) => Effect.suspend(() => open(needs)) }
  }
}

/** How files are written. */
export type RecordSinkOptions = FileSinkOptions

/** How files are written of which each record may stand behind its length. */
export interface FramedSinkOptions extends RecordSinkOptions {
  /**
   * Each record stands behind its length in bytes, written so, instead of on a line:
   * `Format.framed` reads them. A record longer than its length can say is refused.
   */
  readonly prefix?: Format.Frames["prefix"]
}

const encoder = new TextEncoder()

/** What a record sink needs to write frames of what it would write as lines. */
const framing = <A>(
  prefix: Format.Frames["prefix"] | undefined,
  encode: (record: A) => string
): { readonly bytesOf?: (record: A) => Uint8Array } => {
  if (prefix === undefined) return {}
  return {
    bytesOf: (record) => {
      const body = encoder.encode(encode(record))
      if (body.length > framesMax(prefix)) throw new TypeError(tooLong(prefix))
      return framed(body, prefix)
    }
  }
}

const jsonOf = (record: unknown): string => {
  const text = JSON.stringify(record)
  if (text !== undefined) return text
  throw new TypeError(
    `a record of type ${typeof record} has no JSON form. Cure: filter it out, or give encode`
  )
}

/**
 * Writes each record as one line of JSON, or behind its length; views as bytes without a string;
 * `-` is standard output. Flow, limits and errors as `Files.ndjsonSink`.
 *
 * @example
 * ```ts
 * import * as Records from "@sluice/core/node/Records"
 *
 * const out = Records.ndjsonSink<{ readonly key: string }>("out.ndjson")
 * ```
 */
export const ndjsonSink = <A>(
  path: string,
  options: FramedSinkOptions = {}
): Sink.Sink<A, FileError> => {
  const { prefix } = options
  return {
    ...recordSink.make<A>(path, {
      label: "ndjson",
      encode: jsonOf,
      ...framing<A>(prefix, jsonOf),
      writeViews:
        prefix === undefined
          ? viewWriter(jsonWriter)
          : viewWriter((layout) => framedWriter(jsonWriter(layout), prefix), tooLong(prefix)),
      ...sinkSettings(options)
    }),
    views: true
  }
}

/** How CSV is written. */
export interface CsvSinkOptions extends RecordSinkOptions {
  /** One ASCII character. Default a comma. */
  readonly separator?: string
  /** A first line with the names of the fields. Default true. */
  readonly header?: boolean
}

/**
 * Writes each record as one row of CSV, views as bytes without a string; `-` is standard output.
 *
 * Shape: the fields of the first record in its order, whose names are the header; null, and a field
 * that a later record lacks, is an empty field. An input without records makes an empty file.
 * Flow and limits as `Files.ndjsonSink`.
 * Errors: as there; a field that is an object or an array has no form in CSV, and one that the
 * first record lacks has no column.
 *
 * @example
 * ```ts
 * import * as Records from "@sluice/core/node/Records"
 *
 * const out = Records.csvSink<{ readonly city: string; readonly total: number }>("totals.csv")
 * ```
 */
export const csvSink = <A extends object>(
  path: string,
  options: CsvSinkOptions = {}
): Sink.Sink<A, FileError> => {
  const separator = options.separator ?? ","
  const make = (): Sink.Sink<A, FileError> => {
    let names: ReadonlyArray<string> | undefined
    /** The header, in front of the first row. */
    const head = (found: ReadonlyArray<string>): string => {
      if (names !== undefined) return ""
      names = found
      return options.header === false ? "" : `${csvHeader(names, separator)}\n`
    }
    const encode = (record: A): string => {
      // Before anything is said of its names the record must have a form.
      const text = csvRow(record, separator, names)
      return head(Object.keys(record)) + text
    }
    const writers = new WeakMap<Layout, WriteRows>()
    const writerOf = (layout: Layout): WriteRows => {
      const known = writers.get(layout) ?? csvWriter(layout, separator)
      writers.set(layout, known)
      return known
    }
    const writeBlock = viewWriter(writerOf)
    return recordSink.make<A>(path, {
      label: "csv",
      encode,
      writeViews: (writer, items) => {
        const layout = blockOf(items)?.sheet.layout
        if (layout === undefined) return false
        const found = namesOf(layout)
        if (names !== undefined && !sameNames(names, found))
          return writeAsObjects(writer, items, encode)
        writerOf(layout)
        const text = head(found)
        if (text !== "") writer.add(text)
        return writeBlock(writer, items)
      },
      ...sinkSettings(options)
    })
  }
  // Each run has a header of its own, so each opening makes a writer of its own.
  return { ...make(), open: Effect.suspend(() => make().open), views: true }
}

/** How lines of fields are written. */
export interface DelimitedSinkOptions extends FramedSinkOptions {
  /** One ASCII character. Default a tab. */
  readonly separator?: string
}

/**
 * Writes each record as a line of its fields with a separator between them, views as bytes without
 * a string; `-` is standard output. `Format.delimited` reads them back.
 *
 * Shape: the values of the fields in their order, null as nothing; no header.
 * Flow and limits as `Files.ndjsonSink`.
 * Errors: as there; a record is refused, and follows `onError`, when a text of it holds the
 * separator or a line break, for nothing is escaped: `csvSink` writes any text.
 *
 * @example
 * ```ts
 * import * as Records from "@sluice/core/node/Records"
 *
 * const out = Records.delimitedSink<{ readonly city: string }>("cities.tsv")
 * ```
 */
export const delimitedSink = <A extends object>(
  path: string,
  options: DelimitedSinkOptions = {}
): Sink.Sink<A, FileError> => {
  const { prefix, separator = "\t" } = options
  checkSeparator(separator)
  const lineOf = (record: A): string => delimitedRow(record, separator)
  const made = (layout: Layout): WriteLines => {
    const lines = delimitedWriter(layout, separator)
    return prefix === undefined ? lines : framedWriter(lines, prefix)
  }
  const writers = new WeakMap<Layout, WriteLines>()
  const writerOf = (layout: Layout): WriteLines => {
    const known = writers.get(layout) ?? made(layout)
    writers.set(layout, known)
    return known
  }
  const why = refusal(separator) + (prefix === undefined ? "" : `; or ${tooLong(prefix)}`)
  return {
    ...recordSink.make<A>(path, {
      label: "delimited",
      encode: lineOf,
      ...framing<A>(prefix, lineOf),
      writeViews: viewWriter(writerOf, why),
      ...sinkSettings(options)
    }),
    views: true
  }
}
