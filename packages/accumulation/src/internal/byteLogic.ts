// The inside of a key that is fed with views: its slots, found by hash and bytes, what was
// announced, what it weighs, and whether a rule holds. The same rules in the same order as
// RuleLogic over objects, so with the same answers and failures; what is kept of a fragment is the
// keeper's. Reports, which are rare, are those of the object form over a copy of the slots.
import type * as Batch from "@sluice/core/Batch"
import type { ColumnData, ViewBlock } from "@sluice/core/Views"
import type { ByteArena } from "./byteArena.ts"
import type { ByteKeys, Keeper, PlanOf, RulePlan, SlotName, SlotSource } from "./byteKeys.ts"
import type { ByteRows } from "./byteRows.ts"
import { rowFlags, rowFloats, rowWords } from "./byteRows.ts"
import { nameOf, shadowOf, textOf } from "./byteShadow.ts"
import type { CompiledRule, Trigger } from "./compiledRule.ts"
import { asksOnlySlots } from "./compiledRule.ts"
import type { CompiledTable } from "./compiledTable.ts"
import type { Entry, KeyValue } from "./entry.ts"
import { duplicateSlot, invalidCount, invalidSize, tooManySlots } from "./failures.ts"
import { holders } from "./keyTable.ts"
import { verdicts } from "./logic.ts"
import { completenessOf, missingOf, slotName } from "./progress.ts"
import type { SlotCells } from "./slotCells.ts"
import { filledOnly } from "./slotCells.ts"

/** Everything a logic over bytes consists of. */
export interface ByteLogicOptions {
  readonly rule: CompiledRule<never, never>
  readonly planOf: PlanOf<RulePlan>
  readonly keeper: Keeper
  /** Undefined where neither the rule nor the keeper has slots. */
  readonly cells: SlotCells | undefined
  /** The required slots of a fixed list. */
  readonly fixed: ReadonlyArray<SlotName>
  readonly duplicates: "accept" | "drop" | "fail"
  readonly weights: Readonly<Record<string, number>>
  readonly slotsMax: number
  /** Programs that give back what keys hold. */
  readonly compiled: CompiledTable | undefined
}

/** What a word holds; no key has as many fragments. */
const expectedMax = 2 ** 31 - 1

const none: ReadonlyArray<number> = Object.freeze([])
const noPlan: RulePlan = {
  slot: undefined,
  part: 0,
  group: -1,
  child: -1,
  announces: -1,
  size: -1
}

/** The logic of one running accumulator over views. */
export class ByteLogic implements ByteKeys {
  readonly triggers: ReadonlyArray<string>
  duplicates = 0
  lastBytes = 0
  private readonly options: ByteLogicOptions
  private readonly keeper: Keeper
  private readonly rows: ByteRows
  private readonly arena: ByteArena
  private readonly cells: SlotCells | undefined
  private readonly list: ReadonlyArray<Trigger<unknown>>
  /** Slots are all the rule asks for. */
  private readonly onlySlots: boolean
  /** The slots are the rule's, and not only where fragments are found by name. */
  private readonly counting: boolean
  private readonly predicates: ReadonlyArray<Trigger<unknown> | undefined>
  private readonly held: Array<boolean> = []
  private columns: ReadonlyArray<ColumnData> = []
  /** The bytes of the block. */
  private view: DataView = new DataView(new ArrayBuffer(0))
  private plan: RulePlan = noPlan
  averageBytes = 0
  private left: Array<number> = []
  private declaredSlots = new Int32Array(16)
  // Where the name of the fragment's slot stands.
  private names: DataView = this.view
  private nameFrom = 0
  private nameLength = 0
  private nameHash = 0

  constructor(rows: ByteRows, options: ByteLogicOptions) {
    const { rule, keeper, cells } = options
    this.rows = rows
    this.arena = rows.arena
    this.options = options
    this.keeper = keeper
    this.cells = cells
    this.counting = rule.slotOf !== undefined
    // Whoever asks a predicate has a state for it: see the plan.
    this.list = rule.triggers as ReadonlyArray<Trigger<unknown>>
    this.triggers = this.list.map(({ name }) => name)
    this.onlySlots = asksOnlySlots(rule.triggers)
    const asks = keeper.stateOf !== undefined
    this.predicates = this.list.map((each) =>
      each._tag === "Predicate" && asks ? each : undefined
    )
  }

  get origin(): number {
    return this.keeper.origin
  }

  begin(batch: Batch.Batch<unknown>): void {
    const { length } = batch.items
    this.averageBytes = length === 0 ? 0 : Math.round(batch.bytes / length)
    this.keeper.begin(batch.origin)
  }

  enter(block: ViewBlock): void {
    this.columns = block.sheet.columns
    const { buffer, byteOffset, byteLength } = block.sheet.bytes
    this.view = new DataView(buffer, byteOffset, byteLength)
    this.plan = this.options.planOf(block.sheet.layout)
    this.keeper.enter(block)
  }

  takeRow(state: number, row: number): number {
    const { plan, cells, keeper, arena, rows } = this
    const announced = plan.announces < 0 ? 0 : this.countAt(plan.announces, row)
    const bytes = plan.size < 0 ? this.averageBytes : this.sizeAt(plan.size, row)
    let slot = -1
    let named = false
    if (cells !== undefined) {
      if (this.options.fixed.length > 0 && !cells.declared(state)) this.openFixed(cells, state)
      named = plan.slot !== undefined && this.locate(plan.slot, row)
      if (named) {
        slot = cells.find(state, this.nameHash, this.names, this.nameFrom, this.nameLength)
        if (this.counting && slot >= 0 && cells.fragment(state, slot, plan.part) !== 0)
          if (this.isRefused(cells, state, slot)) return verdicts.duplicate
      }
      if (this.counting) this.checkRoom(cells, state, row, named && slot < 0)
    }
    const kept = keeper.keep(state, row)
    if (keeper.stateOf !== undefined) this.ask(keeper.stateOf, state)
    const { floats } = arena
    const at = (state >> 3) + rowFloats.bytes
    floats[at] = (floats[at] as number) + bytes
    this.lastBytes = bytes
    if (announced > 0 && announced > rows.expected(state))
      rows.expect(state, Math.min(announced, expectedMax))
    if (cells !== undefined) {
      if (named) this.fill(cells, state, slot, keeper.leads ? filledOnly : kept)
      if (plan.group >= 0) this.demand(cells, state, row, kept)
    }
    keeper.settle(state, kept, named)
    return this.won(state)
  }

  /** Index of the first trigger that holds, or `incomplete`; the fragment is not counted yet. */
  private won(state: number): number {
    if (this.onlySlots) return this.hasAllSlots(state) ? 0 : verdicts.incomplete
    const fragments = this.arena.words[(state >> 2) + rowWords.fragments] as number
    return this.wonWith(state, fragments + 1)
  }

  private hasAllSlots(state: number): boolean {
    const { words } = this.arena
    const k = state >> 2
    if (words[k + rowWords.waiting] !== 0) return false
    return ((words[k + rowWords.flags] as number) & rowFlags.declared) !== 0
  }

  private wonWith(state: number, fragments: number): number {
    for (let i = 0; i < this.list.length; i++)
      if (this.holds(this.list[i] as Trigger<unknown>, i, state, fragments)) return i
    return verdicts.incomplete
  }

  private holds(
    trigger: Trigger<unknown>,
    index: number,
    state: number,
    fragments: number
  ): boolean {
    const { floats } = this.arena
    switch (trigger._tag) {
      case "Slots":
        return this.hasAllSlots(state)
      case "Announced": {
        const expected = this.rows.expected(state)
        return expected > 0 && fragments >= expected
      }
      case "Items":
        return fragments >= trigger.amount
      case "Bytes":
        return (floats[(state >> 3) + rowFloats.bytes] as number) >= trigger.amount
      case "Predicate":
        return this.held[index] === true
    }
  }

  private ask(stateOf: (state: number) => unknown, state: number): void {
    for (let i = 0; i < this.predicates.length; i++) {
      const each = this.predicates[i]
      if (each?._tag === "Predicate") this.held[i] = each.test(stateOf(state))
    }
  }

  private countAt(column: number, row: number): number {
    const value = this.columns[column]?.value[row] as number
    if (Number.isSafeInteger(value) && value >= 1) return value
    throw invalidCount(Number.isNaN(value) ? null : value)
  }

  private sizeAt(column: number, row: number): number {
    const value = this.columns[column]?.value[row] as number
    if (value >= 0 && value < Number.POSITIVE_INFINITY) return value
    throw invalidSize(Number.isNaN(value) ? null : value)
  }

  /** Finds where the fragment's slot is named; false when it has none. */
  private locate(source: SlotSource, row: number): boolean {
    if (source._tag === "Text") {
      const column = this.columns[source.column] as ColumnData
      this.names = this.view
      this.nameFrom = column.start[row] as number
      this.nameLength = column.length[row] as number
      this.nameHash = column.hash[row] as number
      return this.nameLength >= 0
    }
    const name =
      source._tag === "Constant"
        ? source.name
        : source.names[this.columns[source.column]?.code[row] as number]
    if (name === undefined) return false
    this.names = name.view
    this.nameFrom = 0
    this.nameLength = name.view.byteLength
    this.nameHash = name.hash
    return true
  }

  private openFixed(cells: SlotCells, state: number): void {
    for (const { view, hash } of this.options.fixed) {
      cells.append(state, hash, view, 0, view.byteLength)
      cells.require(state, cells.count(state) - 1)
    }
    cells.declare(state)
  }

  /** Counts a fragment for a filled slot; true when it is not to be taken. */
  private isRefused(cells: SlotCells, state: number, slot: number): boolean {
    this.duplicates++
    const { duplicates, rule } = this.options
    if (duplicates === "fail")
      throw duplicateSlot(slotName(rule, nameOf(cells, state, slot), this.plan.part))
    return duplicates === "drop"
  }

  private checkRoom(cells: SlotCells, state: number, row: number, isNew: boolean): void {
    const { plan } = this
    const group = plan.group < 0 ? undefined : this.columns[plan.group]
    const growth = 1 + (group === undefined ? 0 : (group.length[row] as number))
    if ((cells.count(state) + growth) * cells.parts <= this.options.slotsMax) return
    this.checkNames(cells, state, row, isNew, group)
  }

  // Asked only when the slots might be too many: counts exactly what would be added.
  private checkNames(
    cells: SlotCells,
    state: number,
    row: number,
    isNew: boolean,
    group: ColumnData | undefined
  ): void {
    const { view } = this
    const added = new Set<string>()
    if (isNew) added.add(textOf(this.names, this.nameFrom, this.nameLength))
    const names = group?.children[this.plan.child]
    if (group !== undefined && names !== undefined) {
      const first = group.start[row] as number
      for (let j = first; j < first + (group.length[row] as number); j++) {
        const start = names.start[j] as number
        const length = names.length[j] as number
        if (cells.find(state, names.hash[j] as number, view, start, length) < 0)
          added.add(textOf(view, start, length))
      }
    }
    const { slotsMax } = this.options
    if ((cells.count(state) + added.size) * cells.parts > slotsMax) throw tooManySlots(slotsMax)
  }

  private fill(cells: SlotCells, state: number, found: number, kept: number): void {
    const { part } = this.plan
    let slot = found
    if (slot < 0) {
      slot = cells.count(state)
      cells.append(state, this.nameHash, this.names, this.nameFrom, this.nameLength)
    }
    const before = cells.fragment(state, slot, part)
    if (before === 0) cells.fill(state, slot, part, kept)
    else cells.replace(state, slot, part, this.keeper.chosen(before, kept))
  }

  private demand(cells: SlotCells, state: number, row: number, kept: number): void {
    const { plan, view } = this
    const group = this.columns[plan.group] as ColumnData
    const names = group.children[plan.child] as ColumnData
    const first = group.start[row] as number
    const count = group.length[row] as number
    if (count > this.declaredSlots.length) this.declaredSlots = new Int32Array(2 * count)
    for (let j = 0; j < count; j++) {
      const start = names.start[first + j] as number
      const length = names.length[first + j] as number
      const hash = names.hash[first + j] as number
      let slot = cells.find(state, hash, view, start, length)
      if (slot < 0) {
        slot = cells.count(state)
        cells.append(state, hash, view, start, length)
      }
      cells.require(state, slot)
      this.declaredSlots[j] = slot
    }
    cells.declare(state)
    this.keeper.declared(kept, this.declaredSlots, count)
  }

  /** The key as the object form knows it, for its reports. */
  private shadow(entry: Entry<string, number>): Entry<KeyValue, unknown> {
    return shadowOf(entry, this.counting ? this.cells : undefined)
  }

  completeness(entry: Entry<string, number>): number {
    return completenessOf(this.options.rule, this.shadow(entry), this.options.weights)
  }

  missing(entry: Entry<string, number>, limit: number): ReadonlyArray<string> {
    return missingOf(this.options.rule, this.shadow(entry), this.options.weights, limit)
  }

  output(entry: Entry<string, number>): number {
    return this.keeper.output(entry.state as number)
  }

  touch(rows: Int32Array, count: number): number {
    return this.keeper.touch(rows, count)
  }

  free(row: number): void {
    this.keeper.free(row)
    this.cells?.release(row)
  }

  /** Nobody reads the outputs of keys that left. */
  letGo(left: ReadonlyArray<number>): void {
    const { compiled } = this.options
    if (compiled !== undefined) compiled.release(left, this.freeOne)
    // By position: iterators would make an object for each key until this code is optimised.
    for (let i = 0; i < left.length; i++) {
      if (compiled === undefined) this.free(left[i] as number)
      this.rows.letGo(left[i] as number, holders.output)
    }
  }

  private readonly freeOne = (row: number): void => this.free(row)

  release(entry: Entry<string, number>): void {
    const row = entry.state
    if (row === undefined) return
    this.rows.hold(row, holders.output)
    this.left.push(row)
  }

  /** The keys that left since the last call; their cells are freed once nobody reads them. */
  takeLeft(): ReadonlyArray<number> {
    if (this.left.length === 0) return none
    this.keeper.finish()
    const { left } = this
    this.left = []
    return left
  }

  assertEntry(entry: Entry<string, number>): void {
    const state = entry.state as number
    const { stateOf } = this.keeper
    if (stateOf !== undefined) this.ask(stateOf, state)
    if (this.wonWith(state, entry.fragments) >= 0)
      throw new Error(`completeness is looked at after every fragment: ${entry.key} is complete`)
    const { waiting } = this.shadow(entry).slots ?? {}
    const counted = this.cells?.waiting(state)
    if (waiting !== undefined && waiting !== counted)
      throw new Error(`slots of ${entry.key}: ${waiting} are missing, counted ${counted}`)
  }

  close(): void {}
}
