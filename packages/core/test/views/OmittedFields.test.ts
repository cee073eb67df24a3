// Fields that are undefined where they are missing: from file to file, views and objects alike.
import * as fs from "node:fs"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fields from "../../src/Fields.ts"
import * as Format from "../../src/Format.ts"
import * as Records from "../../src/node/Records.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import type * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import * as drive from "../node/drive.ts"

it.effect("writes fields that are missing from views as from objects, and reads them back", () =>
  Effect.gen(function* () {
    const fields = {
      id: Format.omittable(Format.integer()),
      name: Format.at(["user", "name"], Format.omittable(Format.text())),
      isPaid: Format.omittable(Format.boolean())
    }
    const lines = [
      '{"user":{"name":"Ann"},"id":1}',
      "{}",
      '{"user":{},"isPaid":false}',
      '{"isPaid":true,"user":{"name":"","x":1},"id":2}'
    ]
    const at = yield* drive.withFiles({ in: lines.join("\n") })
    const sinks: Record<string, (path: string) => Sink.Sink<object, Records.FileError>> = {
      ndjson: Records.ndjsonSink,
      csv: Records.csvSink,
      delimited: Records.delimitedSink
    }
    const toView = Fields.pick({ name: "name", paid: "isPaid", id: "id" })
    for (const [kind, sink] of Object.entries(sinks)) {
      for (const shape of ["views", "objects"]) {
        const pick =
          shape === "views" ? toView : (record: Parameters<typeof toView>[0]) => toView(record)
        yield* Pipeline.run(
          Pipeline.source("in", Records.files(at("in"), Format.ndjson(fields))).pipe(
            Pipeline.map("pick", pick),
            Pipeline.sink("out", sink(at(`${kind}.${shape}`)))
          )
        )
      }
      const [views, objects] = ["views", "objects"].map((shape) =>
        fs.readFileSync(at(`${kind}.${shape}`), "utf8")
      )
      expect(views).toBe(objects)
    }
    expect(fs.readFileSync(at("ndjson.views"), "utf8")).toBe(
      '{"name":"Ann","id":1}\n{}\n{"paid":false}\n{"name":"","paid":true,"id":2}\n'
    )
    expect(fs.readFileSync(at("csv.views"), "utf8")).toBe(
      "name,paid,id\nAnn,,1\n,,\n,false,\n,true,2\n"
    )
    const back = { paid: Format.omittable(Format.boolean()), id: fields.id }
    const read = yield* drive.readAll(
      Records.files(at("csv.views"), Format.csv(back, { header: "names", unknown: "skip" }))
    )
    expect(read.items).toStrictEqual([
      { paid: undefined, id: 1 },
      { paid: undefined, id: undefined },
      { paid: false, id: undefined },
      { paid: true, id: 2 }
    ])
  }).pipe(Effect.scoped)
)

it.effect("a row of CSV has its values under the header's names, whatever its own order", () =>
  Effect.gen(function* () {
    const at = yield* drive.withFiles({ first: "x\t1\n", second: "2\ty\n" })
    const views = (name: string, fields: Format.Fields) =>
      Pipeline.source(name, Records.files(at(name), Format.delimited(fields)))
    const merged = Pipeline.merge("all", [
      views("first", { a: Format.text(), n: Format.integer() }),
      views("second", { n: Format.integer(), a: Format.text() })
    ])
    yield* Pipeline.run(merged.pipe(Pipeline.sink("out", Records.csvSink(at("views")))))
    // Which of the two comes first the engine says.
    expect(["a,n\nx,1\ny,2\n", "n,a\n2,y\n1,x\n"]).toContain(fs.readFileSync(at("views"), "utf8"))
    const records = Source.fromIterable<object>([
      { a: "x", n: 1 },
      { n: 2 },
      { n: 3, a: "y" },
      { b: 4 }
    ])
    const sink = Records.csvSink<object>(at("objects"))
    const result = yield* Pipeline.run(
      Pipeline.source("in", records).pipe(
        Pipeline.sink("out", sink, { onError: Policy.deadLetter })
      )
    )
    expect(fs.readFileSync(at("objects"), "utf8")).toBe("a,n\nx,1\n,2\ny,3\n")
    expect(result.deadLetters.map(({ payload }) => payload)).toEqual([{ b: 4 }])
    expect(`${result.deadLetters[0]?.cause}`).toContain('a record has the field "b"')
  }).pipe(Effect.scoped)
)

it.effect("refuses views with a field that the header lacks, one by one", () =>
  Effect.gen(function* () {
    const at = yield* drive.withFiles({ first: "x\n", second: "y\nz\n" })
    const views = (name: string) =>
      Pipeline.source(name, Records.files(at(name), Format.delimited({ [name]: Format.text() })))
    const merged = Pipeline.merge("all", [views("first"), views("second")])
    const result = yield* Pipeline.run(
      merged.pipe(Pipeline.sink("out", Records.csvSink(at("out")), { onError: Policy.deadLetter }))
    )
    const isFirst = fs.readFileSync(at("out"), "utf8") === "first\nx\n"
    if (!isFirst) expect(fs.readFileSync(at("out"), "utf8")).toBe("second\ny\nz\n")
    expect(result.deadLetters.map(({ payload }) => payload)).toEqual(
      isFirst ? [{ second: "y" }, { second: "z" }] : [{ first: "x" }]
    )
  }).pipe(Effect.scoped)
)
