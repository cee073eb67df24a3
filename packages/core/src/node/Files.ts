// Files in and out on Node: lines and NDJSON, read in chunks with one read ahead and written in
// blocks with one write behind, compressed or not. Memory is bounded however slow the other side is.
// It reads no archives and follows no growing file.

import { constants } from "node:buffer"
import { basename } from "node:path"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { parse } from "../internal/ndjsonParse.ts"
import type * as Sink from "../Sink.ts"
import * as Source from "../Source.ts"
import type { FileError } from "./FileError.ts"
import type { CompressionOption } from "./internal/compression.ts"
import type { LaneFormat } from "./internal/fileLane.ts"
import type { FileChunk } from "./internal/fileLines.ts"
import { openLines } from "./internal/fileLines.ts"
import { NdjsonReader } from "./internal/ndjsonReader.ts"
import * as recordSink from "./internal/recordSink.ts"

/** The failure of every source and sink here. */
export { FileError, type FileErrorReason } from "./FileError.ts"

/** How a file is compressed; "auto" goes by the extension of its name. */
export type Compression = CompressionOption

/** How files are read. */
export interface LinesOptions {
  /** Default "utf8"; "latin1" takes every byte as the character of that number. */
  readonly encoding?: "utf8" | "latin1"
  /** Bytes that are not UTF-8: "fail" (default) names the place, "replace" puts U+FFFD there. */
  readonly invalid?: "fail" | "replace"
  /** Longest line, without its line break. Default 64 MiB. */
  readonly lineBytesMax?: number
  /** Bytes per read. Default 256 KiB. */
  readonly chunkBytes?: number
  /**
   * Bytes decoded into one string, from which lines are cut. Default 8 KiB. A piece of a line that
   * a stage keeps holds its whole string: raise this only where most of the text is kept anyway; it
   * then saves the garbage collector work.
   */
  readonly textBytes?: number
  /** Files open at once. Default 1: one after the other. */
  readonly parallelism?: number
  /**
   * Default "auto": by the name, `.gz` for gzip, `.zst` for zstd, `.br` for brotli. Lines and byte
   * offsets are then those of the text, not of the compressed file.
   */
  readonly compression?: Compression
}

/** How files are written. */
export interface FileSinkOptions {
  /**
   * Default true: the file is written as `<path>.partial` and gets its name at the end, so nobody
   * sees half of it. After an abort the partial file stays. Pipes, devices and `-` are always
   * written in place.
   */
  readonly atomic?: boolean
  /** Bytes per write. Default 256 KiB. */
  readonly blockBytes?: number
  /** Default "auto": by the name, as for reading. */
  readonly compression?: Compression
  /** Makes the directory of the file, and those above it, where they are missing. Default false. */
  readonly makeDirectory?: boolean
}

const kibibyte = 1_024
const chunkBytesDefault = 256 * kibibyte
const textBytesDefault = 8 * kibibyte
const lineBytesMaxDefault = 64 * kibibyte * kibibyte

const whole = (name: string, value: number, max: number): number => {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value
  throw new RangeError(`Files: ${name} is ${value}. Cure: give a whole number from 1 to ${max}.`)
}

const formatOf = (options: LinesOptions): LaneFormat => ({
  encoding: options.encoding ?? "utf8",
  invalid: options.invalid ?? "fail",
  compression: options.compression ?? "auto",
  lineBytesMax: whole(
    "lineBytesMax",
    options.lineBytesMax ?? lineBytesMaxDefault,
    constants.MAX_STRING_LENGTH
  ),
  chunkBytes: whole(
    "chunkBytes",
    options.chunkBytes ?? chunkBytesDefault,
    constants.MAX_STRING_LENGTH
  ),
  textBytes: whole("textBytes", options.textBytes ?? textBytesDefault, constants.MAX_STRING_LENGTH)
})

type Patterns = string | ReadonlyArray<string>

const listOf = (patterns: Patterns): ReadonlyArray<string> =>
  typeof patterns === "string" ? [patterns] : patterns

const labelOf = (kind: string, patterns: Patterns): string => {
  const [first, ...others] = listOf(patterns)
  const more = others.length === 0 ? "" : `, +${others.length}`
  return `${kind}(${first === undefined ? "no file" : basename(first)}${more})`
}

const toLines = (chunk: FileChunk): Source.Chunk<string> => ({
  items: chunk.text.lines,
  bytes: chunk.text.bytes,
  provenance: { name: chunk.path, base: chunk.text.line }
})

/**
 * The lines of files, without their line breaks.
 *
 * Shape: one record per line (LF or CRLF; the last needs none; a byte order mark is dropped); an
 * empty file has none. A path that exists is read as it is; else `*`, `?`, `[]`, `{}` and `**` are
 * matched, in code unit order; patterns keep the order given, a file is read once. A chunk is of
 * one file and carries `path:line`. With `parallelism` above 1 the chunks of that many files
 * interleave, each file's in order.
 * Flow: one read ahead of the consumer and no more. Files are closed when they end, on failure, and
 * with the scope.
 * Limits: two chunks of memory per open file, or as much as the longest line needs
 * (`lineBytesMax`).
 * Errors: `FileError` naming path, line and byte: no match, missing, directory, permission, broken
 * UTF-8, a line too long; the lines before the place come first. Throws `RangeError` for options
 * out of range.
 *
 * @example
 * ```ts
 * import * as Files from "@sluice/core/node/Files"
 *
 * const lines = Files.lines("logs/*.log", { parallelism: 4 })
 * ```
 */
export const lines = (
  patterns: Patterns,
  options: LinesOptions = {}
): Source.Source<string, FileError> => {
  const format = formatOf(options)
  const parallelism = whole("parallelism", options.parallelism ?? 1, 1_024)
  return Source.make(
    labelOf("lines", patterns),
    Effect.map(openLines(listOf(patterns), format, parallelism), (reader) => ({
      pull: () => {
        const pulled = reader.pull()
        if (pulled === undefined) return undefined
        if (!Effect.isEffect(pulled)) return toLines(pulled)
        return Effect.map(pulled, (chunk) => (chunk === undefined ? undefined : toLines(chunk)))
      }
    }))
  )
}

/**
 * The records of newline-delimited JSON files, decoded by a schema where one is given.
 *
 * Shape: one record per line that is not blank; files as in `lines`.
 * Errors: `FileError` with path, line and byte of the first line that is not JSON or not of the
 * schema, after the records before it. To keep the good lines instead, use `lines` and
 * `Ndjson.decoder(schema)` in a stage with an error policy.
 *
 * @example
 * ```ts
 * import * as Files from "@sluice/core/node/Files"
 * import * as Schema from "effect/Schema"
 *
 * const fragments = Files.ndjson("data/*.ndjson", Schema.Struct({ subject: Schema.Number }))
 * ```
 */
export const ndjson: {
  <S extends Schema.ConstraintDecoder<unknown>>(
    patterns: Patterns,
    schema: S,
    options?: LinesOptions
  ): Source.Source<S["Type"], FileError>
  (patterns: Patterns): Source.Source<unknown, FileError>
} = (
  patterns: Patterns,
  schema?: Schema.ConstraintDecoder<unknown>,
  options: LinesOptions = {}
): Source.Source<unknown, FileError> => {
  const format = formatOf(options)
  const parallelism = whole("parallelism", options.parallelism ?? 1, 1_024)
  return Source.make(
    labelOf("ndjson", patterns),
    Effect.gen(function* () {
      const decode = schema === undefined ? parse : yield* decoderOf(schema)
      const reader = yield* openLines(listOf(patterns), format, parallelism)
      return new NdjsonReader(reader, decode)
    })
  )
}

/** Loaded when a schema is given: files of lines must not pay for Schema at every start. */
const decoderOf = (
  schema: Schema.ConstraintDecoder<unknown>
): Effect.Effect<(line: string) => unknown> =>
  Effect.map(
    Effect.promise(() => import("../Ndjson.ts")),
    (module) => module.decoder(schema)
  )

const jsonOf = (record: unknown): string => {
  const text = JSON.stringify(record)
  // Undefined for undefined, functions and symbols: a line that says nothing would read back as
  // nothing.
  if (text !== undefined) return text
  throw new TypeError(
    `a record of type ${typeof record} has no JSON form. Cure: filter it out, or give encode`
  )
}

const lineOf = (record: string): string => {
  if (typeof record !== "string")
    throw new TypeError(`a line must be a string, not ${typeof record}`)
  if (!record.includes("\n")) return record
  throw new TypeError("a line cannot hold a line break. Cure: split the record, or write NDJSON")
}

const encoderOf = <A>(encode: ((record: A) => string) | undefined): ((record: A) => string) =>
  encode === undefined ? jsonOf : (record) => lineOf(encode(record))

const sinkOptions = <A>(
  label: string,
  encode: (record: A) => string,
  options: FileSinkOptions
) => ({
  label,
  encode,
  atomic: options.atomic ?? true,
  makeDirectory: options.makeDirectory ?? false,
  compression: options.compression ?? "auto",
  blockBytes: whole(
    "blockBytes",
    options.blockBytes ?? chunkBytesDefault,
    1_024 * kibibyte * kibibyte
  )
})

/**
 * Writes each record as one line of JSON; `-` is standard output.
 *
 * Flow: waits only while a write is under way and the next block is full. At the end flushes,
 * closes and renames; with the scope closes.
 * Limits: two blocks of memory, each as large as the greatest batch when that is more.
 * Errors: `FileError` naming the path and the cure. A record without JSON form (a cycle, a BigInt,
 * undefined) is named by `RecordsRejected`, all others of its batch are written.
 *
 * @example
 * ```ts
 * import * as Files from "@sluice/core/node/Files"
 *
 * const out = Files.ndjsonSink<{ readonly key: string }>("out.ndjson")
 * ```
 */
export const ndjsonSink = <A>(
  path: string,
  options: FileSinkOptions & {
    /** Default `JSON.stringify`. */ readonly encode?: (record: A) => string
  } = {}
): Sink.Sink<A, FileError> =>
  recordSink.make(path, sinkOptions("ndjson", encoderOf(options.encode), options))

/**
 * Writes each string as one line; `-` is standard output. Flow, limits and errors as `ndjsonSink`;
 * a record that holds a line break is rejected, since it would read back as two.
 */
export const linesSink = (
  path: string,
  options: FileSinkOptions = {}
): Sink.Sink<string, FileError> => recordSink.make(path, sinkOptions("lines", lineOf, options))
