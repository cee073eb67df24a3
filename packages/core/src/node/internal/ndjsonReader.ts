// From text chunks to decoded records. Blank lines are no records: a chunk is cut there, so that
// the place of every record stays its line number. The records before a bad line are handed over
// before the failure.
import * as Effect from "effect/Effect"
import type * as Source from "../../Source.ts"
import type { FileError } from "../FileError.ts"

import { invalidRecord } from "./fileErrors.ts"
import type { FileChunk, Texts } from "./fileLines.ts"

type Decoded<A, E, R> =
  | Source.Chunk<A>
  | undefined
  | Effect.Effect<Source.Chunk<A> | undefined, E | FileError, R>

const isBlank = (line: string): boolean => line.trim() === ""

/** Decodes what `lines` reads. */
export class NdjsonReader<A, E = never, R = never> {
  private readonly lines: Texts<E, R>
  private readonly decode: (line: string) => A
  private chunk: FileChunk | undefined
  /** Next line of `chunk`. */
  private at = 0

  constructor(lines: Texts<E, R>, decode: (line: string) => A) {
    this.lines = lines
    this.decode = decode
  }

  readonly pull = (): Decoded<A, E, R> => {
    if (this.chunk !== undefined) return this.run(this.chunk)
    const pulled = this.lines.pull()
    if (pulled === undefined) return undefined
    if (!Effect.isEffect(pulled)) return this.start(pulled)
    return Effect.flatMap(pulled, (chunk) => {
      const decoded = chunk === undefined ? undefined : this.start(chunk)
      return Effect.isEffect(decoded) ? decoded : Effect.succeed(decoded)
    })
  }

  private start(chunk: FileChunk): Decoded<A, E, R> {
    this.chunk = chunk
    this.at = 0
    return this.run(chunk)
  }

  // Records up to the next blank or bad line.
  private run(chunk: FileChunk): Decoded<A, E, R> {
    const { lines } = chunk.text
    while (this.at < lines.length && isBlank(lines[this.at] as string)) this.at++
    const from = this.at
    const items: Array<A> = []
    for (; this.at < lines.length; this.at++) {
      const line = lines[this.at] as string
      if (line === "" || isBlank(line)) break
      try {
        items.push(this.decode(line))
      } catch (cause) {
        if (items.length === 0) return this.refuse(chunk, cause)
        break
      }
    }
    const done = this.at >= lines.length
    if (done) this.chunk = undefined
    const provenance = { name: chunk.path, base: chunk.text.line + from }
    return { items, bytes: done ? chunk.text.bytes : 0, provenance }
  }

  private refuse(chunk: FileChunk, cause: unknown): Effect.Effect<never, FileError> {
    const { line, byteOf } = chunk.text
    return Effect.fail(invalidRecord(chunk.path, line + this.at, byteOf(this.at), cause))
  }
}
