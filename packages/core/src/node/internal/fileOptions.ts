// The options of file sources and sinks with their defaults, checked once when the source or sink
// is described.
import { constants } from "node:buffer"
import { basename } from "node:path"
import * as Duration from "effect/Duration"
import type { BytesOptions, FileSinkOptions, LinesOptions } from "../Files.ts"
import type { BytesChunk } from "./blockSplitter.ts"
import { BlockSplitter } from "./blockSplitter.ts"
import type { LaneFormat } from "./fileLane.ts"
import type { LineFormat, TextChunk } from "./lineSplitter.ts"
import { LineSplitter } from "./lineSplitter.ts"

const kibibyte = 1_024
const chunkBytesDefault = 256 * kibibyte
const textBytesDefault = 8 * kibibyte
const lineBytesMaxDefault = 64 * kibibyte * kibibyte

const whole = (name: string, value: number, max: number): number => {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value
  throw new RangeError(`Files: ${name} is ${value}. Cure: give a whole number from 1 to ${max}.`)
}

const bytesIn = (name: string, value: number): number =>
  whole(name, value, constants.MAX_STRING_LENGTH)

/** How bytes become lines; with `split` false text that is not cut yet. */
export const lineFormat = (options: LinesOptions, split = true): LineFormat => ({
  encoding: options.encoding ?? "utf8",
  invalid: options.invalid ?? "fail",
  lineBytesMax: bytesIn("lineBytesMax", options.lineBytesMax ?? lineBytesMaxDefault),
  chunkBytes: bytesIn("chunkBytes", options.chunkBytes ?? chunkBytesDefault),
  textBytes: bytesIn("textBytes", options.textBytes ?? textBytesDefault),
  split
})

/** How files of text are read. */
export const textFormat = (options: LinesOptions, split = true): LaneFormat<TextChunk> => {
  const format = lineFormat(options, split)
  const compression = options.compression ?? "auto"
  return { compression, chunkBytes: format.chunkBytes, splitter: () => new LineSplitter(format) }
}

/** How bytes are read. */
export const bytesFormat = (options: BytesOptions): LaneFormat<BytesChunk> => {
  const chunkBytes = bytesIn("chunkBytes", options.chunkBytes ?? chunkBytesDefault)
  const compression = options.compression ?? "auto"
  return { compression, chunkBytes, splitter: () => new BlockSplitter(chunkBytes) }
}

/** Files open at once. */
export const parallelismOf = (options: { readonly parallelism?: number }): number =>
  whole("parallelism", options.parallelism ?? 1, 1_024)

/** When a file sink writes what it has, besides full blocks. */
export type Flush =
  | { readonly _tag: "Full" }
  | { readonly _tag: "Batch" }
  | { readonly _tag: "Interval"; readonly ms: number }

const intervalMsMax = 24 * 3_600_000

const flushOf = (flush: FileSinkOptions["flush"]): Flush => {
  if (flush === undefined || flush === "full") return { _tag: "Full" }
  if (flush === "batch") return { _tag: "Batch" }
  const ms = Duration.toMillis(flush.interval)
  if (ms >= 1 && ms <= intervalMsMax) return { _tag: "Interval", ms }
  throw new RangeError(
    `Files: flush.interval is ${ms} ms. Cure: give a time from 1 millisecond to 24 hours.`
  )
}

/** What all file sinks share. */
export const sinkSettings = (options: FileSinkOptions) => ({
  flush: flushOf(options.flush),
  atomic: options.atomic ?? true,
  makeDirectory: options.makeDirectory ?? false,
  compression: options.compression ?? ("auto" as const),
  blockBytes: whole(
    "blockBytes",
    options.blockBytes ?? chunkBytesDefault,
    1_024 * kibibyte * kibibyte
  )
})

type Patterns = string | ReadonlyArray<string>

/** One pattern or several, as a list. */
export const listOf = (patterns: Patterns): ReadonlyArray<string> =>
  typeof patterns === "string" ? [patterns] : patterns

/** What `explain` shows, e.g. `lines(a.txt, +2)`. */
export const labelOf = (kind: string, patterns: Patterns): string => {
  const [first, ...others] = listOf(patterns)
  const more = others.length === 0 ? "" : `, +${others.length}`
  return `${kind}(${first === undefined ? "no file" : basename(first)}${more})`
}
