// The buffer of a channel against the plainest model of it: one list of records.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import * as Batch from "../src/Batch.ts"
import { BoundedBuffer } from "../src/internal/boundedBuffer.ts"
import type * as Policy from "../src/Policy.ts"

type Command = { readonly offer: number } | { readonly take: true }

const commands: fc.Arbitrary<ReadonlyArray<Command>> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ offer: fc.nat({ max: 7 }) }) },
    { weight: 2, arbitrary: fc.constant({ take: true } as const) }
  ),
  { maxLength: 60 }
)

const policies = (onFull: Policy.DropPolicy): fc.Arbitrary<Policy.BufferPolicy> =>
  fc.oneof(
    fc.record({ capacity: fc.integer({ min: 1, max: 6 }), onFull: fc.constant(onFull) }),
    fc.record({
      capacity: fc.integer({ min: 1, max: 6 }),
      bytes: fc.integer({ min: 10, max: 60 }),
      onFull: fc.constant(onFull)
    })
  )

const bytesPerRecord = 10

/** What fits beside the records held: both bounds in records. */
const limitOf = (policy: Policy.BufferPolicy): number =>
  Math.min(policy.capacity, Math.floor((policy.bytes ?? Number.POSITIVE_INFINITY) / bytesPerRecord))

/** A list of records with the same policy. */
class Model {
  held: Array<number> = []
  private readonly policy: Policy.BufferPolicy
  constructor(policy: Policy.BufferPolicy) {
    this.policy = policy
  }

  offer(records: ReadonlyArray<number>): {
    readonly tag: string
    readonly dropped: ReadonlyArray<number>
  } {
    const limit = limitOf(this.policy)
    const all = [...this.held, ...records]
    if (records.length === 0) return { tag: "Accepted", dropped: [] }
    if (this.policy.onFull === "block") {
      // One batch above the bound is admitted alone.
      const fits = this.held.length === 0 || all.length <= limit
      if (fits) this.held = all
      return { tag: fits ? "Accepted" : "Full", dropped: [] }
    }
    if (all.length <= limit) {
      this.held = all
      return { tag: "Accepted", dropped: [] }
    }
    const oldest = this.policy.onFull === "drop-oldest"
    this.held = oldest ? all.slice(-limit) : all.slice(0, limit)
    return { tag: "Dropped", dropped: oldest ? all.slice(0, -limit) : all.slice(limit) }
  }

  take(count: number): ReadonlyArray<number> {
    return this.held.splice(0, count)
  }
}

/** Plays commands on both; throws where they differ. */
const play = (
  make: (policy: Policy.BufferPolicy) => BoundedBuffer,
  policy: Policy.BufferPolicy,
  script: ReadonlyArray<Command>
): void => {
  const buffer = make(policy)
  const model = new Model(policy)
  let next = 0
  let dropped = 0
  for (const command of script) {
    if ("take" in command) {
      const batch = buffer.take()
      expect(batch?.items ?? []).toEqual(model.take(batch?.items.length ?? 0))
      if (batch === undefined) expect(model.held).toEqual([])
      else expect(batch.items.map((_, i) => Batch.seqId(batch, i))).toEqual(batch.items)
    } else {
      const records = Array.from({ length: command.offer }, (_, i) => next + i)
      const offer = buffer.offer(
        Batch.make(records, { seqBase: next, bytes: records.length * bytesPerRecord })
      )
      const expected = model.offer(records)
      expect(offer._tag).toBe(expected.tag)
      expect(offer._tag === "Dropped" ? offer.dropped : []).toEqual(expected.dropped)
      dropped += expected.dropped.length
      next += command.offer
    }
    buffer.assertInvariants()
    expect(buffer.used).toBe(model.held.length)
    expect(buffer.bytes).toBeCloseTo(model.held.length * bytesPerRecord, 6)
    expect(buffer.droppedCount).toBe(dropped)
  }
}

const law = (
  onFull: Policy.DropPolicy,
  make: (policy: Policy.BufferPolicy) => BoundedBuffer = (policy) => new BoundedBuffer(policy)
): fc.IProperty<unknown> =>
  fc.property(policies(onFull), commands, (policy, script) => play(make, policy, script))

describe("bounded buffer", () => {
  for (const onFull of ["block", "drop-oldest", "drop-newest"] as const) {
    it(`with ${onFull} is a list with a bound, and hands over what it drops in order`, () => {
      fc.assert(law(onFull), { numRuns: 1_000 })
    })
  }

  it("admits a batch larger than its capacity, but only alone", () => {
    const buffer = new BoundedBuffer({ capacity: 2, onFull: "block" })
    expect(buffer.offer(Batch.make([1, 2, 3]))).toEqual({ _tag: "Accepted" })
    expect(buffer.offer(Batch.make([4]))).toEqual({ _tag: "Full" })
    buffer.assertInvariants()
    expect(buffer.take()?.items).toEqual([1, 2, 3])
    expect(buffer.offer(Batch.make([4]))).toEqual({ _tag: "Accepted" })
  })

  it("drops a hundred thousand records at once", () => {
    const buffer = new BoundedBuffer({ capacity: 1, onFull: "drop-oldest" })
    const many = Array.from({ length: 200_000 }, (_, i) => i)
    const offer = buffer.offer(Batch.make(many))
    expect(offer._tag === "Dropped" ? offer.dropped.length : 0).toBe(199_999)
    buffer.assertInvariants()
  })

  it("notices state that contradicts its invariants", () => {
    const buffer = new BoundedBuffer({ capacity: 4, onFull: "block" })
    buffer.offer(Batch.make([1, 2]))
    buffer.used = 3
    expect(() => buffer.assertInvariants()).toThrow(/used says 3, held are 2/)
    buffer.used = 2
    buffer.droppedCount = 1
    expect(() => buffer.assertInvariants()).toThrow(/offered 2 != taken 0 \+ dropped 1 \+ held 2/)
  })
})

describe("the model finds a buffer that is wrong", () => {
  /** Accepts one record too many. */
  class Generous extends BoundedBuffer {
    constructor(policy: Policy.BufferPolicy) {
      super({ ...policy, capacity: policy.capacity + 1 })
    }
  }
  /** Drops without saying what. */
  class Silent extends BoundedBuffer {
    override offer(batch: Batch.Batch<unknown>): ReturnType<BoundedBuffer["offer"]> {
      const offer = super.offer(batch)
      return offer._tag === "Dropped" ? { ...offer, dropped: [] } : offer
    }
  }
  /** Loses the batch it could not take. */
  class Leaky extends BoundedBuffer {
    override offer(batch: Batch.Batch<unknown>): ReturnType<BoundedBuffer["offer"]> {
      const offer = super.offer(batch)
      return offer._tag === "Full" ? { _tag: "Accepted" } : offer
    }
  }

  const faults: ReadonlyArray<readonly [string, Policy.DropPolicy, typeof BoundedBuffer]> = [
    ["one too generous", "block", Generous],
    ["one that drops silently", "drop-oldest", Silent],
    ["one that loses a refused batch", "block", Leaky]
  ]
  for (const [name, onFull, Fault] of faults) {
    it(name, () => {
      expect(
        fc.check(
          law(onFull, (policy) => new Fault(policy)),
          { numRuns: 500 }
        ).failed
      ).toBe(true)
    })
  }
})
