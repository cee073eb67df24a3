// Keyed state on bytes against the object table: the same description, the same history, the same
// answers at every step.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Batch from "@sluice/core/Batch"
import * as Fields from "@sluice/core/Fields"
import * as Format from "@sluice/core/Format"
import type { ViewBlock } from "@sluice/core/Views"
import * as Views from "@sluice/core/Views"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Accumulate from "../../src/Accumulate.ts"
import * as Aggregate from "../../src/Aggregate.ts"
import * as Assemble from "../../src/Assemble.ts"
import * as Complete from "../../src/Complete.ts"
import type { ByteArena } from "../../src/internal/byteArena.ts"
import { blockOf } from "../support/blocks.ts"

const head = Format.delimited(
  {
    key: Format.text(),
    words: Format.counted({ word: Format.text({ lower: true }), weight: Format.decimal() }),
    flag: Format.boolean(),
    title: Format.text()
  },
  { kind: "Head", separator: " " }
)
const left = Format.delimited(
  { key: Format.text(), word: Format.text(), x: Format.integer() },
  { kind: "Left", separator: " " }
)
const right = Format.delimited(
  { key: Format.text(), word: Format.text(), y: Format.text(), pos: Format.choice({ n: "noun" }) },
  { kind: "Right", separator: " " }
)
const kinds = { head, left, right }

type Kind = keyof typeof kinds
type Fragment = { readonly _tag: string; readonly key: string }

interface Step {
  readonly kind: Kind
  readonly origin: string
  readonly lines: ReadonlyArray<string>
  readonly ms: number
}

const keys = fc.constantFrom("a", "b", "bb", "cé", "a-long-key-of-many-bytes", "")
const words = fc.constantFrom("s", "t", "u", "é", "a_longer_word", "v", "w")

const lineOf: Readonly<Record<Kind, fc.Arbitrary<string>>> = {
  head: fc
    .tuple(keys, fc.array(fc.tuple(words, fc.integer()), { maxLength: 4 }), fc.boolean(), words)
    .map(([key, list, flag, title]) => {
      const elements = list.map(([word, weight]) => `${word.toUpperCase()} ${weight} `)
      return `${key} ${list.length} ${elements.join("")}${flag} ${title}`
    }),
  left: fc.tuple(keys, words, fc.integer()).map((parts) => parts.join(" ")),
  right: fc.tuple(keys, words, words).map((parts) => `${parts.join(" ")} n`)
}

const step = fc.constantFrom<Kind>("head", "left", "left", "right", "right").chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    origin: fc.constantFrom("p", "q"),
    lines: fc.array(lineOf[kind], { maxLength: 10 }),
    ms: fc.oneof(fc.constant(0), fc.integer({ min: -5, max: 300 }))
  })
)

const bounds = fc.record({
  limits: fc.record(
    {
      keys: fc.integer({ min: 1, max: 5 }),
      items: fc.integer({ min: 2, max: 9 }),
      bytes: fc.integer({ min: 5, max: 200 }),
      slots: fc.integer({ min: 2, max: 8 }),
      emit: fc.constantFrom("partial" as const, "discard" as const)
    },
    { requiredKeys: [] }
  ),
  expire: fc.record({
    idle: fc.integer({ min: 20, max: 400 }),
    emit: fc.constantFrom("partial" as const, "discard" as const)
  }),
  atEnd: fc.constantFrom("partial" as const, "discard" as const),
  late: fc.constantFrom("drop" as const, "reopen" as const),
  tombstones: fc.record({
    max: fc.constantFrom(0, 1, 3, 100),
    age: fc.integer({ min: 10, max: 500 })
  }),
  duplicates: fc.constantFrom("drop" as const, "fail" as const),
  progressWeights: fc.constantFrom({}, { "Left:s": 3 })
})

type Bounds = typeof bounds extends fc.Arbitrary<infer A> ? A : never

const specOf = (options: Bounds) =>
  Accumulate.make({
    ...options,
    key: Fields.joined("key"),
    complete: Complete.discoveredSlots<Fragment>({
      slot: Fields.of("word"),
      parts: { required: ["Left", "Right"], of: Fields.kind },
      declares: Fields.each("words", "word") as (fragment: Fragment) => ReadonlyArray<string>,
      declaredBy: "the head"
    }),
    output: Assemble.record("Head", {
      id: Assemble.key,
      title: Assemble.own("title"),
      flag: Assemble.own("flag"),
      words: Assemble.elements("words", "word", {
        word: Assemble.own("word"),
        x: Assemble.joined("Left", "x"),
        weight: Assemble.own("weight"),
        y: Assemble.joined("Right", "y"),
        pos: Assemble.joined("Right", "pos")
      })
    })
  })

type Instance = Accumulator.AccumulatorInstance<unknown, unknown>

interface Watched {
  readonly instance: Instance
  readonly failures: Array<string>
}

const watched = (
  make: (host: Accumulator.AccumulatorHost) => unknown,
  clock: { now: number }
): Watched => {
  const failures: Array<string> = []
  const instance = make({
    pipelineId: "p",
    stageId: "s",
    now: () => clock.now,
    failed: (index, key, cause, kind) => {
      failures.push(`${index} ${String(key)} ${kind} ${(cause as Error).message}`)
      return true
    }
  }) as Instance
  return { instance, failures }
}

const shown = (emitted: Batch.Batch<unknown> | undefined): unknown =>
  emitted && {
    items: emitted.items,
    headers: emitted.columns?.headers,
    seqBase: emitted.seqBase,
    index: emitted.index,
    bytes: emitted.bytes
  }

const stateOf = ({ instance, failures }: Watched): unknown => ({
  totals: instance.totals(),
  open: instance.openKeys(50),
  deadline: instance.deadline(),
  pending: instance.pending(),
  failures
})

const replay = (options: Bounds, steps: ReadonlyArray<Step>): void => {
  const clock = { now: 1_000 }
  const spec = specOf(options)
  const layouts = Object.values(kinds).map((format) => format.layout)
  const shape = spec.shapeFor?.(layouts)
  if (shape?._tag !== "Views") throw new Error(`not on views: ${shape?.reason}`)
  const objects = watched((host) => spec.make(host), clock)
  const views = watched((host) => shape.make(host, false), clock)
  const machine = views.instance as Instance & { readonly assertInvariants: () => void }
  let seq = 0
  const settle = (): void => {
    while (objects.instance.pending() || objects.instance.deadline() <= clock.now) {
      const [a, b] = [objects.instance.fire(clock.now), views.instance.fire(clock.now)]
      expect(shown(b)).toEqual(shown(a))
    }
    expect(stateOf(views)).toEqual(stateOf(objects))
    machine.assertInvariants()
  }
  for (const { kind, origin, lines, ms } of steps) {
    clock.now += ms
    const needs = shape.needs[layouts.indexOf(kinds[kind].layout)]!
    const decode = Format.decoder(kinds[kind] as Format.Format<unknown>)
    const items = lines.flatMap((line) => {
      const decoded = decode(line)
      return decoded._tag === "Records" ? decoded.records : []
    })
    const block = blockOf(kinds[kind], needs, lines)
    expect(block.length).toBe(items.length)
    const fields = { seqBase: seq, origin, timestamp: clock.now, bytes: lines.join("\n").length }
    seq += items.length
    const plain = objects.instance.process(Batch.make(items, fields))
    const viewed = views.instance.process(Batch.make(Views.asItems(block), fields))
    expect(shown(viewed)).toEqual(shown(plain))
    settle()
  }
  for (;;) {
    const [a, b] = [objects.instance.end(), views.instance.end()]
    expect(shown(b)).toEqual(shown(a))
    if (a === undefined) break
  }
  expect(stateOf(views)).toEqual(stateOf(objects))
}

describe("keyed state on bytes", () => {
  it("gives the answers of the object table at every step of any history", () => {
    fc.assert(
      fc.property(bounds, fc.array(step, { maxLength: 25 }), (options, steps) =>
        replay(options, steps)
      ),
      { numRuns: 250 }
    )
  })

  it("keeps keys of many slots as those of few", () => {
    const wide = (n: number): Step => ({
      kind: "head",
      origin: "p",
      ms: 0,
      lines: [`k ${n} ${Array.from({ length: n }, (_, i) => `W${i} ${i} `).join("")}true t`]
    })
    const parts = (kind: "left" | "right", n: number): Step => ({
      kind,
      origin: "q",
      ms: 0,
      lines: Array.from({ length: n }, (_, i) => `k w${i} ${kind === "left" ? i : `y${i} n`}`)
    })
    const options: Bounds = {
      limits: {},
      expire: { idle: 100, emit: "partial" },
      atEnd: "partial",
      late: "drop",
      tombstones: { max: 3, age: 100 },
      duplicates: "drop",
      progressWeights: {}
    }
    replay(options, [parts("left", 40), wide(60), parts("right", 60), parts("left", 60), wide(20)])
  })

  it("holds no cell once every key has left and nobody reads what they made", () => {
    const spec = specOf({
      limits: {},
      expire: { idle: 100, emit: "partial" },
      atEnd: "partial",
      late: "reopen",
      tombstones: { max: 0, age: 100 },
      duplicates: "drop",
      progressWeights: {}
    })
    const layouts = Object.values(kinds).map((format) => format.layout)
    const shape = spec.shapeFor?.(layouts)
    if (shape?._tag !== "Views") throw new Error("not on views")
    const { instance } = watched((host) => shape.make(host, true), { now: 0 })
    const arena = (instance as Instance & { readonly arena: ByteArena }).arena
    const blocks: Array<ViewBlock> = []
    for (let k = 0; k < 50; k++) {
      for (const [i, line] of [`k${k} 1 W 2 true t`, `k${k} w 7`, `k${k} w yy n`].entries()) {
        const block = blockOf(Object.values(kinds)[i]!, shape.needs[i]!, [line])
        const emitted = instance.process(Batch.make(Views.asItems(block)))
        if (emitted !== undefined) blocks.push(Views.blockOf(emitted.items)!)
      }
    }
    expect(blocks).toHaveLength(50)
    expect(arena.taken).toBeGreaterThan(50 * 64)
    const made = blocks.toReversed().flatMap((block) => {
      const records = block.toObjects()
      block.release()
      return records
    })
    expect(made[49]).toEqual({
      id: "k0",
      title: "t",
      flag: true,
      words: [{ word: "w", x: 7, weight: 2, y: "yy", pos: "noun" }]
    })
    expect(arena.taken).toBe(0)
  })
})

describe("figures on bytes", () => {
  const figures = {
    key: Aggregate.key,
    n: Aggregate.count,
    sum: Aggregate.sum("x"),
    low: Aggregate.min("x"),
    high: Aggregate.max("x")
  }
  const numbers = Format.delimited(
    { key: Format.text(), x: Format.decimal() },
    { separator: " " }
  ) as Format.Format<unknown>
  const value = fc.oneof(fc.integer(), fc.constantFrom(0.1, -0.25, 1e300))
  const lines = fc.array(
    fc.tuple(keys, value).map((parts) => parts.join(" ")),
    { maxLength: 12 }
  )

  it("are those of the object table, however keys leave", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(lines, fc.integer({ min: 0, max: 90 })), { maxLength: 12 }),
        fc.record({ keys: fc.integer({ min: 1, max: 5 }), items: fc.integer({ min: 3, max: 9 }) }),
        fc.constantFrom("drop" as const, "reopen" as const),
        (batches, limits, late) => {
          const clock = { now: 0 }
          const spec = Accumulate.make({
            ...Aggregate.of(figures),
            key: Fields.joined("key"),
            complete: Complete.never,
            expire: { idle: 100 },
            limits,
            late,
            tombstones: { max: 2 }
          })
          const shape = spec.shapeFor?.([numbers.layout])
          if (shape?._tag !== "Views") throw new Error(`not on views: ${shape?.reason}`)
          const objects = watched((host) => spec.make(host), clock)
          const views = watched((host) => shape.make(host, false), clock)
          for (const [list, ms] of batches) {
            clock.now += ms
            const block = blockOf(numbers, shape.needs[0]!, list)
            const decode = Format.decoder(numbers)
            const items = list.flatMap((line) => {
              const decoded = decode(line)
              return decoded._tag === "Records" ? (decoded.records as ReadonlyArray<object>) : []
            })
            const plain = objects.instance.process(Batch.make(items, { bytes: 99 }))
            const viewed = views.instance.process(Batch.make(Views.asItems(block), { bytes: 99 }))
            expect(shown(viewed)).toEqual(shown(plain))
            while (objects.instance.pending() || objects.instance.deadline() <= clock.now) {
              const [a, b] = [objects.instance.fire(clock.now), views.instance.fire(clock.now)]
              expect(shown(b)).toEqual(shown(a))
            }
            expect(stateOf(views)).toEqual(stateOf(objects))
          }
          expect(shown(views.instance.end())).toEqual(shown(objects.instance.end()))
          expect(stateOf(views)).toEqual(stateOf(objects))
        }
      ),
      { numRuns: 200 }
    )
  })
})

describe("the reason why an accumulator stays on objects", () => {
  const base = {
    key: Fields.joined("key"),
    complete: Complete.discoveredSlots<Fragment>({
      slot: Fields.of("word"),
      parts: { required: ["Left", "Right"], of: Fields.kind },
      declares: Fields.each("words", "word") as (fragment: Fragment) => ReadonlyArray<string>
    }),
    duplicates: "drop" as const,
    output: Assemble.record("Head", { title: Assemble.own("title") }),
    expire: { idle: 100 }
  }
  const layouts = Object.values(kinds).map((format) => format.layout)
  const reasonOf = (spec: {
    readonly shapeFor?: Accumulator.AccumulatorSpec<never, unknown>["shapeFor"]
  }) => {
    const shape = spec.shapeFor?.(layouts)
    return shape?._tag === "Objects" ? shape.reason : shape?._tag
  }
  it("is none when all is declared", () => {
    expect(reasonOf(Accumulate.make(base))).toBe("Views")
  })
  it.each([
    ["key is a plain function", { ...base, key: ({ key }: Fragment) => key }],
    ['key: Head has no field "other"', { ...base, key: Fields.of("other") as typeof base.key }],
    ["output is a plain function", { ...base, output: () => 1 }],
    ['duplicates: "accept" keeps', { ...base, duplicates: "accept" as const }],
    ["size is a plain function", { ...base, size: () => 1 }],
    ["only discovered slots", { ...base, complete: Complete.items(3) }],
    [
      'output: Head has no field "none"',
      { ...base, output: Assemble.record("Head", { none: Assemble.own("none") }) }
    ]
  ])("names it: %s", (reason, options) => {
    expect(reasonOf(Accumulate.make(options as typeof base))).toContain(reason)
  })
})
