// Whether an accumulator can be fed with views, and what it needs of them: everything it does with
// a fragment must be said by field references and a described output. Says in one sentence why not.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Fields from "@sluice/core/Fields"
import type { Layout, Needs } from "@sluice/core/Views"
import { narrowed } from "@sluice/core/Views"
import type { Figures } from "../Aggregate.ts"
import { figuresOf } from "../Aggregate.ts"
import type { Assembly } from "../Assemble.ts"
import { assemblyOf } from "../Assemble.ts"
import * as Complete from "../Complete.ts"
import { AssemblyKeys } from "./assemblyKeys.ts"
import {
  assemblyPlan,
  checkLayouts,
  elementNames,
  fillsSlots,
  fragmentPlan,
  keptNames,
  shapesOf
} from "./assemblyPlan.ts"
import { ByteArena } from "./byteArena.ts"
import type { Keeper, PlanOf, RulePlan } from "./byteKeys.ts"
import { ByteLogic } from "./byteLogic.ts"
import { ByteMachine } from "./byteMachine.ts"
import { ByteOutputs } from "./byteOutputs.ts"
import { rehearse } from "./byteRehearsal.ts"
import type { RowExtras } from "./byteRows.ts"
import { ByteRows } from "./byteRows.ts"
import type { RuleReads } from "./byteRulePlan.ts"
import {
  columnOf,
  fixedOf,
  NotViews,
  nameOf,
  namesOf,
  readsOf,
  refuse,
  rulePlan
} from "./byteRulePlan.ts"
import { ByteTable } from "./byteTable.ts"
import type { CompiledRule } from "./compiledRule.ts"
import { asksOnlySlots } from "./compiledRule.ts"
import { CompiledTable } from "./compiledTable.ts"
import type { Emit } from "./emitRows.ts"
import { assembledLayout, compileEmit } from "./emitRows.ts"
import { compileAdd, FigureKeys } from "./figureKeys.ts"
import type { Settings } from "./settings.ts"
import { SlotCells } from "./slotCells.ts"
import { memoryOf } from "./stateMemory.ts"
import type { TablePrograms } from "./tablePrograms.ts"
import { compileTable } from "./tablePrograms.ts"
import type { RowKind } from "./tableText.ts"
import { canTake } from "./takeText.ts"

/** The parts of an accumulator's description that decide. */
export interface Described {
  readonly key: unknown
  readonly rule: CompiledRule<never, never>
  readonly plainState: boolean
  readonly size: unknown
  readonly duplicates: "accept" | "drop" | "fail"
  readonly output: unknown
  readonly weights: Readonly<Record<string, number>>
  readonly settings: Settings
}

const keyOf = (key: unknown, layouts: ReadonlyArray<Layout>): ReadonlyArray<string> => {
  const read = Fields.readOf(key)
  if (read?._tag !== "Field" && read?._tag !== "Joined")
    return refuse("key is a plain function; Fields.of and Fields.joined say what they read")
  const names = read._tag === "Field" ? [read.name] : read.names
  for (const layout of layouts) {
    for (const name of names) {
      const column = columnOf(layout, name)
      if (column === undefined || column._tag === "Group")
        return refuse(`key: ${nameOf(layout)} has no field "${name}"`)
      if (column._tag === "Boolean" || (read._tag === "Field" && column._tag === "Number"))
        return refuse(`key: "${name}" is no text`)
    }
  }
  return names
}

/** What is made once for each layout that comes. */
const byLayout = <A>(make: (layout: Layout) => A): PlanOf<A> => {
  const known = new Map<Layout, A>()
  return (layout) => {
    const before = known.get(layout)
    if (before !== undefined) return before
    const made = make(layout)
    known.set(layout, made)
    return made
  }
}

const once = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** What a form consists of, beside the rule. */
interface Kept {
  readonly planOf: PlanOf<RulePlan>
  readonly output: Layout
  readonly needs: ReadonlyArray<Needs>
  /** Parts of a slot; 0: there are no slots. */
  readonly parts: number
  /** First fragments of further kinds are kept. */
  readonly firsts: boolean
  readonly keeperOf: (
    rows: ByteRows,
    cells: SlotCells | undefined,
    outputs: ByteOutputs,
    compiled: CompiledTable | undefined
  ) => Keeper
  /** Programs that take most of the fragments; undefined where there are none. */
  readonly programsOf: (rows: RowKind) => TablePrograms | undefined
}

/** A function of the user's is asked whether a key is complete. */
const hasPredicate = (rule: CompiledRule<never, never>): boolean =>
  rule.triggers.some((each) => each._tag === "Predicate" && each !== Complete.never)

const viewsOf = (
  { rule, duplicates, weights, settings }: Described,
  kept: Kept,
  layouts: ReadonlyArray<Layout>
): Accumulator.FragmentShape => {
  const fixed = fixedOf(rule)
  const extras: RowExtras = {
    first: settings.ageMs !== Number.POSITIVE_INFINITY,
    expected: rule.announces !== undefined,
    firsts: kept.firsts
  }
  const programs = once(() =>
    kept.programsOf({ hasWords: extras.expected || extras.firsts, hasFirst: extras.first })
  )
  const machineOf = (host: Accumulator.AccumulatorHost, bounds: Settings, emitViews: boolean) => {
    const { memory, close } = memoryOf(host, (): number => table.open, programs()?.block)
    const arena = new ByteArena(memory)
    const cells = kept.parts === 0 ? undefined : new SlotCells(arena, kept.parts)
    const rows = new ByteRows(arena, extras)
    const table = new ByteTable(rows, close)
    const { itemsMax: items, bytesMax: bytes, slotsMax: slots } = bounds
    const found = programs()
    const compiled = found && new CompiledTable(found, arena, { items, bytes, slots })
    let logic: ByteLogic | undefined
    const outputs = new ByteOutputs(kept.output, arena, (left) => logic?.letGo(left))
    logic = new ByteLogic(rows, {
      rule,
      planOf: kept.planOf,
      keeper: kept.keeperOf(rows, cells, outputs, compiled),
      cells,
      fixed,
      duplicates,
      weights,
      slotsMax: bounds.slotsMax,
      compiled: kept.firsts ? undefined : compiled
    })
    return new ByteMachine(host, logic, bounds, table, outputs, emitViews, compiled)
  }
  // A rehearsal calls nothing of the user's.
  let isRehearsed = hasPredicate(rule)
  const make = (host: Accumulator.AccumulatorHost, emitViews: boolean) => {
    if (!isRehearsed && programs() === undefined) rehearse(layouts, kept.needs, settings, machineOf)
    isRehearsed = true
    return machineOf(host, settings, emitViews)
  }
  return { _tag: "Views", needs: kept.needs, output: kept.output, make }
}

const needsOf = (
  reads: RuleReads,
  layout: Layout,
  key: ReadonlyArray<string>,
  names: Iterable<string>
): Needs => {
  const { columns, hashes } = namesOf(rulePlan(reads, layout), layout)
  return { columns: new Set([...names, ...columns]), hashes: new Set(hashes), key }
}

/** The numbers that figures are made of; every one is in some layout. */
const figureNames = (figures: Figures, layouts: ReadonlyArray<Layout>): ReadonlySet<string> => {
  const names = Object.values(figures).flatMap((each) => ("name" in each ? [each.name] : []))
  for (const name of names)
    if (!layouts.some((layout) => columnOf(layout, name)?._tag === "Number"))
      refuse(`output: ${layouts.map(nameOf).join(" and ")} has no number "${name}"`)
  return new Set(names)
}

const figuresKept = (
  { rule, size, key }: Described,
  figures: Figures,
  layouts: ReadonlyArray<Layout>
): Kept => {
  const reads = readsOf(rule, size)
  const keys = keyOf(key, layouts)
  const names = [...figureNames(figures, layouts)]
  const numbersOf = (layout: Layout): ReadonlyArray<string> =>
    names.filter((name) => columnOf(layout, name)?._tag === "Number")
  const addOf = byLayout((layout) => compileAdd(figures, layout))
  return {
    planOf: byLayout((layout) => rulePlan(reads, layout)),
    needs: layouts.map((layout) => needsOf(reads, layout, keys, numbersOf(layout))),
    output: {
      kind: undefined,
      columns: Object.entries(figures).map(([name, { _tag }]) => ({
        _tag: _tag === "Key" ? "Text" : "Number",
        name
      }))
    },
    parts: rule.slotOf === undefined ? 0 : Math.max(1, rule.parts.length),
    firsts: false,
    programsOf: () => undefined,
    keeperOf: ({ arena }, _cells, outputs) =>
      new FigureKeys(arena, { figures, addOf, outputs, hasPredicate: hasPredicate(rule) })
  }
}

const assembledKept = (
  { rule, size, key, duplicates }: Described,
  assembly: Assembly,
  layouts: ReadonlyArray<Layout>
): Kept => {
  const plan = assemblyPlan(assembly, rule, readsOf(rule, size), duplicates)
  const keys = keyOf(key, layouts)
  checkLayouts(plan, layouts)
  const byRule = rule.slotOf !== undefined
  const readsIn = (layout: Layout): RuleReads =>
    fillsSlots(plan, byRule, layout) ? plan.reads : { ...plan.reads, slot: undefined }
  const filling = layouts.filter((layout) => rulePlan(readsIn(layout), layout).slot !== undefined)
  if (plan.joined.length > 0 && plan.reads.parts.length === 0 && filling.length > 1)
    refuse("output: several kinds fill a slot; say which in parts of the rule")
  const shapes = shapesOf(plan, layouts)
  const output = assembledLayout(assembly, shapes)
  const names = elementNames(plan, shapes.head)
  const late = names === undefined ? undefined : { shape: shapes.head, names }
  const fragments = byLayout((layout) => fragmentPlan(plan, layout))
  const script = once(() => compileEmit(assembly, shapes, output))
  const planOf = byLayout((layout) => rulePlan(readsIn(layout), layout))
  const needs = layouts.map((layout) => {
    const kept = keptNames(plan, layout)
    const groups = [...kept].flatMap((name) => (name.includes(".") ? [name.split(".")[0]] : []))
    return needsOf(readsIn(layout), layout, keys, [...kept, ...(groups as Array<string>)])
  })
  const parts = plan.hasSlots ? plan.partCount : 0
  return {
    planOf,
    needs,
    programsOf: (rows) => {
      if (!asksOnlySlots(rule.triggers)) return undefined
      const isFixed = fixedOf(rule).length > 0
      const taken = layouts.flatMap((whole, i) => {
        const layout = narrowed(whole, needs[i] as Needs)
        const fragment = fragments(layout)
        const { isDeclared } = plan
        const options = { rule: planOf(layout), fragment, parts, isFixed, isDeclared }
        return canTake(options) ? [{ layout, options }] : []
      })
      const emitted = { assembly, shapes, layout: output }
      return taken.length === 0 ? undefined : compileTable(taken, emitted, parts, rows)
    },
    output,
    parts,
    firsts: plan.firsts.length > 0,
    keeperOf: (rows, cells, outputs, compiled) => {
      const inScript: Emit = (arena, left, target) => script()(arena, left, target)
      const emit: Emit =
        compiled === undefined
          ? inScript
          : (_, left, target) => compiled.emit(left, target, inScript)
      const { isDeclared } = plan
      const firsts = plan.firsts.length
      const options = { planOf: fragments, emit, outputs, cells, isDeclared, late, firsts }
      return new AssemblyKeys(rows, options)
    }
  }
}

const shapeOf = (
  described: Described,
  layouts: ReadonlyArray<Layout>
): Accumulator.FragmentShape => {
  const figures = figuresOf(described.output)
  if (figures !== undefined)
    return viewsOf(described, figuresKept(described, figures, layouts), layouts)
  if (described.plainState) refuse("state is the user's own; a described output keeps fields")
  const assembly = assemblyOf(described.output)
  if (assembly === undefined) return refuse("output is a plain function; see Assemble.record")
  return viewsOf(described, assembledKept(described, assembly, layouts), layouts)
}

/** How an accumulator takes fragments of these layouts. */
export const fragmentShape = (
  described: Described,
  layouts: ReadonlyArray<Layout>
): Accumulator.FragmentShape => {
  try {
    return shapeOf(described, layouts)
  } catch (refusal) {
    if (!(refusal instanceof NotViews)) throw refusal
    return { _tag: "Objects", reason: refusal.message }
  }
}
