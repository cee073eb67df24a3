// Compressed files in and out: what comes out is what was put in, however it was framed; damage is
// named with its file, and what stood before it comes first; a file is closed on every way out.
import * as fs from "node:fs"
import * as zlib from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import fc from "fast-check"
import * as Format from "../../src/Format.ts"
import * as Files from "../../src/node/Files.ts"
import * as fileSystem from "../../src/node/internal/fileSystem.ts"
import * as Records from "../../src/node/Records.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as SyncEngine from "../../src/SyncEngine.ts"
import { engines } from "../engines.ts"
import { directory, readAll, withFiles, writeAll } from "./drive.ts"

/** Quality 11, the default, takes seconds for what these tests compress. */
const quick = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }

const kinds = [
  ["gzip", ".gz", zlib.gzipSync],
  ["zstd", ".zst", zlib.zstdCompressSync],
  ["brotli", ".br", (text: string) => zlib.brotliCompressSync(text, quick)]
] as const

const systems = [
  ["asynchronous", fileSystem.asynchronous],
  ["synchronous", fileSystem.synchronous]
] as const

const lines = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, i) => `${i} a line with öäü and ${(i * 7_919) % 1_000}`)

const text = (of: ReadonlyArray<string>): string => of.map((line) => `${line}\n`).join("")

for (const [mode, system] of systems) {
  const provided = Effect.provideService(fileSystem.Override, system)
  describe.each(kinds)(`%s, ${mode}`, (compression, extension, compress) => {
    it.effect("reads what was compressed, by extension and by option", () =>
      Effect.gen(function* () {
        const expected = lines(20_000)
        const bytes = compress(text(expected))
        const at = yield* withFiles({ [`a${extension}`]: bytes, "b.txt": bytes })
        const byName = yield* readAll(Files.lines(at(`a${extension}`)))
        expect(byName.failure).toBeUndefined()
        expect(byName.items).toEqual(expected)
        const byOption = yield* readAll(Files.lines(at("b.txt"), { compression }))
        expect(byOption.items).toEqual(expected)
        const asItIs = yield* readAll(
          Files.lines(at(`a${extension}`), { compression: "none", encoding: "latin1" })
        )
        expect(asItIs.items.join("\n").length).toBeGreaterThanOrEqual(bytes.length - 1)
      }).pipe(provided)
    )

    it.effect("a file that is cut off gives the lines before it, then names the damage", () =>
      Effect.gen(function* () {
        const expected = lines(20_000)
        const bytes = compress(text(expected))
        const cut = bytes.subarray(0, Math.floor(bytes.length / 2))
        const at = yield* withFiles({ [`a${extension}`]: cut })
        const { items, failure } = yield* readAll(Files.lines(at(`a${extension}`)))
        expect(failure).toMatchObject({ reason: "Damaged", path: at(`a${extension}`) })
        expect(failure?.message).toContain(`its ${compression} data is broken within the first`)
        expect(failure?.message).toContain("unexpected end of file")
        expect(items).toEqual(expected.slice(0, items.length))
        if (mode === "asynchronous") expect(items.length).toBeGreaterThan(100)
      }).pipe(provided)
    )

    it.effect("what is not compressed is named with a cure", () =>
      Effect.gen(function* () {
        const at = yield* withFiles({ [`a${extension}`]: "plain text\n" })
        const { items, failure } = yield* readAll(Files.lines(at(`a${extension}`)))
        expect(items).toEqual([])
        expect(failure?.message).toContain("Cure: get the file anew, or set compression to")
      }).pipe(provided)
    )

    it.effect("a sink writes what its readers read", () =>
      Effect.gen(function* () {
        const root = yield* directory
        const path = `${root}/out.ndjson${extension}`
        const records = lines(20_000).map((line, i) => ({ i, line }))
        const chunks = [records.slice(0, 7_000), records.slice(7_000, 7_001), records.slice(7_001)]
        yield* writeAll(Files.ndjsonSink<unknown>(path), chunks)
        const plain =
          compression === "gzip"
            ? zlib.gunzipSync(fs.readFileSync(path))
            : compression === "zstd"
              ? zlib.zstdDecompressSync(fs.readFileSync(path))
              : zlib.brotliDecompressSync(fs.readFileSync(path))
        expect(plain.toString()).toBe(text(records.map((record) => JSON.stringify(record))))
        const back = yield* readAll(Files.ndjson(path))
        expect(back.items).toEqual(records)
      }).pipe(provided)
    )
  })

  describe(`several members, ${mode}`, () => {
    it.effect("members of gzip and frames of zstd are one text, however they are cut", () =>
      Effect.gen(function* () {
        const root = yield* directory
        const law = fc.asyncProperty(
          fc.constantFrom("gzip", "zstd"),
          fc.array(fc.nat({ max: 3_000 }), { minLength: 1, maxLength: 5 }),
          async (compression, counts) => {
            const compress = compression === "gzip" ? zlib.gzipSync : zlib.zstdCompressSync
            const parts = counts.map((count) => lines(count))
            const path = `${root}/parts`
            fs.writeFileSync(path, Buffer.concat(parts.map((part) => compress(text(part)))))
            const options = { compression } as const
            const read = readAll(Files.lines(path, options)).pipe(provided)
            const { items, failure } = await Effect.runPromise(read)
            expect(failure).toBeUndefined()
            expect(items).toEqual(parts.flat())
          }
        )
        yield* Effect.promise(() => fc.assert(law, { numRuns: 15 }))
      })
    )
  })
}

describe.each(kinds)("%s, step by step", (compression, extension, compress) => {
  /** Bytes that are hard to compress, so that the file is long. */
  const noise = Array.from({ length: 60_000 }, (_, i) => `${Math.sin(i)} ${Math.cos(i * 7)}`)

  it.effect("is read no further than it is asked for, and written as it comes", () =>
    Effect.gen(function* () {
      const bytes = compress(text(noise))
      const at = yield* withFiles({ [`in${extension}`]: bytes })
      let [read, written] = [0, 0]
      const counting: fileSystem.FileSystem = {
        ...fileSystem.synchronous,
        openRead: (path, done) =>
          fileSystem.synchronous.openRead(path, (error, handle) =>
            done(error, {
              close: handle.close,
              read: (buffer, offset, length, next) =>
                handle.read(buffer, offset, length, (failed, count) => {
                  read += count
                  next(failed, count)
                })
            })
          ),
        openWrite: (path, mode, done) =>
          fileSystem.synchronous.openWrite(path, mode, (error, handle) =>
            done(error, {
              close: handle.close,
              write: (buffer, offset, length, next) => {
                written += length
                handle.write(buffer, offset, length, next)
              }
            })
          )
      }
      const seen: Array<readonly [read: number, written: number]> = []
      const closed = Pipeline.source("in", Files.lines(at(`in${extension}`))).pipe(
        Pipeline.map("look", (line: string) => {
          if (seen.length % 1_000 === 0) seen.push([read, written])
          else seen.push(seen.at(-1) as (typeof seen)[number])
          return line
        }),
        Pipeline.sink("out", Files.linesSink(at(`out${extension}`)))
      )
      yield* Effect.provideService(
        Pipeline.run(closed, { engine: SyncEngine.make() }),
        fileSystem.Override,
        counting
      )
      expect(seen[0]?.[0]).toBeLessThan(bytes.length / 2)
      // Brotli itself keeps what its window holds, and this is less.
      const kept = compression === "brotli" ? -1 : bytes.length / 2
      expect(seen.at(-1)?.[1]).toBeGreaterThan(kept)
      const options = { compression } as const
      const back = yield* readAll(Files.lines(at(`out${extension}`), options))
      expect(back.items).toEqual(noise)
    })
  )
})

describe("records of a declared format", () => {
  const pairs = Format.delimited({ name: Format.text(), value: Format.integer() })

  it.effect("are read from compressed files, by the name", () =>
    Effect.gen(function* () {
      const rows = lines(20_000).map((name, value) => ({ name, value }))
      const content = rows.map(({ name, value }) => `${name}\t${value}\n`).join("")
      for (const [, extension, compress] of kinds) {
        const at = yield* withFiles({ [`a${extension}`]: compress(content) })
        const { items, failure } = yield* readAll(Records.files(at(`a${extension}`), pairs))
        expect(failure).toBeUndefined()
        expect(items).toEqual(rows)
      }
      const at = yield* withFiles({ "a.gz": zlib.gzipSync(content).subarray(0, 40_000) })
      const { items, failure } = yield* readAll(Records.files(at("a.gz"), pairs))
      expect(failure).toMatchObject({ reason: "Damaged" })
      expect(items).toEqual(rows.slice(0, items.length))
      expect(items.length).toBeGreaterThan(100)
    })
  )
})

describe.each(engines)("$name engine, compressed files", (engine) => {
  it.effect("from one compression to another", () =>
    Effect.gen(function* () {
      const expected = lines(10_000)
      const at = yield* withFiles({ "in.gz": zlib.gzipSync(text(expected)) })
      const closed = Pipeline.source("in", Files.lines(at("in.gz"))).pipe(
        Pipeline.sink("out", Files.linesSink(at("out.zst")))
      )
      const result = yield* Pipeline.run(closed, { engine: engine.make() })
      expect(result.recordsOut).toBe(10_000)
      expect(zlib.zstdDecompressSync(fs.readFileSync(at("out.zst"))).toString()).toBe(
        text(expected)
      )
    })
  )
})
