// Whether a completion rule can be asked of views, and what it reads of their layouts. Refuses with
// one sentence where it cannot: the accumulator then takes objects.
import { hashBytes } from "@sluice/core/ByteHash"
import * as Fields from "@sluice/core/Fields"
import type { Column, Layout } from "@sluice/core/Views"
import type { RulePlan, SlotName, SlotSource } from "./byteKeys.ts"
import type { CompiledRule } from "./compiledRule.ts"

/** An accumulator cannot take views; the message says why. */
export class NotViews extends Error {}

/** Says why not. */
export const refuse = (reason: string): never => {
  throw new NotViews(reason)
}

/** A column by name. */
export const columnOf = (layout: Layout, name: string): Column | undefined =>
  layout.columns.find((column) => column.name === name)

/** How records of a layout are called in a refusal. */
export const nameOf = (layout: Layout): string => layout.kind ?? "(no kind)"

const encoder = new TextEncoder()

const slotNameOf = (text: string): SlotName => {
  const bytes = encoder.encode(text)
  return {
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
    hash: hashBytes(bytes, 0, bytes.length)
  }
}

/** What a rule reads, by the names of fields. */
export interface RuleReads {
  readonly slot: Fields.FieldRead | undefined
  readonly parts: ReadonlyArray<string>
  readonly declares: { readonly group: string; readonly name: string } | undefined
  readonly announces: string | undefined
  readonly size: string | undefined
}

const fieldOf = (f: unknown, what: string): string | undefined => {
  if (f === undefined) return undefined
  const read = Fields.readOf(f)
  return read?._tag === "Field" ? read.name : refuse(`${what} is a plain function; use Fields.of`)
}

/** What a rule and a size function read; refuses plain functions. */
export const readsOf = (rule: CompiledRule<never, never>, size: unknown): RuleReads => {
  const slot = rule.slotOf === undefined ? undefined : Fields.readOf(rule.slotOf)
  if (rule.slotOf !== undefined && slot?._tag !== "Field" && slot?._tag !== "Kind")
    return refuse("complete: slot is a plain function; use Fields.of")
  const declares = rule.declares === undefined ? undefined : Fields.readOf(rule.declares)
  if (rule.declares !== undefined && declares?._tag !== "Each")
    return refuse("complete: declares is a plain function; use Fields.each")
  if (rule.partOf !== undefined && Fields.readOf(rule.partOf)?._tag !== "Kind")
    return refuse("complete: parts.of is a plain function; use Fields.kind")
  return {
    slot,
    parts: rule.parts,
    declares:
      declares?._tag === "Each" ? { group: declares.group, name: declares.name } : undefined,
    announces: fieldOf(rule.announces, "complete: count"),
    size: fieldOf(size, "size")
  }
}

/** The required slots of a fixed list, as bytes. */
export const fixedOf = (rule: CompiledRule<never, never>): ReadonlyArray<SlotName> =>
  (rule.fixed?.names ?? []).map((name) =>
    typeof name === "string" ? slotNameOf(name) : refuse(`complete: slot ${name} is no text`)
  )

const slotSource = (read: RuleReads["slot"], layout: Layout): SlotSource | undefined => {
  if (read === undefined) return undefined
  const isKind = read._tag === "Kind" || (read._tag === "Field" && read.name === "_tag")
  if (isKind)
    return layout.kind === undefined
      ? undefined
      : { _tag: "Constant", name: slotNameOf(layout.kind) }
  const name = read._tag === "Field" ? read.name : ""
  const at = layout.columns.findIndex((column) => column.name === name)
  const column = layout.columns[at]
  if (column === undefined) return undefined
  if (column._tag === "Text") return { _tag: "Text", column: at }
  if (column._tag === "Choice")
    return { _tag: "Choice", column: at, names: column.values.map(slotNameOf) }
  return refuse(`complete: slot "${name}" of ${nameOf(layout)} is neither text nor a choice`)
}

const partIn = (reads: RuleReads, layout: Layout, slot: SlotSource | undefined): number => {
  if (slot === undefined || reads.parts.length === 0) return 0
  const part = reads.parts.indexOf(layout.kind ?? "")
  return part < 0 ? refuse(`complete: ${nameOf(layout)} is none of the parts of a slot`) : part
}

const declaredIn = (reads: RuleReads, layout: Layout) => {
  const { group = "", name = "" } = reads.declares ?? {}
  const at = layout.columns.findIndex((column) => column.name === group)
  const column = layout.columns[at]
  if (reads.declares === undefined || column === undefined) return { group: -1, child: -1 }
  if (column._tag !== "Group")
    return refuse(`complete: "${group}" of ${nameOf(layout)} is no group`)
  const child = column.columns.findIndex((each) => each.name === name)
  if (column.columns[child]?._tag !== "Text")
    return refuse(`complete: "${group}" of ${nameOf(layout)} has no text "${name}"`)
  return { group: at, child }
}

const numberIn = (name: string | undefined, layout: Layout, what: string): number => {
  const at = layout.columns.findIndex((column) => column.name === name)
  if (at >= 0 && layout.columns[at]?._tag !== "Number")
    return refuse(`${what}: "${name}" of ${nameOf(layout)} is no number`)
  return at
}

/** Where a layout has what the rule reads. */
export const rulePlan = (reads: RuleReads, layout: Layout): RulePlan => {
  const slot = slotSource(reads.slot, layout)
  const size = numberIn(reads.size, layout, "size")
  if (reads.size !== undefined && size < 0)
    return refuse(`size: ${nameOf(layout)} has no field "${reads.size}"`)
  return {
    slot,
    part: partIn(reads, layout, slot),
    ...declaredIn(reads, layout),
    announces: numberIn(reads.announces, layout, "complete: count"),
    size
  }
}

/** The columns that a plan reads, and those it looks up by hash, by name. */
export const namesOf = (
  plan: RulePlan,
  { columns }: Layout
): { readonly columns: ReadonlyArray<string>; readonly hashes: ReadonlyArray<string> } => {
  const name = (at: number): ReadonlyArray<string> => (at < 0 ? [] : [columns[at]?.name ?? ""])
  const slot = plan.slot === undefined || plan.slot._tag === "Constant" ? -1 : plan.slot.column
  const group = columns[plan.group]
  const declared =
    group?._tag === "Group" ? [`${group.name}.${group.columns[plan.child]?.name}`] : []
  const hashed = plan.slot?._tag === "Text" ? name(slot) : []
  return {
    columns: [
      ...name(slot),
      ...name(plan.group),
      ...declared,
      ...name(plan.announces),
      ...name(plan.size)
    ],
    hashes: [...hashed, ...declared]
  }
}
