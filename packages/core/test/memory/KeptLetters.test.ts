// What a result keeps must not keep the input alive: a dead letter holds its record, not the chunk
// that it stood in.
import * as v8 from "node:v8"
import * as vm from "node:vm"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as Source from "../../src/Source.ts"
import { collect, engines } from "../engines.ts"

v8.setFlagsFromString("--expose-gc")
const gc = vm.runInNewContext("gc") as () => void

const chunksMax = 20

describe.each(engines)("$name engine, kept dead letters", (engine) => {
  it.effect("let go of the chunks their records stood in", () =>
    Effect.gen(function* () {
      const chunks: Array<WeakRef<object>> = []
      // An asynchronous source hands its chunk to a function that runs while the error is thrown.
      const pull = Effect.map(Effect.yieldNow, () => {
        if (chunks.length === chunksMax) return undefined
        const items = Array.from({ length: 100 }, (_, i) => ({ n: chunks.length * 100 + i }))
        chunks.push(new WeakRef(items))
        return { items, bytes: 0, provenance: undefined }
      })
      const source = Source.make("chunks", Effect.succeed({ pull: () => pull }))
      const open = Pipeline.source("in", source).pipe(
        Pipeline.map(
          "bad",
          ({ n }: { readonly n: number }): number => {
            if (n % 100 === 50) throw new Error(`no ${n}`, { cause: new Error("why") })
            return n
          },
          { onError: Policy.deadLetter }
        ),
        Pipeline.mapBatch("unchanged", (items: ReadonlyArray<number>) => items)
      )
      const { result } = yield* collect(engine, open)
      expect(result.deadLetters.length).toBe(chunksMax)
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      gc()
      const held = chunks.filter((chunk) => chunk.deref() !== undefined).length
      // The last one may still be on the stack of this test.
      expect(held).toBeLessThanOrEqual(1)
      const [first] = result.deadLetters.map(({ cause }) => cause)
      expect(first instanceof Error && first.stack).toContain("no 50")
    })
  )
})
