// Where a plan runs on views, where on objects, and what it says about it.

import * as fs from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fields from "../../src/Fields.ts"
import * as Format from "../../src/Format.ts"
import type * as Graph from "../../src/Graph.ts"
import * as Records from "../../src/node/Records.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Plan from "../../src/Plan.ts"
import * as Sink from "../../src/Sink.ts"
import * as SyncEngine from "../../src/SyncEngine.ts"
import * as drive from "../node/drive.ts"

const pairs = Format.delimited({ name: Format.text(), value: Format.integer() })

const source = (id: string) => Pipeline.source(id, Records.files(`${id}.tsv`, pairs))

const shapesOf = (closed: Pipeline.Closed<unknown, unknown>): Record<string, string> =>
  Object.fromEntries(Plan.make(Pipeline.graph(closed) as Graph.PipelineGraph).shapes)

const out = Records.ndjsonSink("out.ndjson")

describe("the shape of records in a plan", () => {
  it("is views from a source of bytes to a sink that takes them, through a merge", () => {
    const merged = Pipeline.merge("both", [source("a"), source("b")])
    expect(shapesOf(merged.pipe(Pipeline.sink("out", out)))).toEqual({
      a: "views",
      b: "views",
      out: "views"
    })
  })

  it("is objects in front of a plain function, which is named", () => {
    const closed = source("a").pipe(
      Pipeline.map("double", ({ value }) => value * 2),
      Pipeline.sink("out", out)
    )
    expect(shapesOf(closed)).toEqual({
      a: 'objects: "double": a plain function of Map takes objects',
      double: "objects: a plain function of Map takes objects"
    })
    expect(Plan.explain(Plan.make(Pipeline.graph(closed) as Graph.PipelineGraph))).toContain(
      '    a: objects: "double": a plain function of Map takes objects'
    )
  })

  it("is objects where one input of a merge has objects", () => {
    const plain = Pipeline.source("b", Records.files("b", pairs)).pipe(
      Pipeline.filter("some", ({ value }) => value > 0)
    )
    const merged = Pipeline.merge("both", [source("a"), plain])
    expect(shapesOf(merged.pipe(Pipeline.sink("out", out)))).toMatchObject({
      a: 'objects: "both" has an input of objects'
    })
  })

  it("is objects in front of a sink of objects", () => {
    expect(shapesOf(source("a").pipe(Pipeline.sink("out", Sink.drain)))).toEqual({
      a: 'objects: "out": the sink takes objects',
      out: "objects: the sink takes objects"
    })
  })

  it("does not change a graph without a source of views", () => {
    const closed = Pipeline.source("a", { _tag: "Source", label: "none", open: Effect.never }).pipe(
      Pipeline.sink("out", Sink.drain)
    )
    const graph = Pipeline.graph(closed) as Graph.PipelineGraph
    const plan = Plan.make(graph)
    expect([plan.graph, plan.shapes.size]).toEqual([graph, 0])
  })

  it("is views through conditions and picks, and says which stage ends them", () => {
    const large = source("a").pipe(
      Pipeline.filter("large", Fields.where(Fields.compare("value", ">", 1))),
      Pipeline.map("short", Fields.pick({ n: "name" }))
    )
    expect(shapesOf(large.pipe(Pipeline.sink("out", out)))).toEqual({
      a: "views",
      large: "views",
      short: "views",
      out: "views"
    })
    expect(shapesOf(large.pipe(Pipeline.sink("out", Sink.drain)))).toMatchObject({
      a: "views",
      large: "views",
      short: 'views in, objects out: "out": the sink takes objects'
    })
    const lacking = source("a").pipe(Pipeline.map("none", Fields.pick({ n: "other" })))
    expect(shapesOf(lacking.pipe(Pipeline.sink("out", out)))).toMatchObject({
      none: 'objects: a record has no field "other"'
    })
  })

  it.effect("filters and picks views as it does objects, whatever the condition", () =>
    Effect.gen(function* () {
      const format = Format.delimited({
        name: Format.text(),
        value: Format.decimal(),
        kind: Format.choice({ n: "noun", v: "verb", w: "verbs" }),
        flag: Format.boolean()
      })
      const lines = Array.from({ length: 200 }, (_, i) => {
        const name = ["a", "ab", "abc", "é", ""][i % 5]
        return `${name}\t${(i % 7) - 3}\t${"nvw"[i % 3]}\t${i % 2 === 0}`
      })
      const at = yield* drive.withFiles({ a: lines.join("\n") })
      const { compare, equals, startsWith, isTrue, all, any, not } = Fields
      const conditions = [
        ...(["<", "<=", ">", ">=", "=", "!="] as const).map((op) => compare("value", op, 1)),
        equals("name", "ab"),
        equals("name", ""),
        startsWith("name", "ab"),
        startsWith("name", ""),
        startsWith("name", "é"),
        equals("kind", "verb"),
        startsWith("kind", "verb"),
        isTrue("flag"),
        all(),
        any(),
        all(isTrue("flag"), not(compare("value", "<", 0)), any(equals("kind", "noun"))),
        equals("none", "x"),
        not(equals("value", "1")),
        compare("name", "=", 1)
      ]
      for (const condition of conditions) {
        const filtered = Pipeline.source("a", Records.files(at("a"), format)).pipe(
          Pipeline.filter("some", Fields.where(condition)),
          Pipeline.map("short", Fields.pick({ kind: "kind", n: "name", value: "value" }))
        )
        const views = filtered.pipe(Pipeline.sink("out", Records.ndjsonSink(at("views"))))
        const objects = Pipeline.source("a", Records.files(at("a"), format)).pipe(
          Pipeline.map("same", (record) => record),
          Pipeline.filter("some", Fields.where(condition)),
          Pipeline.map("short", Fields.pick({ kind: "kind", n: "name", value: "value" })),
          Pipeline.sink("out", Records.ndjsonSink(at("objects")))
        )
        expect(shapesOf(views).some).toBe("views")
        expect(shapesOf(objects).some).toBe(undefined)
        const results = [yield* Pipeline.run(views), yield* Pipeline.run(objects)]
        const [a, b] = ["views", "objects"].map((name) => fs.readFileSync(at(name), "utf8"))
        expect(a).toBe(b)
        expect(results.map(({ recordsOut }) => recordsOut)).toEqual(
          new Array(2).fill(a!.split("\n").length - 1)
        )
      }
    }).pipe(Effect.scoped)
  )

  it.effect("writes CSV from views as from objects, with a header in every run", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ a: 'x, "y"\\t1\nz\\t2\n'.replaceAll("\\t", "\t") })
      const records = Pipeline.source("a", Records.files(at("a"), pairs))
      for (const [name, from] of [
        ["views", records],
        ["objects", records.pipe(Pipeline.map("same", (record) => ({ ...record })))]
      ] as const) {
        const closed = from.pipe(Pipeline.sink("out", Records.csvSink(at(name))))
        for (let run = 0; run < 2; run++) {
          yield* Pipeline.run(closed)
          expect(fs.readFileSync(at(name), "utf8")).toBe('name,value\n"x, ""y""",1\nz,2\n')
        }
      }
    }).pipe(Effect.scoped)
  )

  it.effect("gives the same output either way, however batches are cut", () =>
    Effect.gen(function* () {
      const lines = Array.from({ length: 300 }, (_, i) => `n"${i}\t${i}`)
      const at = yield* drive.withFiles({ a: lines.join("\n"), b: lines.join("\r\n") })
      const merged = (name: string, views: boolean) =>
        Pipeline.merge(
          "both",
          ["a", "b"].map((id) => {
            const records = Pipeline.source(id, Records.files(at(id), pairs, { chunkBytes: 64 }))
            return views ? records : records.pipe(Pipeline.map(`${id}-same`, (record) => record))
          })
        ).pipe(Pipeline.sink("out", Records.ndjsonSink(at(name))), Pipeline.named(name))
      const seeds = [undefined, 1, 2, 3]
      for (const seed of seeds) {
        const engine = seed === undefined ? {} : { engine: SyncEngine.make(), seed }
        for (const views of [true, false]) {
          const result = yield* Pipeline.run(merged(`${views}`, views), { ...engine, batchSize: 7 })
          expect([result.status, result.recordsIn]).toEqual(["completed", 600])
        }
        const [viewed, plain] = ["true", "false"].map((name) =>
          fs.readFileSync(at(name), "utf8").split("\n").sort()
        )
        expect(viewed).toEqual(plain)
      }
    }).pipe(Effect.scoped)
  )

  it.effect("reads no further in a line that the first filter lets not through", () =>
    Effect.gen(function* () {
      const format = Format.delimited({
        kind: Format.choice({ n: "noun", v: "verb" }),
        size: Format.integer(),
        note: Format.text()
      })
      const at = yield* drive.withFiles({ a: "n\t1\tone\nv\tbroken\tx\nv\t\nn\t4\tfour\n" })
      const nouns = (source: Pipeline.Pipeline<{ readonly kind: string }, Records.FileError>) =>
        source.pipe(
          Pipeline.filter("nouns", Fields.where(Fields.equals("kind", "noun"))),
          Pipeline.filter("named", Fields.where(Fields.not(Fields.equals("note", "one")))),
          Pipeline.sink("out", Records.ndjsonSink(at("out")))
        )
      const read = Pipeline.source("a", Records.files(at("a"), format))
      const result = yield* Pipeline.run(nouns(read))
      const counts = (id: string) => {
        const stage = result.finalStates[id]
        return [stage?.recordsIn, stage?.recordsOut, stage?.recordsMade]
      }
      expect(["a", "nouns", "named"].map(counts)).toEqual([
        [4, 4, 0],
        [4, 2, -2],
        [2, 1, -1]
      ])
      expect(fs.readFileSync(at("out"), "utf8")).toBe('{"kind":"noun","size":4,"note":"four"}\n')
      // A channel that drops hands over whole records: those behind it read every line.
      const dropping = Pipeline.merge("m", [read], {
        buffer: { capacity: 64, onFull: "drop-newest" }
      })
      const failed = yield* Effect.flip(Pipeline.run(nouns(dropping)))
      expect(String(failed)).toContain("field size should be a whole number")
    }).pipe(Effect.scoped)
  )
})
