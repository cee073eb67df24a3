// Keyed state on bytes as a stage of a pipeline, behind filters and columns of views, on both
// engines: the same records as on objects.
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as Fields from "@sluice/core/Fields"
import * as Format from "@sluice/core/Format"
import type * as Graph from "@sluice/core/Graph"
import * as Records from "@sluice/core/node/Records"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Plan from "@sluice/core/Plan"
import * as Row from "@sluice/core/Row"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Effect from "effect/Effect"
import * as Accumulate from "../src/Accumulate.ts"
import * as Aggregate from "../src/Aggregate.ts"
import * as Assemble from "../src/Assemble.ts"
import * as Complete from "../src/Complete.ts"

const order = Format.csv(
  {
    note: Format.text(),
    channel: Format.choice({ shop: "shop", web: "web" }),
    order: Format.text(),
    total: Format.decimal()
  },
  { kind: "Order" }
)
const payment = Format.csv(
  { id: Format.integer(), order: Format.text(), paid: Format.decimal() },
  { kind: "Payment" }
)
type Order = typeof order extends Format.Format<infer A> ? A : never
type Payment = typeof payment extends Format.Format<infer A> ? A : never

const numbers = Array.from({ length: 500 }, (_, i) => i)
const files = {
  "orders.csv": [
    "note,channel,order,total",
    ...numbers.map((i) => `"note ${i}, long",${i % 3 === 0 ? "shop" : "web"},o${i % 90},${i / 4}`)
  ],
  "payments.csv": ["id,order,paid", ...numbers.map((i) => `${i},o${(i * 7) % 120},${i / 2}`)]
}

const directory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "sluice-bytes-"))),
  (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
)

const waived = { timeBoundWaived: "the input ends" }

const paid = Accumulate.make({
  key: Fields.joined("order"),
  complete: Complete.slots<Order | Payment>({ slot: Fields.kind, required: ["Order", "Payment"] }),
  late: "reopen",
  output: Assemble.record("Order", {
    order: Assemble.key,
    total: Assemble.own("total"),
    paid: Assemble.first("Payment", "paid")
  }),
  ...waived
})

const sums = Accumulate.make({
  ...Aggregate.of({ order: Aggregate.key, n: Aggregate.count, sum: Aggregate.sum("double") }),
  key: Fields.joined("order"),
  complete: Complete.items(3),
  late: "reopen",
  ...waived
})

const doubled = Row.columns<Order>()("total", "channel")({
  order: "order",
  double: Row.number((row) => (row.channel === "web" ? row.total * 2 : row.total))
})

const same = <A>(id: string) => Pipeline.mapBatch(id, (items: ReadonlyArray<A>) => items)

const runBoth = (
  pipelines: (root: string, onObjects: boolean) => Pipeline.Pipeline<unknown, Records.FileError>,
  engine: typeof AsyncEngine.make | typeof SyncEngine.make
) =>
  Effect.gen(function* () {
    const root = yield* directory
    for (const [name, lines] of Object.entries(files))
      fs.writeFileSync(path.join(root, name), lines.join("\n"))
    const texts: Array<string> = []
    const shapes: Array<ReadonlyMap<string, string>> = []
    for (const onObjects of [false, true]) {
      const out = path.join(root, `out-${onObjects}`)
      const closed = pipelines(root, onObjects).pipe(Pipeline.sink("out", Records.ndjsonSink(out)))
      shapes.push(Plan.make(Pipeline.graph(closed) as Graph.PipelineGraph).shapes)
      yield* Pipeline.run(closed, { engine: engine(), batchSize: 32 })
      texts.push(fs.readFileSync(out, "utf8"))
    }
    return { texts, shapes }
  }).pipe(Effect.scoped)

const engines = [
  { name: "async", engine: AsyncEngine.make },
  { name: "sync", engine: SyncEngine.make }
]

const sorted = (text: string | undefined): ReadonlyArray<string> => (text ?? "").split("\n").sort()

describe("keyed state on bytes in a pipeline", () => {
  it.effect.each(engines)("assembles behind filters that read more, $name", ({ engine }) =>
    Effect.gen(function* () {
      const { texts, shapes } = yield* runBoth((root, onObjects) => {
        const orders = Pipeline.source("orders", Records.files(`${root}/orders.csv`, order))
        const payments = Pipeline.source("payments", Records.files(`${root}/payments.csv`, payment))
        const web = (onObjects ? orders.pipe(same<Order>("a")) : orders).pipe(
          Pipeline.filter("web", Fields.where(Fields.equals("channel", "web"))),
          Pipeline.filter(
            "long",
            Row.of((_: Order, texts) => texts.note.endsWith("long"))
          )
        )
        const some = (onObjects ? payments.pipe(same<Payment>("b")) : payments).pipe(
          Pipeline.filter(
            "some",
            Row.reading<Payment>()("id")((row) => row.id % 5 > 0)
          )
        )
        return Pipeline.merge("all", [web, some]).pipe(Pipeline.accumulate("paid", paid))
      }, engine)
      expect(shapes[0]?.get("paid")).toBe("views")
      expect(shapes[1]?.get("paid")).toBe(undefined)
      // The order in which two sources meet is nobody's promise: what a key is made of is.
      const keysOf = (text: string | undefined) => sorted(text).map((line) => line.slice(0, 14))
      expect(keysOf(texts[0])).toEqual(keysOf(texts[1]))
      expect(sorted(texts[0]).length).toBeGreaterThan(100)
    })
  )

  it.effect.each(engines)("adds up computed columns until a count, $name", ({ engine }) =>
    Effect.gen(function* () {
      const { texts, shapes } = yield* runBoth((root, onObjects) => {
        const orders = Pipeline.source("orders", Records.files(`${root}/orders.csv`, order))
        return (onObjects ? orders.pipe(same<Order>("a")) : orders).pipe(
          Pipeline.map("double", doubled),
          Pipeline.accumulate("sums", sums)
        )
      }, engine)
      expect([...(shapes[0]?.values() ?? [])]).toEqual(["views", "views", "views", "views"])
      expect(shapes[1]?.get("sums")).toBe(undefined)
      expect(texts[0]).toBe(texts[1])
      expect(sorted(texts[0]).length).toBeGreaterThan(100)
    })
  )

  it("stays on objects where a field that it reads may be null, and only there", () => {
    const sale = Format.csv({
      city: Format.text(),
      amount: Format.decimal(),
      note: Format.optional(Format.text())
    })
    const shapesOf = (format: Format.Format<object>) =>
      Plan.make(
        Pipeline.graph(
          Pipeline.source("sales", Records.files("a.csv", format)).pipe(
            Pipeline.accumulate(
              "sums",
              Accumulate.make({
                ...Aggregate.of({ city: Aggregate.key, sum: Aggregate.sum("amount") }),
                key: Fields.joined("city"),
                complete: Complete.never,
                ...waived
              })
            ),
            Pipeline.sink("out", Records.ndjsonSink("out"))
          )
        ) as Graph.PipelineGraph
      ).shapes
    expect(shapesOf(sale).get("sums")).toBe("views")
    const partial = Format.csv({ city: Format.text(), amount: Format.optional(Format.decimal()) })
    expect(shapesOf(partial).get("sums")).toBe('objects: "amount", which it reads, may be null')
  })

  it("stays on objects where it would look up by a computed column", () => {
    const by = Accumulate.make({
      ...Aggregate.of({ n: Aggregate.count }),
      key: Fields.joined("half"),
      complete: Complete.never,
      ...waived
    })
    const half = Row.columns<Order>()("total")({ half: Row.number((row) => row.total / 2) })
    const closed = Pipeline.source("orders", Records.files("orders.csv", order)).pipe(
      Pipeline.map("half", half),
      Pipeline.accumulate("by", by),
      Pipeline.sink("out", Records.ndjsonSink("out"))
    )
    const { shapes } = Plan.make(Pipeline.graph(closed) as Graph.PipelineGraph)
    expect([...shapes]).toEqual([
      ["orders", "views"],
      ["half", 'views in, objects out: "by": "half", which it looks up by, is computed'],
      ["by", 'objects: "half", which it looks up by, is computed']
    ])
  })
})
