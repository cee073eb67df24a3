// A sound graph runs: every sink receives what the plan's plain meaning says, in order where order
// is kept, as a multiset elsewhere.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import fc from "fast-check"
import * as Pipeline from "../../src/Pipeline.ts"
import { engines } from "../engines.ts"
import { build, graphPlans } from "../generators/graphs.ts"

const sorted = (values: ReadonlyArray<number>): ReadonlyArray<number> =>
  values.toSorted((a, b) => a - b)

describe.each(engines)("$name engine", (engine) => {
  it("random graphs deliver what their plan means", () =>
    fc.assert(
      fc.asyncProperty(graphPlans, async (plan) => {
        const { closed, expected, received } = build(plan)
        const result = await Effect.runPromise(
          Pipeline.run(closed, { engine: engine.make(), batchSize: 7 })
        )
        expect(result.status).toBe("completed")
        for (const [id, { values, ordered }] of expected) {
          const got = received.get(id) ?? []
          if (ordered) expect(got).toEqual(values)
          else expect(sorted(got)).toEqual(sorted(values))
        }
      }),
      { numRuns: 200 }
    ))
})
