// What a described record needs of fragments: which fields are kept of which layout, and how those
// of other kinds are found. Refuses with one sentence where it cannot be made of views.
import type { Column, Layout } from "@sluice/core/Views"
import type { Assembly, Part } from "../Assemble.ts"
import * as Complete from "../Complete.ts"
import type { ElementNames, FragmentPlan } from "./assemblyKeys.ts"
import type { RuleReads } from "./byteRulePlan.ts"
import { columnOf, nameOf, refuse } from "./byteRulePlan.ts"
import type { CompiledRule } from "./compiledRule.ts"
import type { EmitShapes } from "./emitRows.ts"
import type { KeptShape } from "./keptShape.ts"
import { compileKeep, keptShape } from "./keptShape.ts"
import { slotWords } from "./slotCells.ts"

type Elements = Part & { readonly _tag: "Elements" }

/** How a record is assembled under a rule. */
export interface AssemblyPlan {
  readonly assembly: Assembly
  /** What slots are read by: the rule's, or only those by which elements are joined. */
  readonly reads: RuleReads
  readonly elements: Elements | undefined
  /** Kinds that elements are joined with. */
  readonly joined: ReadonlyArray<string>
  /** Kinds of which the first fragment is read. */
  readonly firsts: ReadonlyArray<string>
  /** The elements are what declares the slots of their key. */
  readonly isDeclared: boolean
  /** The elements' slots are found when the record is made, not when they are declared. */
  readonly isLate: boolean
  readonly hasSlots: boolean
  readonly partCount: number
  /** A fragment may take the place of another that fills its part. */
  readonly replaces: boolean
}

const partsOf = (assembly: Assembly): ReadonlyArray<Part> => Object.values<Part>(assembly.fields)

const elementsOf = (assembly: Assembly): Elements | undefined => {
  const all = partsOf(assembly).filter((part): part is Elements => part._tag === "Elements")
  const [first] = all
  const other = all.find(({ group, by }) => group !== first?.group || by !== first?.by)
  if (other !== undefined)
    refuse(`output: elements of "${first?.group}" and of "${other.group}" in one record`)
  return first
}

const joinedOf = (assembly: Assembly): ReadonlyArray<string> => [
  ...new Set(
    partsOf(assembly).flatMap((part) =>
      part._tag === "Elements"
        ? Object.values(part.fields).flatMap((each) => (each._tag === "Joined" ? [each.kind] : []))
        : []
    )
  )
]

/** Finds out how; refuses rules that look at the fragments as objects. */
export const assemblyPlan = (
  assembly: Assembly,
  rule: CompiledRule<never, never>,
  given: RuleReads,
  duplicates: "accept" | "drop" | "fail"
): AssemblyPlan => {
  if (rule.triggers.some((each) => each._tag === "Predicate" && each !== Complete.never))
    refuse("complete: a predicate sees fragments as objects; that of Aggregate.of sees figures")
  const elements = elementsOf(assembly)
  const joined = joinedOf(assembly)
  const byRule = rule.slotOf !== undefined
  const slot = given.slot
  if (joined.length > 0 && byRule && (slot?._tag !== "Field" || slot.name !== elements?.by))
    refuse(`output: elements by "${elements?.by}" are not found by the slots of the rule`)
  const joins = joined.length > 0
  const { declares } = given
  const isDeclared = declares?.group === elements?.group && declares?.name === elements?.by
  const firsts = partsOf(assembly).flatMap((part) => (part._tag === "First" ? [part.kind] : []))
  return {
    assembly,
    reads:
      byRule || !joins
        ? given
        : { ...given, slot: { _tag: "Field", name: elements?.by as string }, parts: joined },
    elements,
    joined,
    firsts: [...new Set(firsts)],
    isDeclared: elements !== undefined && isDeclared,
    isLate: joins && !isDeclared,
    hasSlots: byRule || joins,
    replaces: !byRule || duplicates === "accept",
    partCount: byRule ? Math.max(1, rule.parts.length) : Math.max(1, joined.length)
  }
}

/**
 * Layouts whose slots a plan reads: where only elements are joined, those of other kinds do not.
 */
export const fillsSlots = (plan: AssemblyPlan, byRule: boolean, layout: Layout): boolean =>
  byRule || plan.joined.includes(layout.kind ?? "")

/** The fields kept of a layout, `group.field` for those of elements. */
export const keptNames = (plan: AssemblyPlan, layout: Layout): ReadonlySet<string> => {
  const { assembly, elements, isLate } = plan
  const leads = layout.kind === assembly.head
  const names = new Set<string>()
  for (const part of partsOf(assembly)) {
    if (part._tag === "Own" && leads) names.add(part.name)
    if (part._tag === "First" && part.kind === layout.kind) names.add(part.name)
    if (part._tag !== "Elements") continue
    for (const each of Object.values(part.fields)) {
      if (each._tag === "Own" && leads) names.add(`${part.group}.${each.name}`)
      if (each._tag === "Joined" && layout.kind === each.kind) names.add(each.name)
    }
  }
  if (leads && isLate) names.add(`${elements?.group}.${elements?.by}`)
  return names
}

const checkNames = (layout: Layout, names: ReadonlySet<string>): void => {
  for (const name of names) {
    const [outer = "", inner] = name.split(".")
    const column = columnOf(layout, outer)
    const found =
      inner === undefined
        ? column !== undefined && column._tag !== "Group"
        : column?._tag === "Group" && column.columns.some((each) => each.name === inner)
    if (!found) refuse(`output: ${nameOf(layout)} has no field "${name}"`)
  }
}

const groupOf = ({ assembly, elements }: AssemblyPlan, layout: Layout): string | undefined =>
  layout.kind === assembly.head ? elements?.group : undefined

/** How what is kept of a layout lies in a cell. */
export const shapeIn = (plan: AssemblyPlan, layout: Layout): KeptShape =>
  keptShape(
    layout.columns,
    keptNames(plan, layout),
    groupOf(plan, layout),
    layout.kind === plan.assembly.head,
    plan.replaces || plan.firsts.includes(layout.kind ?? "")
  )

/** What is done with the fragments of a layout as they come. */
export const fragmentPlan = (plan: AssemblyPlan, layout: Layout): FragmentPlan => {
  const shape = shapeIn(plan, layout)
  const kind = layout.kind ?? ""
  return {
    shape,
    keep: compileKeep(shape),
    leads: layout.kind === plan.assembly.head,
    joins: plan.joined.includes(kind),
    first: plan.firsts.indexOf(kind)
  }
}

/** Checks that the layouts have what the record is made of. */
export const checkLayouts = (plan: AssemblyPlan, layouts: ReadonlyArray<Layout>): void => {
  const { assembly, elements, joined, firsts } = plan
  for (const layout of layouts) checkNames(layout, keptNames(plan, layout))
  const kinds = layouts.map((layout) => layout.kind)
  const twice = kinds.find((kind, i) => kinds.indexOf(kind) < i)
  if (twice !== undefined) refuse(`output: two inputs have records of kind "${twice}"`)
  for (const kind of [assembly.head, ...joined, ...firsts])
    if (!kinds.includes(kind)) refuse(`output: no input has records of kind "${kind}"`)
  if (joined.includes(assembly.head))
    refuse(`output: elements of "${assembly.head}" are joined with its own kind`)
  const head = layouts.find(({ kind }) => kind === assembly.head) as Layout
  if (elements !== undefined && columnOf(head, elements.group)?._tag !== "Group")
    refuse(`output: ${nameOf(head)} has no group "${elements.group}"`)
  const group = elements === undefined ? undefined : columnOf(head, elements.group)
  const by: Column | undefined =
    group?._tag === "Group" ? group.columns.find(({ name }) => name === elements?.by) : undefined
  if (plan.isLate && by?._tag !== "Text")
    refuse(`output: "${elements?.group}" of ${nameOf(head)} has no text "${elements?.by}"`)
  for (const kind of joined) {
    const layout = layouts.find((each) => each.kind === kind) as Layout
    if (columnOf(layout, elements?.by ?? "")?._tag !== "Text")
      refuse(`output: ${kind} has no text field "${elements?.by}"`)
  }
}

/** The shapes that the record is made of. */
export const shapesOf = (plan: AssemblyPlan, layouts: ReadonlyArray<Layout>): EmitShapes => {
  const shapeOfKind = (kind: string): KeptShape =>
    shapeIn(plan, layouts.find((layout) => layout.kind === kind) as Layout)
  const partOf = (kind: string): number =>
    plan.reads.parts.length === 0 ? 0 : plan.reads.parts.indexOf(kind)
  return {
    head: shapeOfKind(plan.assembly.head),
    parts: new Map(
      plan.joined.map((kind) => [kind, { part: partOf(kind), shape: shapeOfKind(kind) }])
    ),
    firsts: new Map(plan.firsts.map((kind, at) => [kind, { at, shape: shapeOfKind(kind) }])),
    slotWords: slotWords(plan.partCount)
  }
}

const inTextOrder = (fields: KeptShape["own"]): ReadonlyArray<number> =>
  [...fields.fields.values()]
    .filter(({ text }) => text >= 0)
    .sort((a, b) => a.text - b.text)
    .map(({ at }) => at)

/** Where the elements of a leading fragment have their names. */
export const elementNames = (plan: AssemblyPlan, shape: KeptShape): ElementNames | undefined => {
  const fields = shape.group?.elements
  const name = fields?.fields.get(plan.elements?.by ?? "")
  if (!plan.isLate || fields === undefined || name === undefined) return undefined
  const { at, text } = name
  return { at, text, own: inTextOrder(shape.own), lengths: inTextOrder(fields) }
}
