// Records that a full channel drops, or that come for a stage that is gone, where they are views:
// handed over as objects, and their bytes go back.
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Batch from "../../src/Batch.ts"
import * as Format from "../../src/Format.ts"
import * as FormatParser from "../../src/FormatParser.ts"
import { Channel } from "../../src/internal/runtime/channel.ts"
import { Wakeup } from "../../src/internal/runtime/wakeup.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Sink from "../../src/Sink.ts"
import type * as Source from "../../src/Source.ts"
import type { Sheet, ViewBlock } from "../../src/Views.ts"
import { asItems, blockOf } from "../../src/Views.ts"
import { engines, range } from "../engines.ts"
import { settle } from "../watchedSource.ts"

interface Numbered {
  readonly n: number
}

const format = Format.delimited({ n: Format.integer() })

/** The numbers from 0, ten in each block. */
const blocks = (count: number) => {
  const lent: Array<Sheet> = []
  const pullOf = (): Source.SourceReader<unknown>["pull"] => {
    let at = 0
    return () => {
      if (at === count) return undefined
      const text = range(10).map((i) => `${at * 10 + i}\n`)
      at++
      const parsed = FormatParser.parse(format, new TextEncoder().encode(text.join("")))
      if (parsed._tag === "Fault") throw new Error("no line of the format")
      lent.push(parsed.block.sheet)
      return { items: asItems(parsed.block), bytes: 40, provenance: undefined }
    }
  }
  const source: Source.Source<Numbered> = {
    _tag: "Source",
    label: "blocks",
    open: Effect.die("this source has views"),
    views: { layout: format.layout, open: () => Effect.sync(() => ({ pull: pullOf() })) }
  }
  const kept = () => lent.filter(({ owners }) => owners > 0).length
  return { source, kept, lent }
}

/** Takes blocks; the first one waits for the gate. */
const taker = (gate: Effect.Effect<void>, out: Array<number>): Sink.Sink<Numbered> => ({
  ...Sink.make(
    "taker",
    Effect.succeed({
      write: ({ items }: Batch.Batch<Numbered>) =>
        Effect.map(gate, () => {
          const block = blockOf(items)
          out.push(...((block?.toObjects() ?? []) as ReadonlyArray<Numbered>).map(({ n }) => n))
          block?.release()
        })
    })
  ),
  views: true
})

describe.each(engines)("$name engine, views that are dropped", (engine) => {
  it.effect.each(["drop-oldest", "drop-newest"] as const)(
    "%s hands over objects, and all blocks go back",
    (onFull) =>
      Effect.gen(function* () {
        const [out, dropped]: [Array<number>, Array<unknown>] = [[], []]
        const gate = yield* Deferred.make<void>()
        const { source, kept, lent } = blocks(20)
        const closed = Pipeline.source("in", source).pipe(
          Pipeline.sink("out", taker(Deferred.await(gate), out), {
            buffer: { capacity: 15, onFull }
          })
        )
        const running = yield* Pipeline.start(closed, {
          engine: engine.make(),
          onDropped: (_, payloads) => void dropped.push(...payloads)
        })
        yield* settle
        yield* Deferred.succeed(gate, undefined)
        const result = yield* running.result
        const numbers = dropped.map((record) => (record as Numbered).n)
        expect(numbers.length).toBeGreaterThan(100)
        expect([...out, ...numbers].toSorted((a, b) => a - b)).toEqual(range(200))
        expect(result.droppedCount).toBe(numbers.length)
        expect([lent.length, kept()]).toEqual([20, 0])
      })
  )
})

describe("a channel whose consumer is gone", () => {
  it("hands over what it holds, and what comes, as objects", () => {
    const told: Array<unknown> = []
    const channel = new Channel({ capacity: 30, onFull: "block" }, (payloads, reason) =>
      told.push(reason, ...payloads)
    )
    const parsed = (text: string) => {
      const { block } = FormatParser.parse(format, new TextEncoder().encode(text)) as {
        readonly block: ViewBlock
      }
      return { block, batch: Batch.make<unknown>(asItems(block)) }
    }
    const [held, late] = [parsed("1\n2\n"), parsed("3\n")]
    const nobody = new Wakeup(
      (task) => task(),
      (task) => task()
    )
    channel.push(held.batch, nobody)
    channel.cancel()
    channel.push(late.batch, nobody)
    expect(told).toEqual(["gone", { n: 1 }, { n: 2 }, "gone", { n: 3 }])
    expect([held.block.sheet.owners, late.block.sheet.owners]).toEqual([0, 0])
  })
})
