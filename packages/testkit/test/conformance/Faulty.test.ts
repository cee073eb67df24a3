// Every faulty subject is caught by the test of the rule it breaks, and by no other.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { describe, expect, it } from "vitest"
import * as Rules from "../../src/ConformanceRules.ts"
import * as Faulty from "../../src/Faulty.ts"

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

describe("a faulty engine", () => {
  it.each(Faulty.engines)("that $fault breaks $rule", async ({ rule, subject, also }) => {
    expect(await broken(Rules.engine, subject)).toEqual(
      Rules.engine.map((one) => one.rule).filter((one) => one === rule || also?.[one] !== undefined)
    )
  })

  it("is there for every rule", () => {
    expect(Faulty.engines.map(({ rule }) => rule).toSorted()).toEqual(
      Rules.engine.map(({ rule }) => rule).toSorted()
    )
  })
})
