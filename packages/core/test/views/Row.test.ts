// Functions on rows: the same answers on views as on objects, for any function of any kind, under
// any error policy and either engine; rows that are kept are caught.

import * as fs from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Format from "../../src/Format.ts"
import type * as Graph from "../../src/Graph.ts"
import * as Records from "../../src/node/Records.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Plan from "../../src/Plan.ts"
import * as Policy from "../../src/Policy.ts"
import * as Row from "../../src/Row.ts"
import * as Sink from "../../src/Sink.ts"
import type * as Source from "../../src/Source.ts"
import * as SyncEngine from "../../src/SyncEngine.ts"
import * as drive from "../node/drive.ts"

const format = Format.delimited(
  {
    name: Format.text(),
    value: Format.decimal(),
    kind: Format.choice({ n: "noun", v: "verb" }),
    flag: Format.boolean(),
    maybe: Format.optional(Format.text()),
    number: Format.optional(Format.decimal()),
    word: Format.optional(Format.choice({ x: "ex" })),
    sure: Format.optional(Format.boolean()),
    nick: Format.omittable(Format.text()),
    count: Format.omittable(Format.integer()),
    sort: Format.omittable(Format.choice({ y: "why" })),
    done: Format.omittable(Format.boolean()),
    words: Format.counted({ word: Format.text(), n: Format.integer() }),
    note: Format.text()
  },
  { kind: "Line" }
)
type Line = typeof format extends Format.Format<infer A> ? A : never

const nameOf = (i: number): string => ["a", "ab", "abc", "é", "", "-17", "42"][i % 7] as string

const text = Array.from({ length: 300 }, (_, i) => {
  const words = Array.from({ length: i % 3 }, (_, k) => `w${k}\t${k}\t`).join("")
  const known = [nameOf(i), (i % 9) - 3.5, "nv"[i % 2], i % 5 === 0]
  const absent = i % 4 === 0 ? ["", "", "", ""] : [`m${i}`, i, "x", i % 3 === 0]
  const omitted = i % 5 === 0 ? ["", "", "", ""] : [`k${i}`, i, "y", i % 3 === 0]
  const fields = [...known, ...absent, ...omitted, i % 3, `${words}note ${i}`]
  return fields.join("\t")
}).join("\n")

const shapesOf = (closed: Pipeline.Closed<unknown, unknown>): Record<string, string> =>
  Object.fromEntries(Plan.make(Pipeline.graph(closed) as Graph.PipelineGraph).shapes)

const boom = (row: Line): boolean => {
  if (row.value === 2.5) throw new Error(`no ${row.name}`)
  return row.flag
}

const filters: Readonly<Record<string, (record: Line) => boolean>> = {
  number: Row.of((row: Line) => row.value > 0),
  boolean: Row.of((row: Line) => row.flag),
  choice: Row.of((row: Line) => row.kind === "verb"),
  string: Row.of((row: Line) => row.name.length > 1),
  group: Row.of((row: Line) => row.words.some(({ word, n }) => word === "w1" && n === 1)),
  starts: Row.of((_: Line, texts) => texts.name.startsWith("ab")),
  startsWide: Row.of((_: Line, texts) => texts.name.startsWith("é")),
  ends: Row.of((_: Line, texts) => texts.note.endsWith("7")),
  includes: Row.of((_: Line, texts) => texts.note.includes("e 1")),
  equals: Row.of((_: Line, texts) => texts.name.equals("ab") || texts.name.equals(texts.note)),
  equalsKind: Row.of((_: Line, texts) => texts.kind.equals("verb") && texts._tag.equals("Line")),
  compare: Row.of((_: Line, texts) => texts.name.compare("aa") > 0),
  integer: Row.of((_: Line, texts) => (texts.name.integer() ?? 0) < 0),
  hash: Row.of((_: Line, texts) => (texts.name.hash() & 1) === 0),
  bytes: Row.of((_: Line, texts) => texts.name.bytes.length === 2 || texts.name.at(0) === 97),
  length: Row.of((_: Line, texts) => texts.name.length === 2 && !texts.name.isNull),
  decoded: Row.of((_: Line, texts) => `${texts.name}` === "abc"),
  absent: Row.of((row: Line) => row.maybe === null && row.number === null && row.word === null),
  omitted: Row.of((row: Line) => row.nick === undefined && row.count === undefined),
  omittedCodes: Row.of((row: Line) => row.sort === undefined && row.done === undefined),
  omittedText: Row.of((_: Line, texts) => texts.nick.isNull || texts.sort.equals("why")),
  omittedSome: Row.reading<Line>()("nick", "count")((row) => row.nick === row.count),
  absentBoolean: Row.of((row: Line) => row.sure === null),
  absentText: Row.of((_: Line, texts) => texts.maybe.isNull || texts.word.equals("ex")),
  absentEquals: Row.of((_: Line, texts) => texts.maybe.equals("") || !texts.word.startsWith("")),
  cursor: Row.of((_: Line, __, cursor) => cursor.seqId % 3 === 1),
  some: Row.reading<Line>()("value", "name")(
    (row, texts) => row.value < 0 && texts.name.length > 0
  ),
  none: Row.of((row: Line) => row.value > 99),
  all: Row.of((row: Line) => row.value < 99),
  boom: Row.of(boom)
}

const maps: Readonly<Record<string, (record: Line) => unknown>> = {
  literal: Row.of((row: Line) => ({ n: row.name, twice: row.value * 2 })),
  spread: Row.of((row: Line) => ({ ...row, extra: 1 })),
  itself: Row.of((row: Line) => row),
  names: Row.of((row: Line) => Object.keys({ ...row }).join()),
  someNames: Row.reading<Line>()("nick", "done")((row) => Object.keys({ ...row }).join()),
  some: Row.reading<Line>()("name", "flag")((row) => ({ ...row })),
  someItself: Row.reading<Line>()("name", "flag", "_tag")((row) => row),
  columns: Row.columns<Line>()("value", "flag")({
    n: "name",
    words: "words",
    k: "nick",
    c: "count",
    half: Row.number((row) => (row.flag ? row.value / 2 : null)),
    odd: Row.number((row) => (row.value > 0 ? row.value : Number.NaN)),
    neither: Row.boolean((row) => (row.value === 0.5 ? null : !row.flag)),
    size: Row.choice(["small", "large"], (row) => (row.value > 1 ? "large" : "small"))
  }),
  columnsOfAll: Row.columns<Line>()()({
    seq: Row.number((_, __, cursor) => cursor.seqId),
    long: Row.boolean((_, texts) => texts.note.length > 6)
  }),
  columnsBoom: Row.columns<Line>()()({
    name: "name",
    no: Row.boolean((row) => boom(row)),
    small: Row.number((row) => row.value)
  }),
  columnsOfOtherKind: Row.columns<Line>()()({
    name: "name",
    half: Row.number((row) => (row.value === 1.5 ? ("x" as never) : row.value)),
    size: Row.choice(["a"], (row) => (row.flag ? "a" : ("z" as never)))
  }),
  boom: Row.of((row: Line) => ({ no: boom(row) }))
}

const expand = function* (row: Line) {
  yield row
  for (const { word } of row.words) yield { word, of: row.name }
}

const flatMaps: Readonly<Record<string, (record: Line) => Iterable<unknown>>> = {
  array: Row.of((row: Line) => (row.flag ? [row.name, row, row.value] : [])),
  generator: Row.of((row: Line) => expand(row)),
  one: Row.of((row: Line) => [row.note]),
  notIterable: Row.of((row: Line) => (row.flag ? (7 as never) : [row.note])),
  boom: Row.of((row: Line) => [boom(row)])
}

const policies = { fail: Policy.fail, ignore: Policy.ignore, letters: Policy.deadLetter }

type Stage = (
  pipeline: Pipeline.Pipeline<Line, Records.FileError>
) => Pipeline.Pipeline<unknown, Records.FileError>

const stages = (onError: keyof typeof policies): ReadonlyArray<readonly [string, Stage]> => {
  const options = { onError: policies[onError] }
  return [
    ...Object.entries(filters).map(([name, f]): readonly [string, Stage] => [
      `filter ${name}`,
      Pipeline.filter("rows", f, options)
    ]),
    ...Object.entries(maps).map(([name, f]): readonly [string, Stage] => [
      `map ${name}`,
      Pipeline.map("rows", f, options)
    ]),
    ...Object.entries(flatMaps).map(([name, f]): readonly [string, Stage] => [
      `flatMap ${name}`,
      Pipeline.flatMap("rows", f, options)
    ])
  ]
}

/** What a run did: what came out, what failed and how, what was counted. */
const done = <R>(closed: Pipeline.Closed<unknown, R>, options: Pipeline.RunOptions) =>
  Effect.map(Effect.result(Pipeline.run(closed, options)), (ended) => {
    const error =
      Result.isFailure(ended) && ended.failure._tag === "PipelineError" ? ended.failure : undefined
    const result = Result.isSuccess(ended) ? ended.success : error?.result
    if (result === undefined) throw new Error("the graph was refused")
    const letters = [...result.deadLetters, ...(error === undefined ? [] : [error.failure])]
    const { recordsIn, recordsMade, inFlight, dropped, errors } = result.finalStates.rows ?? {}
    return {
      recordsOut: result.recordsOut,
      letters: letters.map(({ payload, seqId, cause, location }) => ({
        // Of a failure that ends the run the record is what was read of it.
        payload: error === undefined ? payload : (payload as Line).value,
        seqId,
        location,
        cause: String(cause)
      })),
      counts: { recordsIn, recordsMade, inFlight, dropped, errors }
    }
  })

const batchSize = 64

describe("functions on rows", () => {
  const engines = { async: {}, sync: { engine: SyncEngine.make() } }
  const cases = Object.keys(policies).flatMap((policy) =>
    stages(policy as keyof typeof policies).map(([name, stage]) => ({ name, policy, stage }))
  )
  it.effect.each(cases)("answer on views as on objects: $name, $policy", ({ stage }) =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ a: text })
      const source = Pipeline.source("a", Records.files(at("a"), format))
      const same = Pipeline.mapBatch("same", (lines: ReadonlyArray<Line>) => lines)
      for (const options of Object.values(engines)) {
        const outcomes: Array<unknown> = []
        for (const before of [source, source.pipe(same)]) {
          const items: Array<unknown> = []
          const sink = Pipeline.sink("out", Sink.collectInto(items))
          const closed = before.pipe(stage, sink)
          const onViews = shapesOf(closed).rows?.startsWith("views in, objects out") === true
          expect(onViews).toBe(before === source)
          outcomes.push({ ...(yield* done(closed, { ...options, batchSize })), items })
        }
        expect(outcomes[0]).toEqual(outcomes[1])
      }
    }).pipe(Effect.scoped)
  )
})

describe("a plan with functions on rows", () => {
  const source = Pipeline.source("a", Records.files("a.tsv", format))
  const file = Records.ndjsonSink("out.ndjson")
  const large = Pipeline.filter(
    "large",
    Row.reading<Line>()("value")((row) => row.value > 0)
  )
  const shape = Pipeline.map(
    "shape",
    Row.columns<Line>()("value")({ name: "name", twice: Row.number((row) => row.value * 2) })
  )

  it("stays on views through filters and columns", () => {
    expect(shapesOf(source.pipe(large, shape, Pipeline.sink("out", file)))).toEqual({
      a: "views",
      large: "views",
      shape: "views",
      out: "views"
    })
  })

  it("explains what runs on views", () => {
    const closed = source.pipe(large, Pipeline.sink("out", Sink.drain))
    const text = Plan.explain(Plan.make(Pipeline.graph(closed) as Graph.PipelineGraph))
    expect(text).toContain("    stage   large (on views)")
    expect(text).toContain("            not fused: it works on blocks of views")
    expect(text).toContain('    large: views in, objects out: "out": the sink takes objects')
  })

  it("says where objects are made, and for whom", () => {
    const drained = Pipeline.sink("out", Sink.drain)
    expect(shapesOf(source.pipe(large, drained))).toEqual({
      a: "views",
      large: 'views in, objects out: "out": the sink takes objects',
      out: "objects: the sink takes objects"
    })
    const mapped = source.pipe(
      large,
      Pipeline.map(
        "name",
        Row.of((row: Line) => row.name)
      ),
      drained
    )
    expect(shapesOf(mapped)).toEqual({
      a: "views",
      large: "views",
      name: "views in, objects out: they are what its function makes"
    })
    const guarded = Pipeline.filter(
      "large",
      Row.of((row: Line) => row.flag),
      {
        onError: Policy.retry({ retriesMax: 2, backoffMs: 1 })
      }
    )
    expect(shapesOf(source.pipe(guarded, drained))).toEqual({
      a: 'objects: "large": waiting between retries is an effect',
      large: "objects: waiting between retries is an effect"
    })
    const falling = Pipeline.filter(
      "large",
      Row.of((row: Line) => row.flag),
      {
        onError: { fallback: () => true }
      }
    )
    expect(shapesOf(source.pipe(falling, drained)).large).toBe(
      "objects: its error policy falls back record by record"
    )
    const lacking = Row.columns<{ readonly other: string }>()()({ x: "other" })
    expect(
      shapesOf(source.pipe(Pipeline.map("none", lacking as never), Pipeline.sink("out", file))).none
    ).toBe('objects: Line has no field "other"')
  })

  it("asks the source for the fields that functions say they read, and no others", () => {
    const asked = (stage: Stage, sink: Sink.Sink<unknown, Records.FileError> = Sink.drain) => {
      let columns: ReadonlyArray<string> = []
      const watching: Source.Source<Line, Records.FileError> = {
        ...Records.files("a.tsv", format),
        views: {
          layout: format.layout,
          open: (needs) => {
            columns = [...needs.columns].sort()
            return Effect.never
          }
        }
      }
      const closed = Pipeline.source("a", watching).pipe(stage, Pipeline.sink("out", sink))
      expect(shapesOf(closed).a).toBe("views")
      return columns
    }
    const name = Pipeline.map(
      "name",
      Row.reading<Line>()("name")((row) => row.name)
    )
    expect(asked(name)).toEqual(["name"])
    expect(asked((line) => line.pipe(large, name))).toEqual(["name", "value"])
    expect(asked((line) => line.pipe(large, shape), file)).toEqual(["name", "value"])
    expect(
      asked(
        Pipeline.map(
          "words",
          Row.reading<Line>()("words")(({ words }) => words)
        )
      )
    ).toEqual(["words", "words.n", "words.word"])
    const letters = { onError: Policy.deadLetter }
    const rest = ["name", "note", "number", "sure", "value", "word"]
    const omitted = ["count", "done", "nick", "sort"]
    const others = ["flag", "kind", "maybe", "words", "words.n", "words.word"]
    const all = [...rest, ...omitted, ...others].toSorted()
    expect(
      asked(
        Pipeline.map(
          "name",
          Row.reading<Line>()("name")(({ name }) => name),
          letters
        )
      )
    ).toEqual(all)
    expect(
      asked(
        Pipeline.map(
          "name",
          Row.of((row: Line) => row.name)
        )
      )
    ).toEqual(all)
    // What goes on as objects is the whole record.
    expect(asked(large)).toEqual(all)
  })

  it.effect("writes views behind filters and columns as it writes objects", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ a: text })
      const lines = Pipeline.source("a", Records.files(at("a"), format))
      const write = (name: string) => Pipeline.sink("out", Records.ndjsonSink(at(name)))
      const same = Pipeline.mapBatch("same", (items: ReadonlyArray<Line>) => items)
      yield* Pipeline.run(lines.pipe(large, shape, write("views")), { batchSize })
      yield* Pipeline.run(lines.pipe(same, large, shape, write("objects")), { batchSize })
      const [views, objects] = ["views", "objects"].map((name) => fs.readFileSync(at(name), "utf8"))
      expect(views).toBe(objects)
      expect(views).toContain('{"name":"é","twice":5}')
    }).pipe(Effect.scoped)
  )

  it.effect("catches a row that is kept, in development mode", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ a: text })
      const lines = Pipeline.source("a", Records.files(at("a"), format))
      let kept: Line | undefined
      const run = (f: (row: Line, texts: Row.Texts<Line>) => unknown, development = true) =>
        Effect.map(
          Effect.result(
            Pipeline.run(
              lines.pipe(Pipeline.map("keep", Row.of(f)), Pipeline.sink("out", Sink.drain)),
              { development }
            )
          ),
          (ended) => (Result.isFailure(ended) ? String(ended.failure) : "went through")
        )
      const keeper = (row: Line): unknown => {
        const before = kept?.name
        kept = row
        return before
      }
      expect(yield* run(keeper)).toContain('stage "keep": a row was used after the call')
      kept = undefined
      expect(yield* run((row) => [row.name, { ...row }, row.words])).toBe("went through")
      let bytes: Row.Texts<Line>["name"] | undefined
      const textKeeper = (_: Line, texts: Row.Texts<Line>): unknown => {
        const before = bytes?.length
        bytes = texts.name
        return before
      }
      expect(yield* run(textKeeper)).toContain("it is another record by then")
      kept = undefined
      expect(yield* run(keeper, false)).toBe("went through")
    }).pipe(Effect.scoped)
  )
})
