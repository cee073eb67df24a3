// Keyed state on bytes against the object table: the same description, the same history, the same
// answers at every step. And the parts of it against models: index, arena, slots.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Batch from "@sluice/core/Batch"
import { hashBytes } from "@sluice/core/ByteHash"
import * as Fields from "@sluice/core/Fields"
import * as Format from "@sluice/core/Format"
import type { ViewBlock } from "@sluice/core/Views"
import * as Views from "@sluice/core/Views"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Accumulate from "../../src/Accumulate.ts"
import * as Assemble from "../../src/Assemble.ts"
import * as Complete from "../../src/Complete.ts"
import { ByteArena } from "../../src/internal/byteArena.ts"
import { ByteEntry } from "../../src/internal/byteEntry.ts"
import { ByteIndex } from "../../src/internal/byteIndex.ts"
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
      { numRuns: 600 }
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

describe("the index by bytes", () => {
  const texts = fc.oneof(
    fc.integer({ min: 0, max: 400 }).map((n) => `n${n}`),
    fc.constantFrom("", "é", "x".repeat(100), `${"x".repeat(99)}y`)
  )
  const changes = fc.array(fc.tuple(fc.boolean(), texts), { maxLength: 1_500, size: "max" })

  const fresh = (index: ByteIndex, text: string): ByteEntry => {
    const bytes = Buffer.from(text)
    const hash = hashBytes(bytes, 0, bytes.length)
    return new ByteEntry(index.arena, index.fresh(hash, bytes, 0, bytes.length, 0))
  }

  it("answers as a Map does, and gives back what it let go of", () => {
    fc.assert(
      fc.property(changes, (list) => {
        const index = new ByteIndex(new ByteArena())
        const model = new Map<string, ByteEntry>()
        for (const [adds, text] of list) {
          const known = model.get(text)
          expect(index.get(text)).toBe(known)
          if (adds && known === undefined) {
            const entry = fresh(index, text)
            index.add(entry)
            model.set(text, entry)
          } else if (!adds && known !== undefined) {
            expect(index.delete(text)).toBe(true)
            model.delete(text)
            for (const gone of index.takeGone()) index.free(gone)
          }
        }
        expect([...index].map(([text]) => text)).toEqual([...model.keys()])
        expect(index.size).toBe(model.size)
        for (const [, entry] of index) index.remove(entry)
        for (const gone of index.takeGone()) index.free(gone)
        expect(index.arena.taken).toBe(0)
      }),
      { numRuns: 60 }
    )
  })

  it("tells keys of one hash apart", () => {
    const index = new ByteIndex(new ByteArena())
    const entries = ["one", "two", "ones"].map((text) => {
      const bytes = Buffer.from(text)
      const entry = new ByteEntry(index.arena, index.fresh(7, bytes, 0, bytes.length, 0))
      index.add(entry)
      return entry
    })
    const found = new Int32Array(4)
    const keys = new Int32Array(4)
    const bytes = new Uint8Array(keys.buffer)
    bytes.set(Buffer.from("two\0one\0ones"))
    const lengths = Int32Array.of(3, 3, 4, 2)
    const starts = Int32Array.of(0, 4, 8, 0)
    index.findAll(Int32Array.of(7, 7, 7, 7), keys, starts, lengths, 0, 4, found)
    expect([...found]).toEqual([entries[1]!.row, entries[0]!.row, entries[2]!.row, 0])
  })
})

describe("the arena", () => {
  it("never hands out the same byte twice, and hands out again what came back", () => {
    const sizes = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 3_000 })), {
      maxLength: 300
    })
    fc.assert(
      fc.property(sizes, (list) => {
        const arena = new ByteArena()
        const taken: Array<readonly [at: number, size: number, mark: number]> = []
        list.forEach(([takes, size], i) => {
          if (takes || taken.length === 0) {
            const at = arena.take(size)
            expect(at % 8).toBe(0)
            arena.bytes.fill(i & 255, at, at + size)
            taken.push([at, size, i & 255])
          } else {
            const [at, length, mark] = taken.splice(size % taken.length, 1)[0]!
            expect(arena.bytes.subarray(at, at + length).every((byte) => byte === mark)).toBe(true)
            arena.give(at, length)
          }
        })
        for (const [at, size] of taken) arena.give(at, size)
        expect(arena.taken).toBe(0)
      }),
      { numRuns: 100 }
    )
  })

  it("grows and keeps what it holds", () => {
    const arena = new ByteArena()
    const first = arena.take(16)
    arena.bytes.fill(9, first, first + 16)
    for (let i = 0; i < 300; i++) arena.take(8_000)
    expect([...arena.bytes.subarray(first, first + 16)]).toEqual(new Array(16).fill(9))
    expect(arena.reached).toBeGreaterThan(2 << 20)
  })
})
