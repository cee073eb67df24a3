// Files in and out on Node: lines and NDJSON, read in chunks with one read ahead and written in
// blocks with one write behind, compressed or not. Memory is bounded however slow the other side
// is. It reads no archives and follows no growing file.

import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { parse } from "../internal/ndjsonParse.ts"
import type * as Sink from "../Sink.ts"
import * as Source from "../Source.ts"
import type { FileError } from "./FileError.ts"
import type { BytesChunk } from "./internal/blockSplitter.ts"
import type { CompressionOption } from "./internal/compression.ts"
import type { FileChunk } from "./internal/fileLines.ts"
import { nothingBut, openLines, refusedOf } from "./internal/fileLines.ts"
import * as fileOptions from "./internal/fileOptions.ts"
import { lineReader } from "./internal/lineReader.ts"
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
  /**
   * Bytes per write, and the watermark of the sink: with so many bytes collected behind a write
   * that is under way it takes no further batch until that write is done. Default 256 KiB.
   */
  readonly blockBytes?: number
  /**
   * When less than a full block is written: "full" (default) at the end only; "batch" after each
   * batch, as soon as no write is under way; or at the latest so long after it was taken, from 1
   * millisecond to 24 hours. With `atomic` it stands in `<path>.partial` until the end; a codec
   * keeps what is too little for a block of its own.
   */
  readonly flush?: "full" | "batch" | { readonly interval: Duration.Input }
  /** Default "auto": by the name, as for reading. */
  readonly compression?: Compression
  /** Makes the directory of the file, and those above it, where they are missing. Default false. */
  readonly makeDirectory?: boolean
}

type Patterns = string | ReadonlyArray<string>

/**
 * The lines of files, without their line breaks.
 *
 * Shape: one record per line (LF or CRLF; the last needs none; a byte order mark is dropped); an
 * empty file has none. `-` is standard input. A path that exists is read as it is; else `*`, `?`,
 * `[]`, `{}` and `**` are matched, in code unit order; patterns keep the order given, a file is
 * read once. A chunk is of one file and carries `path:line`. With `parallelism` above 1 the chunks
 * of that many files interleave, each file's in order.
 * Flow: one read ahead of the consumer and no more. Files are closed when they end, on failure, and
 * with the scope.
 * Limits: two chunks of memory per open file, or as much as the longest line needs
 * (`lineBytesMax`).
 * Errors: `FileError` naming path, line and byte: no match, missing, directory, permission, broken
 * UTF-8, a line too long; the lines before the place come first. The last two follow `onError` of
 * the source: 4 KiB of such a line are kept. Throws `RangeError` for options out of range.
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
  const format = fileOptions.textFormat(options)
  const parallelism = fileOptions.parallelismOf(options)
  return Source.make(
    fileOptions.labelOf("lines", patterns),
    Effect.map(openLines(fileOptions.listOf(patterns), format, parallelism), lineReader)
  )
}

/**
 * The records of newline-delimited JSON files, decoded by a schema where one is given.
 *
 * Shape: one record per line that is not blank; files as in `lines`.
 * Errors: `FileError` with path, line and byte of the first line that is not JSON or not of the
 * schema, after the records before it; with `onError` on the source such lines are set aside or
 * dropped, and reading goes on behind each.
 *
 * @example
 * ```ts
 * import * as Files from "@sluice/core/node/Files"
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Policy from "@sluice/core/Policy"
 * import * as Schema from "effect/Schema"
 *
 * const Fragment = Schema.Struct({ subject: Schema.Number })
 * const fragments = Pipeline.source("fragments", Files.ndjson("data/*.ndjson", Fragment), {
 *   onError: Policy.deadLetter
 * })
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
  const format = fileOptions.textFormat(options)
  const parallelism = fileOptions.parallelismOf(options)
  return Source.make(
    fileOptions.labelOf("ndjson", patterns),
    Effect.gen(function* () {
      const decode = schema === undefined ? parse : yield* decoderOf(schema)
      const reader = yield* openLines(fileOptions.listOf(patterns), format, parallelism)
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
  recordSink.make(path, {
    ...fileOptions.sinkSettings(options),
    label: "ndjson",
    encode: encoderOf(options.encode)
  })

/**
 * Writes each string as one line; `-` is standard output. Flow, limits and errors as `ndjsonSink`;
 * a record that holds a line break is rejected, since it would read back as two.
 */
export const linesSink = (
  path: string,
  options: FileSinkOptions = {}
): Sink.Sink<string, FileError> =>
  recordSink.make(path, {
    ...fileOptions.sinkSettings(options),
    label: "lines",
    encode: lineOf
  })

/** How files are read as bytes. */
export interface BytesOptions {
  /** Bytes per read. Default 256 KiB. */
  readonly chunkBytes?: number
  /** Files open at once. Default 1: one after the other. */
  readonly parallelism?: number
  /** Default "auto": by the name; "none" gives the bytes as they lie there. */
  readonly compression?: Compression
}

/**
 * The bytes of files, block by block.
 *
 * Shape: one record per block, as large as one read or smaller, never empty; a stage may keep it.
 * Files as in `lines`.
 * Flow: one read ahead of the consumer and no more.
 * Limits: two blocks of memory per open file.
 * Errors: `FileError` naming path and byte, after the blocks before it.
 *
 * @example
 * ```ts
 * import * as Files from "@sluice/core/node/Files"
 *
 * const bytes = Files.bytes("backup.tar.gz")
 * ```
 */
export const bytes = (
  patterns: Patterns,
  options: BytesOptions = {}
): Source.Source<Uint8Array, FileError> => {
  const format = fileOptions.bytesFormat(options)
  const parallelism = fileOptions.parallelismOf(options)
  const toBlock = (chunk: FileChunk<BytesChunk>): Source.Chunk<Uint8Array> => {
    const { path, text } = chunk
    if (text === undefined) return nothingBut(refusedOf(chunk))
    const { bytes: block, index } = text
    return { items: [block], bytes: block.length, provenance: { name: path, base: index } }
  }
  return Source.make(
    fileOptions.labelOf("bytes", patterns),
    Effect.map(openLines(fileOptions.listOf(patterns), format, parallelism), (reader) => ({
      pull: () => {
        const pulled = reader.pull()
        if (pulled === undefined) return undefined
        if (!Effect.isEffect(pulled)) return toBlock(pulled)
        return Effect.map(pulled, (chunk) => (chunk === undefined ? undefined : toBlock(chunk)))
      }
    }))
  )
}

/**
 * Writes the bytes of each record, one after the other, with nothing between them; `-` is standard
 * output. Flow, limits and errors as `ndjsonSink`.
 *
 * @example
 * ```ts
 * import * as Files from "@sluice/core/node/Files"
 *
 * const out = Files.bytesSink("backup.tar.zst")
 * ```
 */
export const bytesSink = (
  path: string,
  options: FileSinkOptions = {}
): Sink.Sink<Uint8Array, FileError> =>
  recordSink.make<Uint8Array>(path, {
    ...fileOptions.sinkSettings(options),
    label: "bytes",
    encode: () => "",
    bytesOf: (record) => {
      if (record instanceof Uint8Array) return record
      throw new TypeError(`bytes must be a Uint8Array, not ${typeof record}`)
    }
  })
