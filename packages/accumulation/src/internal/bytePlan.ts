// Whether an accumulator can be fed with views, and what it needs of them: everything it does with
// a fragment must be said by field references and a described output. Says in one sentence why not.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Fields from "@sluice/core/Fields"
import type { Column, Layout, Needs } from "@sluice/core/Views"
import { narrowed } from "@sluice/core/Views"
import type { Figures } from "../Aggregate.ts"
import { figuresOf } from "../Aggregate.ts"
import type { Assembly } from "../Assemble.ts"
import { assemblyOf } from "../Assemble.ts"
import * as Complete from "../Complete.ts"
import { ByteArena } from "./byteArena.ts"
import { ByteTable } from "./byteIndex.ts"
import type { FragmentPlan } from "./byteLogic.ts"
import { ByteLogic } from "./byteLogic.ts"
import { ByteMachine } from "./byteMachine.ts"
import { ByteOutputs } from "./byteOutputs.ts"
import type { CompiledRule } from "./compiledRule.ts"
import type { Emit, EmitShapes } from "./emitRows.ts"
import { assembledLayout, compileEmit } from "./emitRows.ts"
import type { AddRow } from "./figureKeys.ts"
import { compileAdd, FigureKeys } from "./figureKeys.ts"
import type { KeptShape } from "./keptShape.ts"
import { compileKeep, keptShape } from "./keptShape.ts"
import type { Settings } from "./settings.ts"
import { SlotCells, slotWords } from "./slotCells.ts"
import { memoryOf } from "./stateMemory.ts"

/** The parts of an accumulator's description that decide. */
export interface Described {
  readonly key: unknown
  readonly rule: CompiledRule<never, never>
  readonly plainState: boolean
  readonly plainSize: boolean
  readonly duplicates: "accept" | "drop" | "fail"
  readonly output: unknown
  readonly weights: Readonly<Record<string, number>>
  readonly settings: Settings
}

class NotViews extends Error {}

const refuse = (reason: string): never => {
  throw new NotViews(reason)
}

const columnOf = (layout: Layout, name: string): Column | undefined =>
  layout.columns.find((column) => column.name === name)

const nameOf = (layout: Layout): string => layout.kind ?? "(no kind)"

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

interface SlotNames {
  readonly slot: string
  readonly group: string
  readonly by: string
}

const slotsOf = (rule: CompiledRule<never, never>): SlotNames => {
  const [trigger, ...more] = rule.triggers
  if (trigger?._tag !== "Slots" || more.length > 0 || rule.declares === undefined)
    return refuse("complete: only discovered slots are kept as views")
  const slot = Fields.readOf(rule.slotOf)
  const declares = Fields.readOf(rule.declares)
  if (slot?._tag !== "Field") return refuse("complete: slot is a plain function; use Fields.of")
  if (declares?._tag !== "Each")
    return refuse("complete: declares is a plain function; use Fields.each")
  if (rule.partOf !== undefined && Fields.readOf(rule.partOf)?._tag !== "Kind")
    return refuse("complete: parts.of is a plain function; use Fields.kind")
  return { slot: slot.name, group: declares.group, by: declares.name }
}

/** What an assembly reads of fragments of a kind, and of the elements of its head's group. */
const namesRead = (assembly: Assembly, layout: Layout, slots: SlotNames): ReadonlySet<string> => {
  const names = new Set<string>()
  for (const part of Object.values(assembly.fields)) {
    if (part._tag === "Own" && layout.kind === assembly.head) names.add(part.name)
    if (part._tag !== "Elements") continue
    if (part.group !== slots.group || part.by !== slots.by || slots.by !== slots.slot)
      refuse(`output: elements of "${part.group}" by "${part.by}" are not the declared slots`)
    for (const each of Object.values(part.fields)) {
      if (each._tag === "Own" && layout.kind === assembly.head)
        names.add(`${part.group}.${each.name}`)
      if (each._tag === "Joined" && layout.kind === each.kind) names.add(each.name)
    }
  }
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

interface Planned {
  readonly layout: Layout
  readonly needs: Needs
  readonly shape: KeptShape
  readonly part: number
  readonly names: ReadonlySet<string>
}

const planned = (
  described: Described,
  assembly: Assembly,
  slots: SlotNames,
  key: ReadonlyArray<string>,
  layout: Layout
): Planned => {
  const { rule } = described
  const names = namesRead(assembly, layout, slots)
  checkNames(layout, names)
  const group = columnOf(layout, slots.group)
  const slot = columnOf(layout, slots.slot)
  const leads = layout.kind === assembly.head
  if (leads !== (group?._tag === "Group"))
    refuse(`complete: "${assembly.head}" and no other has the group "${slots.group}"`)
  if (leads && slot !== undefined)
    refuse(`complete: ${nameOf(layout)} declares slots and fills one`)
  if (!leads && slot?._tag !== "Text")
    refuse(`complete: ${nameOf(layout)} has no text field "${slots.slot}"`)
  const part = leads ? -1 : rule.parts.length === 0 ? 0 : rule.parts.indexOf(layout.kind ?? "")
  if (!leads && part < 0) refuse(`complete: ${nameOf(layout)} is none of the parts of a slot`)
  const hashed = leads ? `${slots.group}.${slots.by}` : slots.slot
  const columns = new Set([...names, hashed])
  if (leads) columns.add(slots.group)
  const needs: Needs = { columns, hashes: new Set([hashed]), key }
  const shape = keptShape(narrowed(layout, needs).columns, names, leads ? slots.group : undefined)
  return { layout, needs, shape, part, names }
}

const fragmentPlan = (each: Planned, slots: SlotNames): FragmentPlan => {
  const { columns } = narrowed(each.layout, each.needs)
  const leads = each.part < 0
  const column = columns.findIndex(({ name }) => name === (leads ? slots.group : slots.slot))
  const group = columns[column]
  const child =
    group?._tag === "Group" ? group.columns.findIndex(({ name }) => name === slots.by) : -1
  const keep = compileKeep(each.shape)
  return { keep, shape: each.shape, part: each.part, column, child, leads }
}

const shapesOf = (
  plans: ReadonlyArray<Planned>,
  assembly: Assembly,
  partCount: number
): EmitShapes => {
  const head = plans.find(({ layout }) => layout.kind === assembly.head)
  if (head === undefined) return refuse(`output: no input has records of kind "${assembly.head}"`)
  const parts = new Map(
    plans.flatMap(({ layout, part, shape }) =>
      part < 0 || layout.kind === undefined ? [] : [[layout.kind, { part, shape }] as const]
    )
  )
  for (const part of Object.values(assembly.fields)) {
    if (part._tag !== "Elements") continue
    for (const each of Object.values(part.fields))
      if (each._tag === "Joined" && !parts.has(each.kind))
        refuse(`output: no input has records of kind "${each.kind}"`)
  }
  return { head: head.shape, parts, slotWords: slotWords(partCount) }
}

/** What is generated once for an accumulator, however many runs it has. */
interface Compiled {
  readonly byKind: ReadonlyMap<string | undefined, FragmentPlan>
  readonly emit: Emit
  readonly output: Layout
}

const machineFor = (
  { rule, duplicates, weights, settings }: Described,
  { byKind, emit, output }: Compiled,
  host: Accumulator.AccumulatorHost,
  emitViews: boolean
): ByteMachine => {
  const { memory, close } = memoryOf(host, (): number => table.open)
  const arena = new ByteArena(memory)
  const cells = new SlotCells(arena, Math.max(1, rule.parts.length))
  const table = new ByteTable(arena, close)
  const outputs = new ByteOutputs(output, arena, {
    release: (row) => cells.release(row),
    free: (entry) => table.index.free(entry)
  })
  const logic = new ByteLogic(arena, cells, {
    planOf: (layout) => byKind.get(layout.kind) as FragmentPlan,
    emit,
    outputs,
    parts: rule.parts,
    trigger: rule.triggers[0]?.name as string,
    declaredBy: rule.declaredBy,
    duplicates: duplicates === "fail" ? "fail" : "drop",
    weights,
    slotsMax: settings.slotsMax
  })
  return new ByteMachine(host, logic, settings, table, outputs, emitViews)
}

/** The names a described aggregation reads, all of them numbers of every layout. */
const figureNames = (figures: Figures, layouts: ReadonlyArray<Layout>): ReadonlySet<string> => {
  const names = Object.values(figures).flatMap((each) => ("name" in each ? [each.name] : []))
  for (const layout of layouts)
    for (const name of names)
      if (columnOf(layout, name)?._tag !== "Number")
        refuse(`output: ${nameOf(layout)} has no number "${name}"`)
  return new Set(names)
}

const figuresShape = (
  described: Described,
  figures: Figures,
  layouts: ReadonlyArray<Layout>
): Accumulator.FragmentShape => {
  const { rule, settings } = described
  if (rule.triggers.length !== 1 || rule.triggers[0] !== Complete.never)
    return refuse("complete: figures are added up as views until the end: Complete.never")
  if (described.plainSize) refuse("size is a plain function")
  const key = keyOf(described.key, layouts)
  const columns = figureNames(figures, layouts)
  const needs: Needs = { columns, hashes: new Set(), key }
  const output: Layout = {
    kind: undefined,
    columns: Object.entries(figures).map(([name, { _tag }]) => ({
      _tag: _tag === "Key" ? "Text" : "Number",
      name
    }))
  }
  const adders = new Map<Layout, AddRow>()
  const addOf = (layout: Layout): AddRow => {
    const known = adders.get(layout) ?? compileAdd(figures, layout)
    adders.set(layout, known)
    return known
  }
  const make = (host: Accumulator.AccumulatorHost, emitViews: boolean) => {
    const { memory, close } = memoryOf(host, (): number => table.open)
    const arena = new ByteArena(memory)
    const table = new ByteTable(arena, close)
    let keys: FigureKeys | undefined
    const outputs = new ByteOutputs(output, arena, {
      release: (row) => keys?.free(row),
      free: (entry) => table.index.free(entry)
    })
    keys = new FigureKeys(arena, { figures, addOf, outputs })
    return new ByteMachine(host, keys, settings, table, outputs, emitViews)
  }
  return { _tag: "Views", needs: layouts.map(() => needs), output, make }
}

const shapeOf = (
  described: Described,
  layouts: ReadonlyArray<Layout>
): Accumulator.FragmentShape => {
  const figures = figuresOf(described.output)
  if (figures !== undefined) return figuresShape(described, figures, layouts)
  if (described.plainState) refuse("state is the user's own; a described output keeps fields")
  if (described.plainSize) refuse("size is a plain function")
  if (described.duplicates === "accept")
    return refuse('duplicates: "accept" keeps every fragment; "drop" keeps one a place')
  const assembly = assemblyOf(described.output)
  if (assembly === undefined) return refuse("output is a plain function; see Assemble.record")
  const { rule } = described
  const key = keyOf(described.key, layouts)
  const slots = slotsOf(rule)
  const plans = layouts.map((layout) => planned(described, assembly, slots, key, layout))
  const shapes = shapesOf(plans, assembly, Math.max(1, rule.parts.length))
  const output = assembledLayout(assembly, shapes)
  const needs = plans.map((each) => each.needs)
  let compiled: Compiled | undefined
  const make = (host: Accumulator.AccumulatorHost, emitViews: boolean) => {
    compiled ??= {
      byKind: new Map(plans.map((each) => [each.layout.kind, fragmentPlan(each, slots)])),
      emit: compileEmit(assembly, shapes, output),
      output
    }
    return machineFor(described, compiled, host, emitViews)
  }
  return { _tag: "Views", needs, output, make }
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
