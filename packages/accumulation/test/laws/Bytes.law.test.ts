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
import type { ByteMachine } from "../../src/internal/byteMachine.ts"
import { rehearse } from "../../src/internal/byteRehearsal.ts"
import { settingsOf } from "../../src/internal/settings.ts"
import { blockOf } from "../support/blocks.ts"
import type { Instance } from "../support/bothTables.ts"
import { shown, stateOf, watched } from "../support/bothTables.ts"
import type { Bounds, Fragment, Step } from "../support/byteHistories.ts"
import { bounds, keys, kinds, replay, step } from "../support/byteHistories.ts"
import { inLanguage, languages } from "../support/languages.ts"
import { wordsByKey } from "../support/wordsByKey.ts"

/** How such keys are kept on views. */
const shapeWith = (closed: Pick<Bounds, "late" | "tombstones">) => {
  const spec = wordsByKey(closed)
  const shape = spec.shapeFor?.(Object.values(kinds).map((format) => format.layout))
  if (shape?._tag !== "Views") throw new Error("not on views")
  return shape
}

describe.each(languages)("keyed state on bytes, in %s,", (language) => {
  const madeOf = (shape: ReturnType<typeof shapeWith>, emitViews: boolean) =>
    inLanguage(language, () => watched((host) => shape.make(host, emitViews), { now: 0 })).instance

  it("gives the answers of the object table at every step of any history", () => {
    fc.assert(
      fc.property(bounds, fc.array(step, { maxLength: 25 }), (options, steps) =>
        replay(wordsByKey(options), steps, { language })
      ),
      { numRuns: 150 }
    )
  })

  it("keeps keys of many slots as those of few", () => {
    const wide = (n: number): Step => ({
      kind: "head",
      origin: "p",
      ms: 0,
      lines: [`k ${n} ${Array.from({ length: n }, (_, i) => `W${i} ${i} `).join("")}true 1 1 t`]
    })
    const parts = (kind: "left" | "right", n: number): Step => ({
      kind,
      origin: "q",
      ms: 0,
      lines: Array.from(
        { length: n },
        (_, i) => `k w${i} ${kind === "left" ? `${i} 1` : `y${i} 1 1 n`}`
      )
    })
    const steps = [parts("left", 40), wide(60), parts("right", 60), parts("left", 60), wide(20)]
    replay(wordsByKey(), steps, { language })
  })

  it("takes what it rehearses everywhere but into a failure", () => {
    const shape = shapeWith({ late: "drop", tombstones: { max: 4, age: 1_000 } })
    const machines: Array<ByteMachine> = []
    const layouts = Object.values(kinds).map(({ layout }) => layout)
    const { settings } = settingsOf({ expire: { idle: 100 } })
    rehearse(layouts, shape.needs, settings, (host, _, emitViews) => {
      machines.push(inLanguage(language, () => shape.make(host, emitViews)) as ByteMachine)
      return machines[0] as ByteMachine
    })
    const totals = machines[0]?.totals()
    expect(totals).toMatchObject({ keysCompleted: 15, keysOpen: 1, fragmentsFailed: 0 })
    expect(totals?.dropsByReason).toMatchObject({ late: 4, duplicate: 5 })
    expect(machines[0]?.tombstones.count).toBe(4)
  })

  it("holds no cell once every key has left and nobody reads what they made", () => {
    const shape = shapeWith({ late: "reopen", tombstones: { max: 0, age: 100 } })
    const instance = madeOf(shape, true)
    const arena = (instance as Instance & { readonly arena: ByteArena }).arena
    const blocks: Array<ViewBlock> = []
    for (let k = 0; k < 50; k++) {
      for (const [i, line] of [
        `k${k} 1 W 2 true 1 1 t`,
        `k${k} w 7 1`,
        `k${k} w yy 1 1 n`
      ].entries()) {
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
    // Timers of keys that have left are looked at when the next one is asked for.
    expect(instance.deadline()).toBe(Number.POSITIVE_INFINITY)
    expect(arena.taken).toBe(0)
  })

  it("holds little for timers of long keys that have left", () => {
    const shape = shapeWith({ late: "reopen", tombstones: { max: 0, age: 100 } })
    const instance = madeOf(shape, false)
    const { arena } = instance as Instance & { readonly arena: ByteArena }
    const take = (kind: number, line: string) => {
      const block = blockOf(Object.values(kinds)[kind]!, shape.needs[kind]!, [line])
      instance.process(Batch.make(Views.asItems(block)))
    }
    take(1, "first w 7 1")
    const most = { bytes: 0 }
    for (let k = 0; k < 400; k++) {
      const key = `${k}-${"long".repeat(8_000)}`
      take(0, `${key} 1 W 2 true 1 1 t`)
      take(1, `${key} w 7 1`)
      take(2, `${key} w yy 1 1 n`)
      most.bytes = Math.max(most.bytes, arena.taken)
    }
    expect(instance.totals().keysCompleted).toBe(400)
    expect(most.bytes).toBeLessThan(5 << 20)
  })

  it("leaves what it handed on where it is while the memory of its keys grows", () => {
    const shape = shapeWith({ late: "drop", tombstones: { max: 3, age: 100 } })
    const instance = madeOf(shape, true)
    const { arena } = instance as Instance & { readonly arena: ByteArena }
    const take = (kind: number, lines: ReadonlyArray<string>) => {
      const block = blockOf(Object.values(kinds)[kind]!, shape.needs[kind]!, lines)
      return instance.process(Batch.make(Views.asItems(block)))
    }
    take(0, ["k 1 W 2 true 1 1 title"])
    take(1, ["k w 7 1"])
    const made = Views.blockOf(take(2, ["k w yy 1 1 n"])?.items)
    const before = arena.bytes
    for (let k = 0; arena.bytes === before; k++)
      take(1, [`k${k} ${"long_word".repeat(100)}${k} 1 1`])
    const [record] = made?.toObjects() ?? []
    expect(record).toMatchObject({ id: "k", title: "title", words: [{ word: "w", y: "yy" }] })
    made?.release()
    take(1, ["other w 1 1"])
    // Nobody reads the smaller buffer any more: it is whoever's.
    expect(before.every((byte) => byte === 0)).toBe(true)
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
    ["size is a plain function", { ...base, size: () => 1 }],
    ["a predicate sees fragments", { ...base, complete: Complete.predicate(() => true) }],
    ["count is a plain function", { ...base, complete: Complete.count(() => 1) }],
    [
      "slot is a plain function",
      { ...base, complete: Complete.slots({ slot: () => "s", required: ["s"] }) }
    ],
    [
      "slot 1 is no text",
      { ...base, complete: Complete.slots({ slot: Fields.of("word"), required: [1] }) }
    ],
    [
      "are not found by the slots",
      {
        ...base,
        complete: Complete.slots({ slot: Fields.kind, required: ["Left"] }),
        output: Assemble.record("Head", {
          words: Assemble.elements("words", "word", { x: Assemble.joined("Left", "x") })
        })
      }
    ],
    [
      "several kinds fill a slot",
      {
        ...base,
        complete: Complete.slots({ slot: Fields.of("word"), required: ["s"] }),
        output: Assemble.record("Head", {
          words: Assemble.elements("words", "word", { x: Assemble.joined("Left", "x") })
        })
      }
    ],
    [
      'output: Head has no field "none"',
      { ...base, output: Assemble.record("Head", { none: Assemble.own("none") }) }
    ]
  ])("names it: %s", (reason, options) => {
    expect(reasonOf(Accumulate.make(options as typeof base))).toContain(reason)
  })
})
