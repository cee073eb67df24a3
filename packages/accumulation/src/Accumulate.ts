// Describes keyed accumulation for `Pipeline.accumulate`: fragments in, one output per key that is
// complete or must go. Descriptions are checked when the pipeline is built; nothing runs here.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Complete from "./Complete.ts"
import type * as Contract from "./Contract.ts"
import type { Fragments } from "./Fragments.ts"
import type { Group } from "./Group.ts"
import { AccumulatorMachine } from "./internal/accumulatorMachine.ts"
import { withPolicy } from "./internal/boundsOfPolicy.ts"
import type { Described } from "./internal/bytePlan.ts"
import { fragmentShape } from "./internal/bytePlan.ts"
import type { CompiledRule } from "./internal/compiledRule.ts"
import { compileRule } from "./internal/compiledRule.ts"
import { ContractLogic } from "./internal/contractLogic.ts"
import type { KeyValue } from "./internal/entry.ts"
import type { Logic } from "./internal/logic.ts"
import { RuleLogic } from "./internal/ruleLogic.ts"
import type { BoundOptions, Issue, Settings } from "./internal/settings.ts"
import { boundsText, descriptorOf, settingsOf } from "./internal/settings.ts"

/**
 * Bounds and endings of keyed state.
 *
 * - `expire`: `idle` since the last fragment, `age` since the first; both may be set. One is
 *   mandatory, unless `timeBoundWaived` says why no key can wait for ever.
 * - `limits`: `items` and `bytes` of one key, `slots` of one key (10,000), open `keys` (1,000,000:
 *   above it the key touched longest ago goes; it is exceeded by at most one batch). `emit`: how.
 * - `atEnd`: what becomes of open keys when the input ends. Default `partial`, as everywhere.
 * - `late`: a fragment of a key that was closed is dropped and counted, or opens the key anew.
 * - `tombstones`: closed keys remembered, by count (100,000) and age (10 minutes).
 * - `progressWeights`: weight of a slot in the completeness score, default 1.
 */
export type Bounds = BoundOptions

/** How the state of a key begins and grows. */
export interface StateOptions<in In, in Key, in out State> {
  readonly init: (key: Key) => State
  /** Changes the state in place, or returns the next one (undefined is none). */
  // biome-ignore lint/suspicious/noConfusingVoidType: changing in place returns nothing
  readonly add: (state: State, fragment: In) => State | void
}

/** The rules of `Complete` for one kind of fragment, so that functions in them need no types. */
export interface Rules<In, State> {
  readonly slots: (options: Complete.SlotsOptions<In>) => Complete.Slots<In>
  readonly discoveredSlots: (
    options: Complete.DiscoveredSlotsOptions<In>
  ) => Complete.DiscoveredSlots<In>
  readonly count: (
    expected: number | ((fragment: In) => number | undefined),
    options?: Complete.Named
  ) => Complete.Announced<In> | Complete.Amount
  readonly items: (amount: number, options?: Complete.Named) => Complete.Amount
  readonly bytes: (amount: number, options?: Complete.Named) => Complete.Amount
  readonly predicate: (
    test: (state: State) => boolean,
    options?: Complete.Named
  ) => Complete.Predicate<State>
  readonly any: (rules: ReadonlyArray<Complete.Rule<In, State>>) => Complete.FirstOf<In, State>
}

/** A ready-made accumulator. */
export interface Options<In, Key extends KeyValue, State, Out> extends Bounds {
  /** undefined or null: the fragment has no key and is handed to the error policy. */
  readonly key: (fragment: In) => Key | undefined | null
  /** A rule made by `Complete`, or a function that makes one: `(is) => is.slots({ … })`. */
  readonly complete:
    | Complete.Rule<In, NoInfer<State>>
    | ((is: Rules<In, State>) => Complete.Rule<In, NoInfer<State>>)
  /** What is gathered of a key; without it the fragments themselves. */
  readonly state?: StateOptions<In, Key, State>
  /** Called once per key that leaves, complete or not. */
  readonly output: (group: Group<Key, State>) => Out
  /** Order of gathered fragments; default: by name of the source, then sequence number. */
  readonly order?: (a: In, b: In) => number
  /** Bytes of a fragment; default its cost, else the average of its batch. */
  readonly size?: (fragment: In) => number
  /** A second fragment for a filled slot: gathered, dropped, or an error. Counted in any case. */
  readonly duplicates?: "accept" | "drop" | "fail"
}

/**
 * The same where the pipeline says what the fragments are: the key, and functions made of `Fields`,
 * may be of a wider type.
 */
type InPipe<In, Key extends KeyValue, State, Out> = Omit<Options<In, Key, State, Out>, "key"> & {
  readonly key: (fragment: NoInfer<In>) => Key | undefined | null
}

/**
 * Gathers fragments by key until a rule says the key is complete, or a bound says it must go.
 *
 * Shape: any number of fragments → at most one output per life of a key, in the order in which keys
 * leave. The headers `acc.completeness` and `acc.reason` stand on each output, `acc.missingVars`
 * and `acc.key` on partials.
 * Flow: emits as soon as the rule holds, looked at after every fragment; timers fire without input.
 * Limits: see `Bounds`. In = completed + partial + dropped (by reason) + failed + open, always.
 * Errors: a missing key, or a function that throws, hands that fragment to the stage's error
 * policy; its key goes on without it (what `add` had changed in a mutable state before it threw
 * stays). An `output` that throws closes the key: its fragments count as failed, and the policy
 * gets the state.
 * Views: where the input comes as views, `key`, `size` and the functions of `complete` are made of
 * `Fields`, and `output` is an `Assemble.record` or an `Aggregate.of`, keys and state are kept as
 * bytes, under any rule but a predicate of fragments. Same answers; `explain` says why not
 * otherwise.
 */
export const make: {
  <In, Key extends KeyValue, Out, State = Fragments<In>>(
    options: InPipe<In, Key, State, Out>
  ): Accumulator.AccumulatorSpec<In, Out>
  <In, Key extends KeyValue, Out, State = Fragments<In>>(
    options: Options<In, Key, State, Out>
  ): Accumulator.AccumulatorSpec<In, Out>
} = <In, Key extends KeyValue, Out, State>(
  options: Options<In, Key, State, Out>
): Accumulator.AccumulatorSpec<In, Out> => {
  const { settings, issues } = settingsOf(options)
  const { complete } = options
  const described = typeof complete === "function" ? complete(Complete) : complete
  const rule = compileRule<In, State>(described, settings, issues)
  if (options.state !== undefined && options.order !== undefined) {
    issues.push({
      reason: "order is given beside a state of your own: nothing is ordered by it",
      cure: "leave order out, or leave state out to gather the fragments"
    })
  }
  const label = `${rule.label}, ${boundsText(settings)}`
  const spec = specOf(label, options, settings, issues, () => {
    return new RuleLogic<In, Key, State, Out>({
      key: options.key,
      rule,
      state: options.state,
      order: options.order,
      size: options.size,
      duplicates: options.duplicates ?? "accept",
      output: options.output,
      weights: options.progressWeights ?? {},
      slotsMax: settings.slotsMax
    })
  })
  const forViews: Described = {
    key: options.key,
    rule: rule as CompiledRule<never, never>,
    plainState: options.state !== undefined || options.order !== undefined,
    size: options.size,
    duplicates: options.duplicates ?? "accept",
    output: options.output,
    weights: options.progressWeights ?? {},
    settings
  }
  return {
    ...spec,
    shapeFor: (layouts) => fragmentShape(forViews, layouts),
    withPolicy: (policy) => make(withPolicy(options, policy))
  }
}

/**
 * Runs an accumulator written against the specification's contract, with the same bounds and
 * counts.
 *
 * Shape: as `make`; `acc.reason` is `complete`, or why the key had to go (`expired` by its own
 * judgement).
 * Errors: as `make`; `flushForced` without a result counts the key as dropped (`flushed-empty`).
 */
export const fromContract = <In, Out, Key extends KeyValue, State>(
  accumulator: Contract.Accumulator<In, Out, Key, State>,
  bounds: Bounds
): Accumulator.AccumulatorSpec<In, Out> => {
  const { settings, issues } = settingsOf(bounds)
  const label = `${accumulator.id}, ${boundsText(settings)}`
  return specOf(label, bounds, settings, issues, ({ pipelineId, stageId }) => {
    return new ContractLogic(accumulator, { pipelineId, stageId })
  })
}

const specOf = <In, Key extends KeyValue, State, Out>(
  label: string,
  bounds: Bounds,
  settings: Settings,
  issues: ReadonlyArray<Issue>,
  logicOf: (host: Accumulator.AccumulatorHost) => Logic<In, Key, State, Out>
): Accumulator.AccumulatorSpec<In, Out> => ({
  _tag: "AccumulatorSpec",
  label,
  descriptor: descriptorOf(bounds, settings),
  issues,
  make: (host) => {
    const issue = issues[0]
    if (issue !== undefined) {
      throw new Error(`stage "${host.stageId}": ${issue.reason}; ${issue.cure}`)
    }
    return new AccumulatorMachine(host, logicOf(host), settings)
  }
})
