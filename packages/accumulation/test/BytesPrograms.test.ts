// Keyed state on bytes where programs and their memory end: in either language the answers are
// those of the object table, and it is known who gave them.

import * as Batch from "@sluice/core/Batch"
import * as PoolTracker from "@sluice/core/PoolTracker"
import * as Views from "@sluice/core/Views"
import { describe, expect, it, vi } from "vitest"
import type { ByteArena } from "../src/internal/byteArena.ts"
import { arenaWords } from "../src/internal/byteArena.ts"
import type { CompiledTable } from "../src/internal/compiledTable.ts"
import { stateWords } from "../src/internal/tableInputs.ts"
import { blockOf } from "./support/blocks.ts"
import type { Comparison, Given, Instance } from "./support/bothTables.ts"
import { compare, watched } from "./support/bothTables.ts"
import { head, left, right } from "./support/byteHistories.ts"
import { languages, takenByPrograms } from "./support/languages.ts"
import { collisions, hashOf } from "./support/slotCases.ts"
import type { TableCase } from "./support/tableBatches.ts"
import { complete, formatsOf, headOf } from "./support/tableBatches.ts"
import { growing, tableCases } from "./support/tableCases.ts"
import { wordsByKey } from "./support/wordsByKey.ts"

const fragmentsOf = ({ batches }: TableCase): number =>
  batches
    .map(
      ({ lines, from = 0, keeps = () => true }) =>
        lines.filter((_, i) => i >= from && keeps(i)).length
    )
    .reduce((sum, count) => sum + count, 0)

const run = (each: TableCase, comparison: Comparison): void => {
  const { spec, batches, holds = false, halts = false, check } = each
  const machine = compare(spec, formatsOf(each), batches, { ...comparison, holds, halts })
  check?.(machine)
}

/** Runs where the platform has so many memories for programs and no more. */
const withMemories = <A>(count: number, made: () => void, body: () => A): A => {
  const platform = Reflect.get(globalThis, "WebAssembly") as { readonly Memory: () => void }
  let left = count
  const Memory = new Proxy(platform.Memory, {
    construct: (target, given): object => {
      made()
      if (left-- <= 0) throw new RangeError("out of addresses")
      return Reflect.construct(target, given) as object
    }
  })
  vi.stubGlobal("WebAssembly", Object.create(platform, { Memory: { value: Memory } }))
  try {
    return body()
  } finally {
    vi.unstubAllGlobals()
  }
}

describe.each(languages)("fragments taken in %s", (language) => {
  it.each(tableCases)("answer as over objects: $name", (each) => {
    const share = takenByPrograms(() => run(each, { language })) / fragmentsOf(each)
    const [least, most] = language === "programs" ? each.taken : [0, 0]
    expect(share).toBeGreaterThanOrEqual(least)
    expect(share).toBeLessThanOrEqual(most)
  })
})

describe("programs", () => {
  const plain: ReadonlyArray<Given> = Array.from({ length: 6 }, (_, i) =>
    complete(
      Array.from({ length: 100 }, (_, k) => [`${i}-${k}`, ["w", "v"]] as const),
      [head, left, right]
    )
  ).flat()
  const kinds = [head, left, right]
  const sharesOf = (comparison: Comparison): number =>
    takenByPrograms(() => compare(wordsByKey(), kinds, plain, comparison)) / (6 * 500)

  it("take all fragments of a plain history, and none where JavaScript does", () => {
    expect(sharesOf({ language: "programs" })).toBe(1)
    expect(sharesOf({ language: "JavaScript" })).toBe(0)
  })

  it("take none where a tracker watches the memory, for it takes buffers away", () => {
    const tracker = new PoolTracker.PoolTracker()
    const pools = { tracker, watch: () => () => undefined }
    expect(sharesOf({ pools })).toBe(0)
    expect(tracker.leaks().length).toBeGreaterThan(0)
  })

  it("leave what has no room to whoever says so, where addresses end, too", () => {
    const { shapeFor } = wordsByKey()
    const shape = shapeFor?.(kinds.map(({ layout }) => layout))
    if (shape?._tag !== "Views") throw new Error("not on views")
    const { instance, failures } = watched((host) => shape.make(host, false), { now: 0 })
    const take = (keys: ReadonlyArray<string>): void => {
      const lines = keys.map((key) => headOf(key, ["w"]))
      instance.process(Batch.make(Views.asItems(blockOf(head, shape.needs[0]!, lines))))
    }
    take(["a", "b"])
    const { arena, compiled } = instance as Instance & {
      readonly arena: ByteArena
      readonly compiled: CompiledTable
    }
    // As if it had grown to the last byte that a reference reaches.
    arena.words[arenaWords.end] = 2 ** 31 - 64
    compiled.state[stateWords.limit] = 2 ** 31 - 8
    take(["c"])
    expect(failures).toEqual([expect.stringMatching(/^0 .*more than 2147483640 bytes. Cure: /)])
    expect(instance.totals().keysOpen).toBe(2)
  })

  it.each([
    ["none", 0],
    ["what came before it had to grow", 1]
  ])("take %s where the platform has no more memory", (_, memories) => {
    const whole = takenByPrograms(() => run(growing, {}))
    const made = vi.fn()
    const taken = withMemories(memories, made, () => takenByPrograms(() => run(growing, {})))
    expect(made).toHaveBeenCalledTimes(2)
    expect(taken > 0).toBe(memories > 0)
    expect(taken).toBeLessThan(whole / 2)
  })
})

describe("the cases", () => {
  it.each(collisions)("%s and %s have one hash", (a, b) => {
    expect(hashOf(a)).toBe(hashOf(b))
  })
})
