// Every faulty subject is caught by the test of the rule it breaks, and by no other; and every test
// has a subject that it catches.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { describe, expect, it } from "vitest"
import * as Rules from "../../src/ConformanceRules.ts"
import * as Faulty from "../../src/Faulty.ts"

/** Every rule, also on a machine that has much else to do. */
const timeout = 30_000

/** Rules a subject breaks, in the order of the suite. */
const broken = async <S>(
  rules: ReadonlyArray<Rules.Rule<S>>,
  subject: S
): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = []
  for (const rule of rules) {
    if (rule.applies?.(subject) === false) continue
    const exit = await Effect.runPromise(Effect.exit(Rules.check(rule, subject)))
    if (Exit.isFailure(exit)) found.push(rule.rule)
  }
  return found
}

const caughtAlone = <S>(
  kind: string,
  rules: ReadonlyArray<Rules.Rule<S>>,
  subjects: ReadonlyArray<Faulty.Faulty<S>>
): void => {
  describe(`a faulty ${kind}`, () => {
    it.each(subjects)("that $fault breaks $rule", { timeout }, async ({ rule, subject }) => {
      expect(await broken(rules, subject)).toEqual([rule])
    })

    it("is there for every rule", () => {
      const faulty = new Set(subjects.map(({ rule }) => rule))
      expect([...faulty].toSorted()).toEqual(rules.map(({ rule }) => rule).toSorted())
    })
  })
}

caughtAlone("engine", Rules.engine, Faulty.engines)
caughtAlone("source", Rules.source, Faulty.sources)
caughtAlone("sink", Rules.sink, Faulty.sinks)
caughtAlone("stage", Rules.stage, Faulty.stages)
caughtAlone("accumulator", Rules.accumulator, Faulty.accumulators)
caughtAlone("flow strategy", Rules.flowStrategy, Faulty.flowStrategies)
caughtAlone("circuit breaker", Rules.breaker, Faulty.breakers)

/** Rules of others overlap: a subject may break several. */
const caught = <S>(
  by: string,
  rules: ReadonlyArray<Rules.Rule<S>>,
  subjects: ReadonlyArray<Faulty.Faulty<S>>
): void => {
  describe(`a subject that is faulty by the ${by}`, () => {
    it.each(subjects)("since it $fault breaks $rule", { timeout }, async ({ rule, subject }) => {
      const own = rules.filter((one) => one.rule === rule)
      expect(await broken(own, subject)).toEqual([rule])
    })

    it("is there for every rule", () => {
      expect(subjects.map(({ rule }) => rule)).toEqual(rules.map(({ rule }) => rule))
    })
  })
}

caught("Reactive Streams specification", Rules.reactiveStreams, Faulty.reactiveStreams)
caught("WHATWG streams tests", Rules.webStreams, Faulty.webStreams)

describe("a test", () => {
  it("that does not end is given up and fails by name", async () => {
    const hangs: Rules.Rule<null> = { rule: "D6", title: "hangs", run: () => Effect.never }
    const exit = await Effect.runPromiseExit(Rules.check(hangs, null, 50))
    expect(`${exit}`).toMatch(/rule D6 is broken: "hangs" did not end in 50 turns/)
  })
})
