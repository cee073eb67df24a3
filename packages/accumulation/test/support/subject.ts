// Builds the machine under test from the options a user writes, with parts that tests may replace
// by broken ones, and a host whose clock and failures the test holds.
import type * as Accumulator from "@sluice/core/Accumulator"
import type * as Accumulate from "../../src/Accumulate.ts"
import type * as Complete from "../../src/Complete.ts"
import { AccumulatorMachine } from "../../src/internal/accumulatorMachine.ts"
import { compileRule } from "../../src/internal/compiledRule.ts"
import type { RuleLogicOptions } from "../../src/internal/ruleLogic.ts"
import { RuleLogic } from "../../src/internal/ruleLogic.ts"
import { settingsOf } from "../../src/internal/settings.ts"

/** A fragment of the tests. */
export interface Fragment {
  readonly id: number
  readonly key: string | undefined
  readonly slot?: string | undefined
  readonly part?: string
  readonly declares?: ReadonlyArray<string> | undefined
  readonly announces?: number | undefined
  readonly bytes?: number
  readonly poison?: "key" | "slot" | "add" | "output" | undefined
}

/** The ids a key gathered. */
export interface Ids {
  readonly ids: Array<number>
  isPoisoned: boolean
}

/** What the test's output function makes of a group. */
export interface Output {
  readonly key: string
  readonly reason: string
  readonly isComplete: boolean
  readonly completeness: number
  readonly missing: ReadonlyArray<string>
  readonly fragments: number
  readonly ids: ReadonlyArray<number>
}

export type Options = Accumulate.Options<Fragment, string, Ids, Output> & {
  readonly complete: Complete.Rule<Fragment, Ids>
}
export type Machine = AccumulatorMachine<Fragment, string, Ids, Output>
export type Logic = RuleLogic<Fragment, string, Ids, Output>

const poisoned = (fragment: Fragment, where: Fragment["poison"]): void => {
  if (fragment.poison === where) throw new Error(`poison in ${where}`)
}

/** Options whose functions fail where a fragment is poisoned. */
export const options = (rest: Omit<Options, "key" | "state" | "output" | "size">): Options => ({
  key: (fragment) => {
    poisoned(fragment, "key")
    return fragment.key
  },
  state: {
    init: () => ({ ids: [], isPoisoned: false }),
    add: (state, fragment) => {
      poisoned(fragment, "add")
      if (fragment.poison === "output") state.isPoisoned = true
      state.ids.push(fragment.id)
    }
  },
  output: ({ key, state, reason, isComplete, completeness, missing, fragments }) => {
    if (state.isPoisoned) throw new Error("poison in output")
    return { key, reason, isComplete, completeness, missing, fragments, ids: state.ids }
  },
  size: (fragment) => fragment.bytes ?? 1,
  ...rest
})

/** The slot function of the tests. */
export const slot = (fragment: Fragment): string | undefined => {
  poisoned(fragment, "slot")
  return fragment.slot
}

/** One call of `failed`. */
export interface Failure {
  readonly index: number
  readonly key: unknown
  readonly cause: unknown
  readonly payload: unknown
}

/** A host with a clock to turn. */
export class TestHost implements Accumulator.AccumulatorHost {
  readonly pipelineId = "tests"
  readonly stageId = "gather"
  readonly failures: Array<Failure> = []
  /** False: the next failure ends the run. */
  carriesOn = true
  clock = 1_700_000_000_000
  readonly now = (): number => this.clock
  readonly failed: Accumulator.AccumulatorHost["failed"] = (index, key, cause, _kind, payload) => {
    this.failures.push({ index, key, cause, payload })
    return this.carriesOn
  }
}

type LogicOptions = RuleLogicOptions<Fragment, string, Ids, Output>

/** How a machine comes about. */
export type MakeMachine = (options: Options, host: TestHost) => Machine

/** The machine as `Accumulate.make` builds it, but for the parts given. */
export const makeWith =
  (parts: {
    readonly logic?: (options: LogicOptions) => Logic
    readonly machine?: (
      host: TestHost,
      logic: Logic,
      settings: ReturnType<typeof settingsOf>["settings"]
    ) => Machine
  }): MakeMachine =>
  (given, host) => {
    const { settings, issues } = settingsOf(given)
    const rule = compileRule(given.complete, settings, issues)
    if (issues.length > 0) throw new Error(JSON.stringify(issues))
    const logicOptions: LogicOptions = {
      key: given.key,
      rule,
      state: given.state,
      order: undefined,
      size: given.size,
      duplicates: given.duplicates ?? "accept",
      output: given.output,
      weights: given.progressWeights ?? {},
      slotsMax: settings.slotsMax
    }
    const logic = parts.logic?.(logicOptions) ?? new RuleLogic(logicOptions)
    return parts.machine?.(host, logic, settings) ?? new AccumulatorMachine(host, logic, settings)
  }

/** The machine itself. */
export const make: MakeMachine = makeWith({})
