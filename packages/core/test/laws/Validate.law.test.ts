// Two laws: a sound graph has no finding, and a graph broken in a known way has one of that class.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Validate from "../../src/Validate.ts"
import type { GraphPlan } from "../generators/graphs.ts"
import { build, graphPlans } from "../generators/graphs.ts"
import { mutants } from "../generators/mutants.ts"

const graphOf = (plan: GraphPlan) => Pipeline.graph(build(plan).closed)

describe("Validate", () => {
  it("a graph that the DSL built has no finding", () => {
    fc.assert(
      fc.property(graphPlans, (plan) => {
        expect(Validate.validate(graphOf(plan))).toEqual([])
      })
    )
  })

  it("the same graph gives the same findings", () => {
    fc.assert(
      fc.property(graphPlans, fc.constantFrom(...mutants), fc.nat(), (plan, mutant, choice) => {
        const broken = mutant.apply(graphOf(plan), choice) ?? graphOf(plan)
        expect(Validate.validate(broken)).toEqual(Validate.validate(broken))
      })
    )
  })

  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))("refuses %s", (_, mutant) => {
    let applied = 0
    fc.assert(
      fc.property(graphPlans, fc.nat(), (plan, choice) => {
        const broken = mutant.apply(graphOf(plan), choice)
        if (broken === undefined) return
        applied++
        const issues = Validate.validate(broken)
        expect(issues.map((issue) => issue.code)).toContain(mutant.code)
        for (const issue of issues) expect(issue.reason + issue.cure).not.toMatch(/undefined/)
      })
    )
    expect(applied, "graphs the mutation could be applied to").toBeGreaterThan(10)
  })
})
