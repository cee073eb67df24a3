// Stages that work on whole batches: mapBatch (payload arrays, synchronous or effectful) and
// mapEnvelope (metadata in hand).
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Batch from "../../Batch.ts"
import type * as Envelope from "../../Envelope.ts"
import * as Policy from "../../Policy.ts"
import { fallbackOf, functionOf } from "../erased.ts"
import { finalPolicy } from "../runtime/rejections.ts"
import type { Wait } from "../runtime/wait.ts"
import { andThen } from "../runtime/wait.ts"
import type { Attempted, Failed, UserEffect } from "./attempt.ts"
import { attempt } from "./attempt.ts"
import { Chained } from "./chained.ts"

/** Result j of a batch function stands for record j; surplus results stand for the last record. */
const positionsFor = (inputs: number, outputs: number): ReadonlyArray<number> =>
  Array.from({ length: outputs }, (_, j) => Math.min(j, inputs - 1))

/**
 * The batch function sees the payloads of one batch and returns the payloads that go on; any number
 * of them.
 */
export class MapBatch extends Chained {
  private readonly guard = this.run.guards.get(this.node.id)

  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    const f = functionOf(this.node)
    const bare = !Policy.mayRetry(this.node.errorPolicy) && this.node.timeoutMs === undefined
    const plain = bare && this.guard === undefined
    const startedAt = this.run.micros()
    const once = (): UserEffect => {
      const result = f(batch.items)
      return Effect.isEffect(result) ? (result as UserEffect) : Effect.succeed(result)
    }
    if (plain) {
      try {
        const result = f(batch.items)
        if (!Effect.isEffect(result)) return this.emit(batch, result, startedAt)
        return this.settle(
          batch,
          attempt(this.node, () => result as UserEffect),
          startedAt
        )
      } catch (cause) {
        return this.refuse(batch, { cause, kind: "non-recoverable" }, 1)
      }
    }
    return this.settle(batch, attempt(this.node, once, this.guard), startedAt)
  }

  private settle(
    batch: Batch.Batch<unknown>,
    effect: Effect.Effect<unknown, Attempted>,
    startedAt: number
  ): Wait {
    return Effect.flatMap(Effect.result(effect), (result) => {
      const wait = Result.isSuccess(result)
        ? this.emit(batch, result.success, startedAt)
        : this.refuse(batch, result.failure, result.failure.attempts)
      return wait ?? Effect.void
    })
  }

  private emit(batch: Batch.Batch<unknown>, result: unknown, startedAt: number): Wait {
    if (!Array.isArray(result)) {
      const cause = new TypeError(
        `mapBatch "${this.node.id}" must return an array, got ${typeof result}`
      )
      return this.refuse(batch, { cause, kind: "non-recoverable" }, 1)
    }
    this.stats.recordLatency(this.run.micros() - startedAt)
    this.stats.made += result.length - batch.items.length
    this.observed(batch, result.length)
    if (result.length === batch.items.length) return this.forward(Batch.withItems(batch, result))
    return this.forward(
      Batch.derive(batch, result, positionsFor(batch.items.length, result.length))
    )
  }

  /** The function failed as a whole, so each record of the batch did. */
  private refuse(batch: Batch.Batch<unknown>, failed: Failed, attempts: number): Wait {
    const { cause, kind } = failed
    const fallback = fallbackOf(this.node)
    if (finalPolicy(this.node.errorPolicy, kind)._tag === "Fallback" && fallback !== undefined) {
      return this.recover(batch, cause, fallback)
    }
    for (let position = 0; position < batch.items.length; position++) {
      const payload = batch.items[position]
      if (!this.rejections.reject({ batch, position, payload, cause, attempts, kind })) break
    }
    return this.rejections.deliver()
  }

  private recover(
    batch: Batch.Batch<unknown>,
    cause: unknown,
    fallback: (payload: unknown, cause: unknown) => unknown
  ): Wait {
    const [items, positions]: [Array<unknown>, Array<number>] = [[], []]
    for (let position = 0; position < batch.items.length; position++) {
      const payload = batch.items[position]
      try {
        items.push(fallback(payload, cause))
        positions.push(position)
        this.stats.errors++
      } catch (thrown) {
        if (!this.rejections.reject({ batch, position, payload, cause: thrown })) break
      }
    }
    return andThen(this.forward(Batch.derive(batch, items, positions)), () =>
      this.rejections.deliver()
    )
  }
}

type Column<T> = ReadonlyArray<T | undefined>

const columnsOf = (envelopes: ReadonlyArray<Envelope.Envelope<unknown>>): Batch.Columns => {
  const headers: Column<Envelope.Headers> = envelopes.map((envelope) => envelope.headers)
  const attrs: Column<Envelope.Attrs> = envelopes.map((envelope) => envelope.attrs)
  const costs: Column<Envelope.Cost> = envelopes.map((envelope) => envelope.cost)
  return { headers, attrs, costs, timestamps: envelopes.map((envelope) => envelope.timestamp) }
}

/**
 * Packs envelopes derived from records of `batch` into a batch; sequence numbers stay those of the
 * records.
 */
export const packEnvelopes = (
  batch: Batch.Batch<unknown>,
  envelopes: ReadonlyArray<Envelope.Envelope<unknown>>,
  positions: ReadonlyArray<number>
): Batch.Batch<unknown> => {
  const items = envelopes.map((envelope) => envelope.payload)
  return { ...Batch.derive(batch, items, positions), columns: columnsOf(envelopes) }
}

/** The function sees the whole envelope and returns the one that goes on; one for one. */
export class MapEnvelope extends Chained {
  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    const f = functionOf(this.node)
    const envelopes: Array<Envelope.Envelope<unknown>> = []
    const positions: Array<number> = []
    for (let position = 0; position < batch.items.length; position++) {
      try {
        envelopes.push(f(Batch.envelope(batch, position)) as Envelope.Envelope<unknown>)
        positions.push(position)
      } catch (cause) {
        const payload = batch.items[position]
        if (!this.rejections.reject({ batch, position, payload, cause })) break
      }
    }
    this.observed(batch, envelopes.length)
    const forwarded = this.forward(packEnvelopes(batch, envelopes, positions))
    return andThen(forwarded, () => this.rejections.deliver())
  }
}
