// Text of one source of bytes: what `FileLines` is for files. Bytes go into the splitter's buffer,
// complete lines come out; one chunk of the source is under way at a time. A fault of the text
// comes after the lines before it, and so does a failure of the source.
import * as Effect from "effect/Effect"
import type * as Source from "../../Source.ts"
import type { FileError } from "../FileError.ts"
import * as fileErrors from "./fileErrors.ts"
import type { FileChunk } from "./fileLines.ts"
import type { LineFormat, TextChunk } from "./lineSplitter.ts"
import { LineSplitter } from "./lineSplitter.ts"

type Pulled<E, R> = FileChunk | undefined | Effect.Effect<FileChunk | undefined, E | FileError, R>

/** Reads text from bytes. */
export class StreamText<E, R> {
  private readonly label: string
  private readonly reader: Source.SourceReader<Uint8Array, E, R>
  private readonly splitter: LineSplitter
  private readonly chunkBytes: number
  /** Chunks of the source that are not in the splitter yet. */
  private waiting: Array<Uint8Array> = []
  private fault: FileError | undefined
  private tolerant = false

  readonly goOn = (): void => {
    this.tolerant = true
  }

  constructor(label: string, reader: Source.SourceReader<Uint8Array, E, R>, format: LineFormat) {
    this.label = label
    this.reader = reader
    this.splitter = new LineSplitter(format)
    this.chunkBytes = format.chunkBytes
  }

  readonly pull = (): Pulled<E, R> => {
    for (;;) {
      const taken = this.taken()
      if (taken !== undefined) return taken
      if (this.splitter.settled) return undefined
      const pulled = this.reader.pull()
      if (Effect.isEffect(pulled)) return this.later(pulled)
      this.load(pulled)
    }
  }

  private later(
    pulled: Effect.Effect<Source.Chunk<Uint8Array> | undefined, E, R>
  ): Effect.Effect<FileChunk | undefined, E | FileError, R> {
    return Effect.flatMap(pulled, (chunk) => {
      this.load(chunk)
      const next = this.pull()
      return Effect.isEffect(next) ? next : Effect.succeed(next)
    })
  }

  private load(chunk: Source.Chunk<Uint8Array> | undefined): void {
    if (chunk === undefined) this.ended = true
    else this.waiting.push(...chunk.items.filter((bytes) => bytes.byteLength > 0))
  }

  private ended = false

  /** What the bytes at hand come to; undefined where more are needed, or none will come. */
  private taken(): Exclude<Pulled<E, R>, undefined> | undefined {
    if (this.fault !== undefined) return Effect.fail(this.fault)
    while (!this.splitter.settled) {
      const state = this.fill()
      if (state === "starved") return undefined
      if (state === "ready") return this.hand()
    }
    return this.splitter.exhausted ? undefined : this.hand()
  }

  private hand(): FileChunk | Effect.Effect<never, FileError> {
    const text: TextChunk | Parameters<typeof fileErrors.fromFault>[1] = this.splitter.take()
    if (!("_tag" in text)) return { path: this.label, text }
    const error = fileErrors.fromFault(this.label, text)
    if (this.tolerant)
      return { path: this.label, passed: { error, text: this.splitter.pass().text } }
    this.fault = error
    return Effect.fail(error)
  }

  private fill(): "starved" | "more" | "ready" | "end" {
    const bytes = this.waiting[0]
    if (bytes === undefined) return this.ended ? this.splitter.filled(0) : "starved"
    const { buffer, offset } = this.splitter.room()
    const count = Math.min(bytes.byteLength, this.chunkBytes)
    buffer.set(bytes.subarray(0, count), offset)
    if (count === bytes.byteLength) this.waiting.shift()
    else this.waiting[0] = bytes.subarray(count)
    return this.splitter.filled(count)
  }
}
