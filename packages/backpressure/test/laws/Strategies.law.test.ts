// Pull window, effective queue, admission and bounded buffer under random events: conservation,
// bounds, and nobody waits for ever.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import * as Admission from "../../src/internal/admission.ts"
import { Bounded } from "../../src/internal/bounded.ts"
import * as Gate from "../../src/internal/effectiveQueue.ts"
import * as Pull from "../../src/internal/reactivePull.ts"
import { admissionFaults, bufferFaults, gateFaults, pullFaults } from "../faulty/strategies.ts"

const runs = { numRuns: 1_000 }

const finds = (faults: object, law: (name: string) => fc.IProperty<unknown>): void => {
  for (const name of Object.keys(faults))
    it(`the law finds one that is ${name.toLowerCase()}`, () => {
      expect(fc.check(law(name), { ...runs, seed: 1 }).failed).toBe(true)
    })
}

describe("reactive pull", () => {
  const law = (step: typeof Pull.transition): fc.IProperty<unknown> =>
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.record({ deliver: fc.boolean(), amount: fc.integer({ min: 1, max: 25 }) })),
      (window, script) => {
        let state = step(Pull.initial({ window }), { _tag: "Start" })[0]
        let delivered = 0
        let processed = 0
        for (const { deliver, amount } of script) {
          processed += deliver ? 0 : Math.min(amount, delivered - processed)
          const [next, actions] = step(
            state,
            deliver ? { _tag: "Deliver", amount } : { _tag: "Processed", amount }
          )
          if (actions.some(({ _tag }) => _tag === "Accept")) delivered += amount
          Pull.assertInvariants(next)
          expect(next.outstanding).toBe(delivered - processed)
          state = next
        }
        const rest = step(state, { _tag: "Processed", amount: window })[0]
        expect(rest.demanded).toBeGreaterThan(0)
      }
    )
  it("never has more than the window out, and never stops demanding", () => {
    fc.assert(law(Pull.transition), runs)
  })
  finds(pullFaults, (name) => law(pullFaults[name as keyof typeof pullFaults]))
})

describe("effective queue", () => {
  const law = (step: typeof Gate.transition): fc.IProperty<unknown> =>
    fc.property(
      fc.integer({ min: 4, max: 20 }),
      fc.array(
        fc.record({
          kind: fc.constantFrom("request", "request", "processed", "report", "cancel"),
          amount: fc.integer({ min: 1, max: 6 }),
          bytes: fc.integer({ min: 0, max: 4_000 }),
          spills: fc.nat({ max: 4 })
        }),
        { maxLength: 60 }
      ),
      (capacity, script) => {
        const reopenAt = Math.max(1, capacity - 3)
        const given = { capacity, reopenAt, bytesUnitWindow: 100, spillPenalty: 2, waitersMax: 3 }
        let state = Gate.initial(given)
        for (const [id, { kind, amount, bytes, spills }] of script.entries()) {
          const before = state
          let event: Gate.Event = { _tag: "Request", id, amount, wait: true }
          if (kind === "processed") event = { _tag: "Processed", amount }
          if (kind === "cancel") event = { _tag: "Cancel", id: id - amount }
          if (kind === "report")
            event = { _tag: "Reported", pendingAccumulatorBytes: bytes, activeSpillCount: spills }
          const [next] = step(before, event)
          Gate.assertInvariants({ ...next, settings: before.settings })
          // A gate that was shut stays shut until the queue is below where it opens.
          if (
            before.gate === "shut" &&
            next.gate === "open" &&
            next.admittedCount === before.admittedCount
          )
            expect(Gate.effectiveQueueSize(given, next.pressure)).toBeLessThan(reopenAt)
          state = { ...next, settings: before.settings }
        }
        for (let i = 0; i < 5; i++)
          state = step(state, { _tag: "Processed", amount: state.pressure.rawQueueLength })[0]
        expect(state.waiters).toEqual([])
      }
    )
  it("shuts, opens with hysteresis, and lets the last waiter through whatever is held", () => {
    fc.assert(law(Gate.transition), runs)
  })
  finds(gateFaults, (name) => law(gateFaults[name as keyof typeof gateFaults]))

  it("saturates and never answers anything but a safe integer", () => {
    const any = fc.double()
    fc.assert(
      fc.property(
        any,
        any,
        any,
        fc.double({ min: 1e-9, noNaN: true, noDefaultInfinity: true }),
        (raw, bytes, spills, unit) => {
          const size = Gate.effectiveQueueSize(
            { bytesUnitWindow: unit, spillPenalty: 2 },
            {
              rawQueueLength: Math.floor(raw),
              pendingAccumulatorBytes: bytes,
              activeSpillCount: spills
            }
          )
          return Number.isSafeInteger(size) && size >= 0
        }
      ),
      runs
    )
  })

  it("follows the formula, and refuses a unit of 0", () => {
    const pressure = { rawQueueLength: 7, pendingAccumulatorBytes: 2_500, activeSpillCount: 3 }
    expect(Gate.effectiveQueueSize({ bytesUnitWindow: 1_024, spillPenalty: 2 }, pressure)).toBe(15)
    expect(() => Gate.initial({ capacity: 4, bytesUnitWindow: 0, spillPenalty: 2 })).toThrow(
      /bytesUnitWindow is 0/
    )
  })
})

describe("admission", () => {
  const law = (step: typeof Admission.transition): fc.IProperty<unknown> =>
    fc.property(
      fc.array(
        fc.record({
          kind: fc.constantFrom("request", "request", "release", "cancel"),
          slots: fc.integer({ min: 1, max: 5 }),
          bytes: fc.nat({ max: 120 }),
          pick: fc.nat({ max: 30 })
        }),
        { maxLength: 80 }
      ),
      (script) => {
        const limits = { slotsMax: 4, bytesMax: 100, waitersMax: 3 }
        let state = Admission.initial("test", limits)
        const needs = new Map<number, Admission.Need>()
        const held = new Set<number>()
        const send = (event: Admission.Event): void => {
          const [next, actions] = step(state, event)
          state = { ...next, settings: limits }
          Admission.assertInvariants(state)
          for (const action of actions) if (action._tag === "Grant") held.add(action.id)
        }
        const release = (id: number): void => {
          if (held.delete(id)) send({ _tag: "Release", need: needs.get(id)! })
        }
        for (const [id, { kind, slots, bytes, pick }] of script.entries()) {
          needs.set(id, { slots, bytes })
          if (kind === "request") send({ _tag: "Request", id, need: { slots, bytes }, wait: true })
          else if (kind === "cancel")
            send({ _tag: "Cancel", id: state.waiters[pick % 3]?.id ?? pick })
          else release([...held][pick % Math.max(1, held.size)] ?? -1)
        }
        // A release may grant, and what it grants is released in its turn.
        while (held.size > 0) release([...held][0]!)
        expect([state.slots, state.bytes, state.waiters]).toEqual([0, 0, []])
      }
    )
  it("stays within its limits, serves everybody, and ends empty", () => {
    fc.assert(law(Admission.transition), runs)
  })
  finds(admissionFaults, (name) => law(admissionFaults[name as keyof typeof admissionFaults]))
})

describe("bounded buffer", () => {
  type Make = new (settings: {
    capacity: number
    onFull: "block" | "drop-oldest" | "drop-newest"
  }) => Bounded<number>
  const law = (make: Make): fc.IProperty<unknown> =>
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom("block", "drop-oldest", "drop-newest"),
      fc.array(fc.record({ offer: fc.boolean(), count: fc.integer({ min: 1, max: 9 }) }), {
        maxLength: 50
      }),
      (capacity, onFull, script) => {
        const buffer = new make({ capacity, onFull })
        let model: Array<number> = []
        let next = 0
        for (const { offer, count } of script) {
          if (!offer) {
            expect(buffer.take(count)).toEqual(model.splice(0, count))
            continue
          }
          const records = Array.from({ length: count }, () => next++)
          const offered = buffer.offer(records)
          const all = [...model, ...records]
          const fits = all.length <= capacity || (onFull === "block" && model.length === 0)
          const kept = onFull === "drop-oldest" ? all.slice(-capacity) : all.slice(0, capacity)
          const dropped = all.filter((record) => !kept.includes(record))
          if (onFull === "block" && !fits) expect(offered).toEqual({ _tag: "Full" })
          else model = fits ? all : kept
          if (onFull !== "block" && !fits) expect(offered).toEqual({ _tag: "Drop", dropped })
          buffer.assertInvariants(9)
        }
      }
    )
  it("is a list with a bound that hands over what it drops", () => {
    fc.assert(law(Bounded), runs)
  })
  finds(bufferFaults, (name) => law(bufferFaults[name as keyof typeof bufferFaults]))
})
