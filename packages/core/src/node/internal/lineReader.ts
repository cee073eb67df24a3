// Lines as records: what `Files.lines` and `Text.lines` hand over.
import * as Effect from "effect/Effect"
import type * as Source from "../../Source.ts"
import type { FileError } from "../FileError.ts"
import type { FileChunk, Texts } from "./fileLines.ts"
import { nothingBut, refusedOf } from "./fileLines.ts"

const toLines = (chunk: FileChunk): Source.Chunk<string> => {
  const { path, text } = chunk
  if (text === undefined) return nothingBut(refusedOf(chunk))
  return { items: text.lines, bytes: text.bytes, provenance: { name: path, base: text.line } }
}

/** Each line of a text as a record. */
export const lineReader = <E, R>(
  texts: Texts<E, R>
): Source.SourceReader<string, E | FileError, R> => ({
  goOn: texts.goOn,
  pull: () => {
    const pulled = texts.pull()
    if (pulled === undefined) return undefined
    if (!Effect.isEffect(pulled)) return toLines(pulled)
    return Effect.map(pulled, (chunk) => (chunk === undefined ? undefined : toLines(chunk)))
  }
})
