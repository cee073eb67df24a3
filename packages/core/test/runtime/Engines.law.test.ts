// The law of engines: whatever the graph, each engine gives what plain arrays give, in order where
// order is promised, and its counters say so.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import fc from "fast-check"
import type * as Engine from "../../src/Engine.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import type * as PipelineResult from "../../src/PipelineResult.ts"
import type * as Stage from "../../src/Stage.ts"
import { engines, sorted } from "../engines.ts"
import type { BuiltJob, Job } from "./jobs.ts"
import { build, jobs, strict } from "./jobs.ts"
import { runStepped } from "./stepping.ts"

const options: fc.Arbitrary<Engine.ExecutionOptions> = fc.record(
  {
    seed: fc.nat({ max: 99 }),
    batchSize: fc.constantFrom(1, 3, 16, 4_096),
    kernels: fc.constantFrom("generated" as const, "closures" as const)
  },
  { requiredKeys: [] }
)

/** What went in came out, was set aside or was dropped. */
const balanced = (state: Stage.StageRuntimeState): boolean => {
  const out = state.recordsOut + state.deadLetters + state.dropped
  if (/^(map\w*|batch|process|branch|partition|merge|sink)-/.test(state.stageId)) {
    return state.recordsIn === out
  }
  if (state.stageId.startsWith("broadcast-")) return state.recordsOut === 2 * state.recordsIn
  if (state.stageId.startsWith("filter-")) return state.recordsIn >= out
  return true
}

const outcomeHolds = (job: BuiltJob, result: PipelineResult.PipelineResult): void => {
  for (const [n, { values, ordered }] of job.expected.entries()) {
    const received = job.received[n] ?? []
    if (ordered) expect(received).toEqual(values)
    else expect(sorted(received)).toEqual(sorted(values))
  }
  for (const state of Object.values(result.finalStates)) {
    expect(state.deadLetters).toBe(job.dead.get(state.stageId) ?? 0)
    expect(state.dropped).toBe(job.ignored.get(state.stageId) ?? 0)
    expect([state.stageId, balanced(state)]).toEqual([state.stageId, true])
  }
  expect(result.status).toBe("completed")
}

/** What was received more often than it may be. */
const surplus = (
  received: ReadonlyArray<number>,
  values: ReadonlyArray<number>
): ReadonlyArray<number> => {
  const left = Map.groupBy(values, (n) => n)
  return received.filter((n) => (left.get(n) ?? []).splice(0, 1).length === 0)
}

const law = (engine: (typeof engines)[number], spoil: (job: BuiltJob) => void = () => undefined) =>
  fc.asyncProperty(jobs, options, async (job: Job, given) => {
    const built = build(job)
    const result = await Effect.runPromise(
      Pipeline.run(built.closed, { ...given, engine: engine.make() })
    )
    spoil(built)
    outcomeHolds(built, result)
  })

describe.each(engines)("$name engine, law", (engine) => {
  it("every job gives what plain arrays give", async () => {
    await fc.assert(law(engine), { numRuns: 250 })
  }, 60_000)

  it("a job whose stages fail hard ends, and names one that had a record to fail on", async () => {
    await fc.assert(
      fc.asyncProperty(jobs, options, async (job, given) => {
        const built = build(strict(job))
        const run = Pipeline.run(built.closed, { ...given, engine: engine.make() })
        const exit = await Effect.runPromise(Effect.result(run))
        expect(Result.isFailure(exit)).toBe(built.dead.size > 0)
        if (Result.isSuccess(exit)) return
        const error = exit.failure as PipelineResult.PipelineError
        expect(built.dead.has(error.failure.stageId)).toBe(true)
        for (const [n, { values }] of built.expected.entries()) {
          expect(surplus(built.received[n] ?? [], values)).toEqual([])
        }
      }),
      { numRuns: 200 }
    )
  }, 60_000)

  const faults: Readonly<Record<string, (job: BuiltJob) => void>> = {
    "a lost record": (job) => void job.received[0]?.pop(),
    "a record twice": (job) => void job.received[0]?.push(...job.received[0].slice(0, 1)),
    "an exchange of two records": (job) => void job.received[0]?.reverse()
  }
  for (const [name, spoil] of Object.entries(faults)) {
    it(`the law notices ${name}`, async () => {
      expect((await fc.check(law(engine, spoil), { numRuns: 60 })).failed).toBe(true)
    }, 60_000)
  }
})

describe.each(["sync", "async"] as const)("%s engine, law of ends", (engine) => {
  it("any job may be ended before any step, in any way, and leaves no fiber", async () => {
    const cut = fc.record({
      at: fc.nat({ max: 300 }),
      how: fc.constantFrom("interrupt" as const, "abort" as const, "graceful" as const)
    })
    await fc.assert(
      fc.asyncProperty(jobs, fc.boolean(), cut, async (job, hard, when) => {
        const built = build(hard ? strict(job) : job)
        const { fibersLeft } = await runStepped(engine, () => built.closed, when)
        expect(fibersLeft).toBe(0)
        for (const [n, { values }] of built.expected.entries()) {
          expect(surplus(built.received[n] ?? [], values)).toEqual([])
        }
      }),
      { numRuns: 200 }
    )
  }, 60_000)
})
