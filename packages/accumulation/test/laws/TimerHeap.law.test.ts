// The timer heap against the plainest thing that is right: a list searched from end to end.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { TimerHeap } from "../../src/internal/timerHeap.ts"

interface Timer {
  due: number
  isArmed: boolean
}

const operations = fc.array(
  fc.oneof(
    fc.record({ _tag: fc.constant("arm" as const), due: fc.integer({ min: 0, max: 1000 }) }),
    fc.record({ _tag: fc.constant("later" as const), which: fc.nat(), by: fc.nat(500) }),
    fc.record({ _tag: fc.constant("disarm" as const), which: fc.nat() }),
    fc.record({ _tag: fc.constant("fire" as const), now: fc.integer({ min: 0, max: 1500 }) })
  ),
  { maxLength: 400, size: "max" }
)

const source = {
  dueOf: (timer: Timer) => timer.due,
  isArmed: (timer: Timer) => timer.isArmed
}

describe("the timer heap", () => {
  it("knows the exact earliest time, and fires what is due in order", () => {
    fc.assert(
      fc.property(operations, (list) => {
        const heap = new TimerHeap<Timer>(source, undefined, 64)
        const armed: Array<Timer> = []
        const disarm = (timer: Timer): void => {
          armed.splice(armed.indexOf(timer), 1)
          timer.isArmed = false
          heap.disarmed()
        }
        for (const operation of list) {
          if (operation._tag === "arm") {
            const timer = { due: operation.due, isArmed: true }
            armed.push(timer)
            heap.arm(timer)
          } else if (operation._tag === "fire") {
            let last = Number.NEGATIVE_INFINITY
            for (let due = heap.due(operation.now); due !== undefined; ) {
              expect(due.due).toBeGreaterThanOrEqual(last)
              last = due.due
              disarm(due)
              due = heap.due(operation.now)
            }
            expect(armed.every(({ due }) => due > operation.now)).toBe(true)
          } else if (armed.length > 0) {
            const timer = armed[operation.which % armed.length]!
            if (operation._tag === "later") timer.due += operation.by
            else disarm(timer)
          }
          heap.assertInvariants()
          expect(heap.live).toBe(armed.length)
          expect(heap.held).toBeLessThanOrEqual(2 * armed.length + 65)
          expect(heap.deadline()).toBe(Math.min(...armed.map(({ due }) => due)))
        }
      }),
      { numRuns: 200 }
    )
  })
})
