// From text chunks to decoded records. Blank lines are no records: a chunk is cut there, so that
// the place of every record stays its line number. The records before a bad line are handed over
// before the failure.
import * as Effect from "effect/Effect"
import type * as Source from "../../Source.ts"
import type { FileError } from "../FileError.ts"

import { invalidRecord } from "./fileErrors.ts"
import type { FileChunk, TextOf, Texts } from "./fileLines.ts"
import { nothingBut, refusedOf } from "./fileLines.ts"

type Decoded<A, E, R> =
  | Source.Chunk<A>
  | undefined
  | Effect.Effect<Source.Chunk<A> | undefined, E | FileError, R>

const isBlank = (line: string): boolean => line.trim() === ""

/** Decodes what `lines` reads. */
export class NdjsonReader<A, E = never, R = never> {
  private readonly lines: Texts<E, R>
  private readonly decode: (line: string) => A
  private tolerant = false
  private chunk: TextOf | undefined
  /** Next line of `chunk`. */
  private at = 0

  constructor(lines: Texts<E, R>, decode: (line: string) => A) {
    this.lines = lines
    this.decode = decode
  }

  readonly goOn = (): void => {
    this.tolerant = true
    this.lines.goOn()
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
    if (chunk.text === undefined) return nothingBut(refusedOf(chunk))
    this.chunk = chunk
    this.at = 0
    return this.run(chunk)
  }

  // Records up to the next blank or bad line.
  private run(chunk: TextOf): Decoded<A, E, R> {
    const { lines } = chunk.text
    while (this.at < lines.length && isBlank(lines[this.at] as string)) this.at++
    const from = this.at
    const items: Array<A> = []
    let refused: Source.Refused | undefined
    for (; this.at < lines.length; this.at++) {
      const line = lines[this.at] as string
      if (line === "" || isBlank(line)) break
      try {
        items.push(this.decode(line))
      } catch (cause) {
        if (this.tolerant) refused = this.refusal(chunk, cause)
        else if (items.length === 0) return this.refuse(chunk, cause)
        break
      }
    }
    if (refused !== undefined) this.at++
    const done = this.at >= lines.length
    if (done) this.chunk = undefined
    const provenance = { name: chunk.path, base: chunk.text.line + from }
    const decoded = { items, bytes: done ? chunk.text.bytes : 0, provenance }
    return refused === undefined ? decoded : { ...decoded, refused: [refused] }
  }

  private errorOf(chunk: TextOf, cause: unknown): FileError {
    const { line, byteOf } = chunk.text
    return invalidRecord(chunk.path, line + this.at, byteOf(this.at), cause)
  }

  private refusal(chunk: TextOf, cause: unknown): Source.Refused {
    const { line, lines } = chunk.text
    const provenance = { name: chunk.path, base: line + this.at }
    return { payload: lines[this.at], cause: this.errorOf(chunk, cause), provenance }
  }

  private refuse(chunk: TextOf, cause: unknown): Effect.Effect<never, FileError> {
    return Effect.fail(this.errorOf(chunk, cause))
  }
}
