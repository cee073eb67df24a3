// Effects one after the other, in the segment's own fiber: concurrency 1, and the way the sync engine runs every effect.
// Also carries synchronous stages that have a retry policy, since waiting between attempts is an effect.
// Order in, order out. Finished results are handed on at least every few milliseconds, so a slow effect delays only itself.
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Batch from "../../Batch.ts"
import type * as DeadLetter from "../../DeadLetter.ts"
import { fallbackOf, functionOf } from "../erased.ts"
import { finalPolicy } from "../runtime/rejections.ts"
import type { Wait } from "../runtime/wait.ts"
import { type Attempted, attempt, callOf, type UserEffect } from "./attempt.ts"
import { BatchCursor } from "./batchCursor.ts"
import { Chained } from "./chained.ts"

const lingerMicros = 5_000

/** What has been produced of the current batch and not yet handed on. */
interface Output {
  items: Array<unknown>
  positions: Array<number>
}

/** The sequential form of mapEffect, mapPromise, and of retried map, filter and flatMap. */
export class SequentialEffect extends Chained {
  private readonly cursor = new BatchCursor()

  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    return this.runAll(batch)
  }

  private once(batch: Batch.Batch<unknown>, position: number): () => UserEffect {
    const payload = batch.items[position]
    const operation = this.node.operation
    if (operation._tag === "MapEffect" || operation._tag === "MapPromise") return callOf(this.node, payload)
    const f = functionOf(this.node)
    return () =>
      Effect.sync(() => {
        this.cursor.batch = batch
        this.cursor.position = position
        const result = f(payload, this.cursor)
        return operation._tag === "FlatMap" ? Array.from(result as Iterable<unknown>) : result
      })
  }

  private accept(batch: Batch.Batch<unknown>, position: number, value: unknown, output: Output): void {
    const tag = this.node.operation._tag
    if (tag === "Filter" && !value) return
    const values = tag === "FlatMap" ? (value as ReadonlyArray<unknown>) : [tag === "Filter" ? batch.items[position] : value]
    for (const item of values) {
      output.items.push(item)
      output.positions.push(position)
    }
  }

  private refuse(batch: Batch.Batch<unknown>, position: number, failed: Attempted, output: Output): boolean {
    const { cause, attempts } = failed
    const payload = batch.items[position]
    const fallback = fallbackOf(this.node)
    if (finalPolicy(this.node.errorPolicy)._tag === "Fallback" && fallback !== undefined) {
      try {
        this.accept(batch, position, fallback(payload, cause), output)
        this.stats.errors++
        return true
      } catch (thrown) {
        return this.rejections.reject({ batch, position, payload, cause: thrown, attempts })
      }
    }
    return this.rejections.reject({ batch, position, payload, cause, attempts, kind: "recoverable" })
  }

  private handOn(batch: Batch.Batch<unknown>, output: Output): Wait {
    if (output.items.length === 0) return undefined
    const derived = Batch.derive(batch, output.items, output.positions)
    output.items = []
    output.positions = []
    return this.forward(derived)
  }

  private readonly runAll = Effect.fnUntraced(function* (
    this: SequentialEffect,
    batch: Batch.Batch<unknown>
  ): Generator<Effect.Effect<unknown, DeadLetter.DeadLetter>, void, never> {
    const output: Output = { items: [], positions: [] }
    let handedOnAt = this.run.micros()
    for (let i = 0; i < batch.items.length; i++) {
      const before = this.run.micros()
      const result: Result.Result<unknown, Attempted> = yield* Effect.result(attempt(this.node, this.once(batch, i)))
      const after = this.run.micros()
      this.stats.recordLatency(after - before)
      if (Result.isSuccess(result)) this.accept(batch, i, result.success, output)
      else if (!this.refuse(batch, i, result.failure, output)) break
      if (after - handedOnAt > lingerMicros) {
        yield* this.handOn(batch, output) ?? Effect.void
        handedOnAt = after
      }
    }
    yield* this.handOn(batch, output) ?? Effect.void
    this.observed(batch, this.stats.recordsOut)
    yield* this.rejections.deliver() ?? Effect.void
  })
}
