// How far a key is: the score and what is missing, computed only when somebody asks.
// Of several rules the one that is furthest speaks. Not used on the path of a complete key.
import type { CompiledRule, Trigger } from "./compiledRule.ts"
import type { Entry, KeyValue } from "./entry.ts"
import type { Slot, SlotTable } from "./slotTable.ts"

type Weights = Readonly<Record<string, number>>

/** A partial is never 1, whatever rounding does. */
const scoreMax = 0.9999

/** A slot as reports name it: `part:name` where slots have parts. */
export const slotName = <In, State>(
  rule: CompiledRule<In, State>,
  name: Slot,
  part: number
): string => (rule.parts.length === 0 ? String(name) : `${rule.parts[part]}:${name}`)

const nameOf = <In, State>(rule: CompiledRule<In, State>, table: SlotTable, slot: number): string =>
  slotName(rule, table.nameAt(Math.floor(slot / table.parts))!, slot % table.parts)

const slotScore = <In, State>(
  rule: CompiledRule<In, State>,
  table: SlotTable | undefined,
  weights: Weights
): number => {
  if (table?.declared !== true) return 0
  let there = 0
  let all = 0
  for (let slot = 0; slot < table.size; slot++) {
    if (!table.isRequired(slot)) continue
    const weight = weights[nameOf(rule, table, slot)] ?? 1
    all += weight
    if (table.isFilled(slot)) there += weight
  }
  return all === 0 ? 0 : there / all
}

const scoreOf = <In, State>(
  rule: CompiledRule<In, State>,
  trigger: Trigger<never>,
  entry: Entry<KeyValue, unknown>,
  weights: Weights
): number => {
  switch (trigger._tag) {
    case "Slots":
      return slotScore(rule, entry.slots, weights)
    case "Announced":
      return entry.expected === 0 ? 0 : entry.fragments / entry.expected
    case "Items":
      return entry.fragments / trigger.amount
    case "Bytes":
      return entry.bytes / trigger.amount
    case "Predicate":
      return 0
  }
}

const furthest = <In, State>(
  rule: CompiledRule<In, State>,
  entry: Entry<KeyValue, unknown>,
  weights: Weights
): { readonly trigger: Trigger<never>; readonly score: number } => {
  let best = { trigger: rule.triggers[0] as Trigger<never>, score: -1 }
  for (const trigger of rule.triggers) {
    const score = scoreOf(rule, trigger as Trigger<never>, entry, weights)
    if (score > best.score) best = { trigger: trigger as Trigger<never>, score }
  }
  return best
}

/** 0..1: the share of what the rule asks for that is there; below 1 for what is not complete. */
export const completenessOf = <In, State>(
  rule: CompiledRule<In, State>,
  entry: Entry<KeyValue, unknown>,
  weights: Weights
): number => Math.min(scoreMax, furthest(rule, entry, weights).score)

const missingSlots = <In, State>(
  rule: CompiledRule<In, State>,
  table: SlotTable | undefined,
  limit: number
): ReadonlyArray<string> => {
  if (table?.declared !== true) return [rule.declaredBy]
  const names: Array<string> = []
  for (let slot = 0; slot < table.size; slot++) {
    if (!table.isRequired(slot) || table.isFilled(slot)) continue
    if (names.length === limit - 1 && table.waiting > limit) {
      names.push(`and ${table.waiting - names.length} more`)
      return names
    }
    names.push(nameOf(rule, table, slot))
  }
  return names
}

const more = (amount: number, unit: string): string =>
  `${amount} more ${unit}${amount === 1 ? "" : "s"}`

/** What the key waits for, at most `limit` names. */
export const missingOf = <In, State>(
  rule: CompiledRule<In, State>,
  entry: Entry<KeyValue, unknown>,
  weights: Weights,
  limit: number
): ReadonlyArray<string> => {
  const { trigger } = furthest(rule, entry, weights)
  switch (trigger._tag) {
    case "Slots":
      return missingSlots(rule, entry.slots, limit)
    case "Announced":
      return entry.expected === 0
        ? ["(count)"]
        : [`${more(entry.expected - entry.fragments, "fragment")} of ${entry.expected}`]
    case "Items":
      return [more(trigger.amount - entry.fragments, "fragment")]
    case "Bytes":
      return [more(trigger.amount - entry.bytes, "byte")]
    case "Predicate":
      return [`(${trigger.name})`]
  }
}
