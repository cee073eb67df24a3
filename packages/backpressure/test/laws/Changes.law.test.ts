// Machines whose settings change while they run: their invariants hold through any change, and what
// is under way is kept.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import * as Batch from "../../src/internal/adaptiveBatch.ts"
import * as Breaker from "../../src/internal/circuitBreaker.ts"
import type { Settings } from "../../src/internal/circuitSettings.ts"
import * as Circuit from "../../src/internal/circuitState.ts"
import * as Pull from "../../src/internal/reactivePull.ts"
import * as Bucket from "../../src/internal/tokenBucket.ts"

const settings: fc.Arbitrary<Settings> = fc.record({
  errorThreshold: fc.constantFrom(0.3, 1),
  windowMs: fc.constantFrom(500, 1_000),
  throughputMin: fc.integer({ min: 1, max: 6 }),
  cooldownMs: fc.integer({ min: 50, max: 400 }),
  cooldownMsMax: fc.integer({ min: 400, max: 1_000 }),
  trials: fc.integer({ min: 1, max: 5 }),
  trialRatio: fc.constantFrom(0.5, 1)
})

const script = fc.array(
  fc.record({
    kind: fc.constantFrom("request", "request", "request", "result", "result", "change"),
    afterMs: fc.oneof(fc.constant(0), fc.nat({ max: 300 })),
    ok: fc.boolean(),
    settings
  }),
  { maxLength: 200 }
)

describe("settings that change", () => {
  it("a circuit keeps its phase, its invariants hold, and no trial is judged twice", () => {
    fc.assert(
      fc.property(settings, script, (first, commands) => {
        let state = Circuit.initial(first, 0)
        let atMs = 0
        const tickets: Array<Circuit.Ticket> = []
        for (const { kind, afterMs, ok, settings: next } of commands) {
          atMs += afterMs
          const ticket = kind === "result" ? tickets.shift() : undefined
          const event: Circuit.Event =
            kind === "change"
              ? { _tag: "Reconfigured", atMs, settings: next }
              : ticket === undefined
                ? { _tag: "Request", atMs }
                : { _tag: "Result", atMs, ticket, ok, latencyMs: 1 }
          // Time alone may move the phase; a change of settings does not.
          const ticked = Breaker.transition(state, { _tag: "Tick", atMs })[0]
          const [after, actions] = Breaker.transition(state, event)
          Circuit.assertInvariants(after)
          if (kind === "change") expect(after.phase._tag).toBe(ticked.phase._tag)
          for (const action of actions) if (action._tag === "Admit") tickets.push(action.ticket)
          state = after
        }
        // Trials that nobody ended count as bad; after them it lets calls through again.
        const verdicts = [200_000, 400_000].map((laterMs) => {
          const [after, actions] = Breaker.transition(state, {
            _tag: "Request",
            atMs: atMs + laterMs
          })
          state = after
          return actions.at(-1)?._tag
        })
        expect(verdicts).toContain("Admit")
      }),
      { numRuns: 500 }
    )
  })

  it("a pull window keeps what is outstanding, and never demands beyond the new window", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            kind: fc.constantFrom("deliver", "processed", "resize"),
            amount: fc.integer({ min: 1, max: 40 })
          }),
          { maxLength: 100 }
        ),
        (commands) => {
          let [state] = Pull.transition(Pull.initial({ window: 20 }), { _tag: "Start" })
          let outstanding = 0
          for (const { kind, amount } of commands) {
            const some = Math.min(amount, state.demanded)
            if (kind === "deliver" && some > 0) {
              outstanding += some
              state = Pull.transition(state, { _tag: "Deliver", amount: some })[0]
            } else if (kind === "processed") {
              outstanding = Math.max(0, outstanding - amount)
              state = Pull.transition(state, { _tag: "Processed", amount })[0]
            } else if (kind === "resize")
              state = Pull.transition(state, { _tag: "Resize", window: amount })[0]
            Pull.assertInvariants(state)
            expect(state.outstanding).toBe(outstanding)
            if (outstanding === 0) expect(state.demanded).toBeGreaterThan(0)
          }
        }
      ),
      { numRuns: 500 }
    )
  })

  it("a bucket has its tokens at the time it names, and not a nanosecond before", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 50 }),
        fc.bigInt({ min: 0n, max: 10_000_000n }),
        (ratePerSecond, burst, wanted, waited) => {
          const full = Bucket.initial({ ratePerSecond, burst }, 0n)
          const [empty] = Bucket.transition(full, {
            _tag: "Take",
            amount: burst,
            atNanos: 0n,
            wait: false
          })
          const amount = Math.min(wanted, burst)
          const due = Bucket.dueNanos(empty, amount, waited)
          expect(Bucket.available(empty, due)).toBeGreaterThanOrEqual(amount)
          if (due > waited) expect(Bucket.available(empty, due - 1n)).toBeLessThan(amount)
        }
      ),
      { numRuns: 1_000 }
    )
  })

  it("a batch size is restored within bounds, below what was too slow, never lowered", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ slow: fc.boolean(), size: fc.nat({ max: 2_000 }) }), {
          maxLength: 60
        }),
        (commands) => {
          let state = Batch.initial({ batchMin: 2, batchMax: 1_000, latencyMsTarget: 10 })
          for (const { slow, size } of commands) {
            const seen = { latencyMs: slow ? 50 : 1, fill: 0.9 }
            state = Batch.transition(state, { _tag: "Observed", ...seen })[0]
            const before = state.size
            state = Batch.transition(state, { _tag: "Restored", size, reason: "over" })[0]
            Batch.assertInvariants(state)
            expect(state.size).toBeGreaterThanOrEqual(before)
            expect(state.size).toBeLessThanOrEqual(Math.max(before, size))
          }
        }
      ),
      { numRuns: 500 }
    )
  })
})
