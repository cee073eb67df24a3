// Histories for keyed state on bytes, and the comparison with the object table: the same
// description, the same history, the same answers at every step.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Batch from "@sluice/core/Batch"
import * as Format from "@sluice/core/Format"
import * as Views from "@sluice/core/Views"
import * as fc from "fast-check"
import { expect } from "vitest"
import type { ByteRows } from "../../src/internal/byteRows.ts"
import type { ByteTable } from "../../src/internal/byteTable.ts"
import type { TimerHeap } from "../../src/internal/timerHeap.ts"
import type { Tombstones } from "../../src/internal/tombstones.ts"
import { blockOf } from "./blocks.ts"

export const head = Format.delimited(
  {
    key: Format.text(),
    words: Format.counted({ word: Format.text({ lower: true }), weight: Format.decimal() }),
    flag: Format.boolean(),
    size: Format.decimal(),
    announced: Format.integer(),
    title: Format.text()
  },
  { kind: "Head", separator: " " }
)
export const left = Format.delimited(
  { key: Format.text(), word: Format.text(), x: Format.integer(), size: Format.decimal() },
  { kind: "Left", separator: " " }
)
export const right = Format.delimited(
  {
    key: Format.text(),
    word: Format.optional(Format.text()),
    y: Format.text(),
    size: Format.optional(Format.decimal()),
    announced: Format.optional(Format.integer()),
    pos: Format.optional(Format.choice({ n: "noun", v: "verb" }))
  },
  { kind: "Right", separator: " " }
)
/** Formats by name. */
export const kinds = { head, left, right }

export type Kind = keyof typeof kinds
/** What every kind has. */
export type Fragment = { readonly _tag: string; readonly key: string }

/** One batch. */
export interface Step {
  readonly kind: Kind
  readonly origin: string
  readonly lines: ReadonlyArray<string>
  readonly ms: number
}

export const keys = fc.constantFrom("a", "b", "bb", "cé", "a-long-key-of-many-bytes", "")
export const words = fc.constantFrom("s", "t", "u", "é", "a_longer_word", "v", "w")

/** Some that no fragment may have. */
const sizes = fc.oneof(
  { weight: 9, arbitrary: fc.nat(20) },
  { weight: 1, arbitrary: fc.constant(-1) }
)
const announcements = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -3) }
)

/** Whole numbers, at home in a slot or not. */
const wholes = fc.oneof(fc.integer(), fc.constantFrom(0, "-0", 1, 2 ** 30, 2 ** 30 + 1, 2 ** 40))

const sometimes = <A>(values: fc.Arbitrary<A>): fc.Arbitrary<A | ""> =>
  fc.oneof({ weight: 9, arbitrary: values }, { weight: 1, arbitrary: fc.constant<"">("") })

const lineOf: Readonly<Record<Kind, fc.Arbitrary<string>>> = {
  head: fc
    .tuple(
      keys,
      fc.array(fc.tuple(words, fc.integer()), { maxLength: 4 }),
      fc.tuple(fc.boolean(), sizes, announcements, words)
    )
    .map(([key, list, rest]) => {
      const elements = list.map(([word, weight]) => `${word.toUpperCase()} ${weight} `)
      return `${key} ${list.length} ${elements.join("")}${rest.join(" ")}`
    }),
  left: fc.tuple(keys, words, wholes, sizes).map((parts) => parts.join(" ")),
  // Fields that may be absent are: an empty text is null.
  right: fc
    .tuple(
      keys,
      sometimes(words),
      words,
      sometimes(sizes),
      sometimes(announcements),
      sometimes(fc.constantFrom("n", "v"))
    )
    .map((parts) => parts.join(" "))
}

/** Some lines of one kind, and the time that passes before them. */
export const step = fc.constantFrom<Kind>("head", "left", "left", "right", "right").chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    origin: fc.constantFrom("p", "q"),
    lines: fc.array(lineOf[kind], { maxLength: 10 }),
    ms: fc.oneof(fc.constant(0), fc.integer({ min: -5, max: 300 }))
  })
)

/** Bounds and endings. */
export const bounds = fc.record({
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
    max: fc.constantFrom(0, 1, 3, 100) as fc.Arbitrary<number>,
    age: fc.integer({ min: 10, max: 500 })
  }),
  duplicates: fc.constantFrom("drop" as const, "fail" as const, "accept" as const),
  progressWeights: fc.constantFrom({}, { "Left:s": 3 })
})

export type Bounds = typeof bounds extends fc.Arbitrary<infer A> ? A : never

export type Instance = Accumulator.AccumulatorInstance<unknown, unknown>

/** A machine with what failed in it. */
export interface Watched {
  readonly instance: Instance
  readonly failures: Array<string>
}

export const watched = (
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

export const shown = (emitted: Batch.Batch<unknown> | undefined): unknown =>
  emitted && {
    items: emitted.items,
    headers: emitted.columns?.headers,
    seqBase: emitted.seqBase,
    index: emitted.index,
    bytes: emitted.bytes
  }

export const stateOf = ({ instance, failures }: Watched): unknown => ({
  totals: instance.totals(),
  open: instance.openKeys(50),
  deadline: instance.deadline(),
  pending: instance.pending(),
  failures
})

/** What a comparison may change. */
export interface Comparison {
  /** Checks the rules of the machine, too, which asks predicates once more; default true. */
  readonly recounts?: boolean
  /** Breaks the rows, to see that it is found. */
  readonly breaks?: (rows: ByteRows) => void
}

/** Runs a history through both tables and compares them at every step. */
export const replay = (
  spec: Accumulator.AccumulatorSpec<never, unknown>,
  steps: ReadonlyArray<Step>,
  { recounts = true, breaks }: Comparison = {}
): void => {
  const clock = { now: 1_000 }
  const layouts = Object.values(kinds).map((format) => format.layout)
  const shape = spec.shapeFor?.(layouts)
  if (shape?._tag !== "Views") throw new Error(`not on views: ${shape?.reason}`)
  const objects = watched((host) => spec.make(host), clock)
  const views = watched((host) => shape.make(host, false), clock)
  const machine = views.instance as Instance & { readonly assertInvariants: () => void }
  breaks?.((views.instance as Instance & { readonly rows: ByteRows }).rows)
  let seq = 0
  const settle = (): void => {
    while (objects.instance.pending() || objects.instance.deadline() <= clock.now) {
      const [a, b] = [objects.instance.fire(clock.now), views.instance.fire(clock.now)]
      expect(shown(b)).toEqual(shown(a))
    }
    expect(stateOf(views)).toEqual(stateOf(objects))
    if (recounts) machine.assertInvariants()
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
  // What is left is the rows of the keys that are remembered, or that eviction looks at.
  const { timers, tombstones, table } = views.instance as Instance & {
    readonly timers: TimerHeap<number> | undefined
    readonly tombstones: Tombstones<number>
    readonly table: ByteTable
  }
  timers?.compact()
  const rows = [...new Set([...table.handles(), ...tombstones.handles(), ...table.candidates()])]
  const sizes = rows.map((row) => 8 * Math.ceil(table.rows.size(row) / 8))
  expect(table.rows.arena.taken).toBe(sizes.reduce((sum, size) => sum + size, 0))
}
