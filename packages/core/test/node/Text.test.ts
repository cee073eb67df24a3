// Text out of sources of bytes: the same lines, places and faults as from a file with those bytes,
// however they are cut into chunks.
import * as fs from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import fc from "fast-check"
import * as Batch from "../../src/Batch.ts"
import * as CsvFiles from "../../src/node/CsvFiles.ts"
import * as Files from "../../src/node/Files.ts"
import * as Text from "../../src/node/Text.ts"
import * as Source from "../../src/Source.ts"
import type { Read } from "./drive.ts"
import { directory, readAll } from "./drive.ts"

/** The bytes in chunks of the given sizes, the last size for all that is left. */
const cut = (bytes: Buffer, sizes: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const chunks: Array<Uint8Array> = []
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[Math.min(i, sizes.length - 1)] ?? 1
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

/** Records with their places, and how it ended; the path stands for the label. */
const told = (read: Read<unknown, unknown>, path: string) => {
  const failure = read.failure as Files.FileError | undefined
  const places = read.chunks.flatMap((chunk) =>
    chunk.items.map((item, i) => {
      const line = chunk.lines?.[i]
      const batch = Batch.make(chunk.items, { provenance: chunk.provenance })
      const place = line === undefined ? Batch.location(batch, i) : `${path}:${line + 1}`
      return `${place?.replace(/^.*:/, "")} ${JSON.stringify(item)}`
    })
  )
  return { places, failure: failure?.message.replace(failure.path, "") }
}

const piece = fc.constantFrom(
  "a,b\n",
  '"two\nlines",1\n',
  "\r\n",
  "\n",
  "öäü €,2\n",
  '{"n":1}\n',
  "{bad\n",
  'x"y,3\n',
  "no break at the end",
  "\uFEFF"
)

const content = fc
  .tuple(fc.array(piece, { maxLength: 8 }), fc.option(fc.nat({ max: 40 })))
  .map(([pieces, bad]) => {
    const bytes = Buffer.from(pieces.join(""))
    if (bad !== null && bad < bytes.length) bytes[bad] = 0xff
    return bytes
  })

describe("text of a source of bytes", () => {
  it.effect("law: what a file with those bytes gives, however they are cut", () =>
    Effect.gen(function* () {
      const root = yield* directory
      const path = `${root}/in.txt`
      const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 })
      const kinds = [
        [() => Files.lines(path), (bytes: Source.Source<Uint8Array>) => Text.lines(bytes)],
        [() => Files.ndjson(path), (bytes: Source.Source<Uint8Array>) => Text.ndjson(bytes)],
        [() => CsvFiles.rows(path), (bytes: Source.Source<Uint8Array>) => Text.csvRows(bytes)]
      ] as const
      const law = fc.asyncProperty(content, sizes, async (bytes, lengths) => {
        fs.writeFileSync(path, bytes)
        for (const [file, text] of kinds) {
          const fromFile = await Effect.runPromise(
            readAll(file() as Source.Source<unknown, unknown>)
          )
          const chunks = Source.fromChunks([...cut(bytes, lengths)].map((chunk) => [chunk]))
          const fromBytes = await Effect.runPromise(
            readAll(text(chunks) as Source.Source<unknown, unknown>)
          )
          expect(told(fromBytes, "chunks")).toEqual(told(fromFile, path))
        }
      })
      yield* Effect.promise(() => fc.assert(law, { numRuns: 150 }))
    })
  )

  it.effect("a mark within the text is a character, also before a fault", () =>
    Effect.gen(function* () {
      const bytes = Buffer.from('a,b\n\uFEFFa,b\nx"y,3\n')
      const chunks = Source.fromChunks(cut(bytes, [9]).map((chunk) => [chunk]))
      const { items, failure } = yield* readAll(Text.csvRows(chunks))
      expect(items).toEqual([
        ["a", "b"],
        ["\uFEFFa", "b"]
      ])
      expect(failure?.message).toContain(":3 (byte 11)")
    })
  )

  it.effect("lines that come complete are handed over before more bytes are asked for", () =>
    Effect.gen(function* () {
      let asked = 0
      const bytes = Source.make(
        "bytes",
        Effect.succeed({
          pull: () => {
            asked++
            return { items: [Buffer.from("a\nb\nc")], bytes: 5, provenance: undefined }
          }
        })
      )
      const reader = yield* Text.lines(bytes).open
      expect(reader.pull()).toMatchObject({ items: ["a", "b"], bytes: 4 })
      expect(asked).toBe(1)
    })
  )

  it.effect("one chunk larger than the line buffer goes through", () =>
    Effect.gen(function* () {
      const lines = Array.from({ length: 5_000 }, (_, i) => `line ${i}`)
      const chunks = Source.fromChunks([[Buffer.from(`${lines.join("\n")}\n`)]])
      const { items, failure } = yield* readAll(Text.lines(chunks, { chunkBytes: 64 }))
      expect(failure).toBeUndefined()
      expect(items).toEqual(lines)
    })
  )
})
