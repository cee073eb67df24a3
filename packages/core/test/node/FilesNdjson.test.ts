// Files.ndjson on real files, driven without an engine.

import * as fs from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Files from "../../src/node/Files.ts"
import * as drive from "./drive.ts"

describe("Files.ndjson", () => {
  const Fragment = Schema.Struct({ key: Schema.String, n: Schema.Number })

  it.effect("decodes lines by the schema, skips blank ones and keeps the line numbers", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({
        "a.ndjson": '{"key":"a","n":1}\n\n  \n{"key":"é","n":2}\r\n{"key":"c","n":3}\n\n'
      })
      for (const chunkBytes of [5, 1_000]) {
        const read = yield* drive.readAll(Files.ndjson(at("a.ndjson"), Fragment, { chunkBytes }))
        expect(read.failure).toBeUndefined()
        expect(read.items.map((item) => item.n)).toEqual([1, 2, 3])
        const places = read.chunks.flatMap((chunk) =>
          chunk.items.map((_, i) => (chunk.provenance?.base ?? 0) + i + 1)
        )
        expect(places).toEqual([1, 4, 5])
        expect(read.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0)).toBe(
          fs.statSync(at("a.ndjson")).size
        )
      }
      expect((yield* drive.readAll(Files.ndjson(at("a.ndjson")))).items).toHaveLength(3)
    })
  )

  it.effect(
    "fails with path, line, byte and column of the first bad line, after the good ones",
    () =>
      Effect.gen(function* () {
        const at = yield* drive.withFiles({
          "a.ndjson": '\ufeff{"key":"é","n":1}\r\n{"key":"b","n":}\n{"key":"c","n":3}\n'
        })
        for (const chunkBytes of [5, 1_000]) {
          const read = yield* drive.readAll(Files.ndjson(at("a.ndjson"), Fragment, { chunkBytes }))
          expect(read.items).toHaveLength(1)
          expect(read.failure).toMatchObject({
            reason: "InvalidRecord",
            path: at("a.ndjson"),
            line: 2,
            byte: 23
          })
          expect(read.failure?.message).toMatch(
            /a\.ndjson:2 \(byte 23\): not JSON at column 16: Unexpected token .*Cure: mend the line/
          )
        }
      })
  )

  it.effect("fails naming the field that does not fit the schema", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({
        "a.ndjson": '{"key":"a","n":1}\n{"key":"b","n":"two"}\n'
      })
      const read = yield* drive.readAll(Files.ndjson(at("a.ndjson"), Fragment))
      expect(read.failure).toMatchObject({ line: 2, byte: 18 })
      expect(read.failure?.message).toMatch(/does not fit the schema: .*number.*n/)
    })
  )
})
