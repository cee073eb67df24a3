// A completion rule flattened for the machine: the functions to ask of each fragment, and the
// triggers to look at afterwards, in order. Finds the combinations that cannot work; runs no user
// code.
import type * as Complete from "../Complete.ts"
import type { Issue, Settings } from "./settings.ts"
import type { FixedSlots, Slot } from "./slotTable.ts"
import { fixedSlots } from "./slotTable.ts"

/** One way to be complete. */
export type Trigger<State> =
  | { readonly _tag: "Slots"; readonly name: string }
  | { readonly _tag: "Announced"; readonly name: string }
  | { readonly _tag: "Items"; readonly name: string; readonly amount: number }
  | { readonly _tag: "Bytes"; readonly name: string; readonly amount: number }
  | {
      readonly _tag: "Predicate"
      readonly name: string
      readonly test: (state: State) => boolean
    }

/** Whether named slots are all that is asked for. */
export const asksOnlySlots = (triggers: ReadonlyArray<Trigger<never>>): boolean =>
  triggers.length === 1 && triggers[0]?._tag === "Slots"

/** A rule as the machine reads it. */
export interface CompiledRule<In, State> {
  slotOf: ((fragment: In) => Slot | undefined) | undefined
  partOf: ((fragment: In) => string) | undefined
  /** Names of the parts of a slot; empty when it has none. */
  parts: ReadonlyArray<string>
  fixed: FixedSlots | undefined
  declares: ((fragment: In) => ReadonlyArray<Slot> | undefined) | undefined
  declaredBy: string
  announces: ((fragment: In) => number | undefined) | undefined
  readonly triggers: Array<Trigger<State>>
  /** In words, for `explain`. */
  label: string
}

type Rule<In, State> = Complete.Rule<In, State>

const flatten = <In, State>(rule: Rule<In, State>): ReadonlyArray<Rule<In, State>> =>
  rule._tag === "Any" ? rule.rules.flatMap(flatten) : [rule]

const addSlots = <In, State>(
  rule: Complete.Slots<In> | Complete.DiscoveredSlots<In>,
  into: CompiledRule<In, State>,
  issues: Array<Issue>
): void => {
  if (into.slotOf !== undefined) {
    issues.push({
      reason: "two slot rules in one accumulator",
      cure: "join them into one list of slots, or put a second accumulator after this one"
    })
    return
  }
  into.slotOf = rule.slot
  if (rule.parts !== undefined) addParts(rule.parts, into, issues)
  if (rule._tag === "DiscoveredSlots") {
    into.declares = rule.declares
    into.declaredBy = rule.declaredBy
  } else {
    into.fixed = fixedSlots(rule.required)
    slotIssues(rule.required, into.fixed, issues)
  }
  into.triggers.push({ _tag: "Slots", name: rule.name })
}

const addParts = <In, State>(
  parts: Complete.Parts<In>,
  into: CompiledRule<In, State>,
  issues: Array<Issue>
): void => {
  into.partOf = parts.of
  into.parts = [...new Set(parts.required)]
  if (into.parts.length === parts.required.length && into.parts.length > 0) return
  issues.push({
    reason: "the parts of a slot are empty or listed twice",
    cure: "list each part once, or leave parts out"
  })
}

const slotIssues = (
  required: ReadonlyArray<Slot>,
  fixed: FixedSlots,
  issues: Array<Issue>
): void => {
  if (required.length === 0) {
    issues.push({
      reason: "the list of required slots is empty: any fragment would complete its key",
      cure: "name the slots in required, or use Complete.items(1)"
    })
  }
  if (fixed.names.length < required.length) {
    issues.push({ reason: "a required slot is listed twice", cure: "list each slot once" })
  }
}

const addAnnounced = <In, State>(
  rule: Complete.Announced<In>,
  into: CompiledRule<In, State>,
  issues: Array<Issue>
): void => {
  if (into.announces !== undefined) {
    issues.push({
      reason: "two counts from the data in one accumulator",
      cure: "let one count function return the number that holds"
    })
    return
  }
  into.announces = rule.announces
  into.triggers.push({ _tag: "Announced", name: rule.name })
}

const addAmount = <In, State>(
  rule: Complete.Amount,
  into: CompiledRule<In, State>,
  issues: Array<Issue>
): void => {
  into.triggers.push({ _tag: rule._tag, name: rule.name, amount: rule.amount })
  if (Number.isSafeInteger(rule.amount) && rule.amount >= 1) return
  issues.push({
    reason: `the rule "${rule.name}" is complete at ${rule.amount}`,
    cure: "give it a whole number from 1 on"
  })
}

const add = <In, State>(
  rule: Rule<In, State>,
  into: CompiledRule<In, State>,
  issues: Array<Issue>
): void => {
  switch (rule._tag) {
    case "Slots":
    case "DiscoveredSlots":
      return addSlots(rule, into, issues)
    case "Announced":
      return addAnnounced(rule, into, issues)
    case "Items":
    case "Bytes":
      return addAmount(rule, into, issues)
    case "Predicate":
      into.triggers.push(rule)
      return
    case "Any":
      return
  }
}

const textOf = <In, State>(rule: Rule<In, State>): string => {
  switch (rule._tag) {
    case "Slots":
      return `${rule.name} (${rule.required.length} fixed)`
    case "DiscoveredSlots":
      return `${rule.name} (discovered)`
    case "Items":
    case "Bytes":
      return `${rule.name} ${rule.amount}`
    case "Announced":
      return `${rule.name} (from the data)`
    case "Predicate":
      return rule.name
    case "Any":
      return ""
  }
}

/** A rule that needs more fragments than a key may hold never fires. */
const unreachable = <In, State>(
  compiled: CompiledRule<In, State>,
  settings: Settings
): ReadonlyArray<Issue> => {
  const needed = compiled.triggers.flatMap((trigger) => {
    if (trigger._tag === "Items") return [[trigger.name, trigger.amount] as const]
    if (trigger._tag !== "Slots" || compiled.fixed === undefined) return []
    const parts = Math.max(1, compiled.parts.length)
    return [[trigger.name, compiled.fixed.names.length * parts] as const]
  })
  return needed
    .filter(([, amount]) => amount > settings.itemsMax)
    .map(([name, amount]) => ({
      reason: `"${name}" needs ${amount} fragments, limits.items allows ${settings.itemsMax}`,
      cure: `raise limits.items to at least ${amount}`
    }))
}

/** Flattens a rule; what cannot work is added to `issues`. */
export const compileRule = <In, State>(
  rule: Rule<In, State>,
  settings: Settings,
  issues: Array<Issue>
): CompiledRule<In, State> => {
  const rules = flatten(rule)
  const compiled: CompiledRule<In, State> = {
    slotOf: undefined,
    partOf: undefined,
    parts: [],
    fixed: undefined,
    declares: undefined,
    declaredBy: "",
    announces: undefined,
    triggers: [],
    label: rules.map(textOf).join(" or ")
  }
  if (rules.length === 0) {
    issues.push({ reason: "no completion rule is given", cure: "name one in Complete.any([...])" })
  }
  for (const each of rules) add(each, compiled, issues)
  issues.push(...unreachable(compiled, settings))
  return compiled
}
