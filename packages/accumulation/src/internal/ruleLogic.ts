// The inside of a key for ready-made rules: asks the user's functions about a fragment, adds it to
// the state, marks progress, and looks at the triggers. All user code runs before anything is
// marked, so a throw leaves the entry as it was; only what `add` itself did to a mutable state
// stays.
import * as Batch from "@sluice/core/Batch"
import type { FragmentsOptions } from "../Fragments.ts"
import { Fragments } from "../Fragments.ts"
import type { Group } from "../Group.ts"
import type { CompiledRule, Trigger } from "./compiledRule.ts"
import type { Entry, KeyValue } from "./entry.ts"
import { duplicateSlot, invalidCount, invalidSize, tooManySlots, unknownPart } from "./failures.ts"
import type { Leaving, Logic } from "./logic.ts"
import { verdicts } from "./logic.ts"
import { completenessOf, missingOf, slotName } from "./progress.ts"
import type { Slot } from "./slotTable.ts"
import { SlotTable } from "./slotTable.ts"

/** How a user's state begins and grows. */
export interface StateFunctions<in In, in Key, State> {
  readonly init: (key: Key) => State
  // biome-ignore lint/suspicious/noConfusingVoidType: changing in place returns nothing
  readonly add: (state: State, fragment: In) => State | void
}

/** Everything a ready-made accumulator consists of. */
export interface RuleLogicOptions<In, Key extends KeyValue, State, Out> {
  readonly key: (fragment: In) => Key | undefined | null
  readonly rule: CompiledRule<In, State>
  readonly state: StateFunctions<In, Key, State> | undefined
  readonly order: ((a: In, b: In) => number) | undefined
  readonly size: ((fragment: In) => number) | undefined
  readonly duplicates: "accept" | "drop" | "fail"
  readonly output: (group: Group<Key, State>) => Out
  readonly weights: Readonly<Record<string, number>>
  readonly slotsMax: number
}

const noPredicates: ReadonlyArray<boolean> = Object.freeze([])

/** The logic of one running accumulator. */
export class RuleLogic<In, Key extends KeyValue, State, Out> implements Logic<In, Key, State, Out> {
  readonly triggers: ReadonlyArray<string>
  readonly keyOf: (fragment: In) => Key | undefined | null
  duplicates = 0
  protected readonly options: RuleLogicOptions<In, Key, State, Out>
  private readonly rule: CompiledRule<In, State>
  private readonly first: Trigger<State>
  private readonly hasPredicate: boolean
  private readonly parts: number
  private readonly gathering: FragmentsOptions<In>
  private batch: Batch.Batch<In> = Batch.make<In>([])
  private averageBytes = 0

  constructor(options: RuleLogicOptions<In, Key, State, Out>) {
    this.options = options
    this.rule = options.rule
    this.keyOf = options.key
    this.triggers = options.rule.triggers.map((trigger) => trigger.name)
    this.first = options.rule.triggers[0]!
    this.hasPredicate = options.rule.triggers.some((trigger) => trigger._tag === "Predicate")
    this.parts = Math.max(1, options.rule.parts.length)
    this.gathering = { slotOf: options.rule.slotOf, order: options.order }
  }

  begin(batch: Batch.Batch<In>): void {
    this.batch = batch
    this.averageBytes = batch.items.length === 0 ? 0 : Math.round(batch.bytes / batch.items.length)
  }

  open(entry: Entry<Key, State>): void {
    const { state } = this.options
    // Without a described state, State is Fragments<In>: see the overloads of Accumulate.make.
    entry.state = state === undefined ? (this.gather() as State) : state.init(entry.key)
    if (this.rule.slotOf !== undefined) entry.slots = new SlotTable(this.rule.fixed, this.parts)
  }

  take(entry: Entry<Key, State>, fragment: In, index: number): number {
    const { slotOf, partOf, declares, announces } = this.rule
    const name = slotOf === undefined ? undefined : (slotOf(fragment) ?? undefined)
    const part = partOf === undefined || name === undefined ? 0 : this.partOf(partOf(fragment))
    const declared = declares === undefined ? undefined : declares(fragment)
    const announced = announces === undefined ? undefined : checkedCount(announces(fragment))
    const bytes = this.bytesOf(fragment, index)
    const table = entry.slots
    let at = -1
    if (table !== undefined) {
      if (name !== undefined) {
        at = table.find(name)
        const filled = at >= 0 && table.isFilled(at * this.parts + part)
        if (filled && this.isRefused(name, part)) return verdicts.duplicate
      }
      const growth = declared === undefined ? 1 : 1 + declared.length
      if (table.size + growth * this.parts > this.options.slotsMax) {
        this.checkSlots(table, name, at, declared)
      }
    }
    const predicates = this.add(entry, fragment, index)
    entry.bytes += bytes
    if (announced !== undefined && announced > entry.expected) entry.expected = announced
    if (table !== undefined) {
      if (name !== undefined) table.fill((at < 0 ? table.append(name) : at) * this.parts + part)
      if (declared !== undefined) table.declare(declared)
    }
    return this.won(entry, entry.fragments + 1, predicates)
  }

  completeness(entry: Entry<Key, State>): number {
    return completenessOf(this.rule, entry, this.options.weights)
  }

  missing(entry: Entry<Key, State>, limit: number): ReadonlyArray<string> {
    return missingOf(this.rule, entry, this.options.weights, limit)
  }

  output(entry: Entry<Key, State>, leaving: Leaving): Out {
    return this.options.output({
      key: entry.key,
      state: entry.state as State,
      reason: leaving.reason,
      isComplete: leaving.complete,
      completeness: leaving.completeness,
      missing: leaving.missing,
      fragments: entry.fragments,
      bytes: entry.bytes,
      firstMs: leaving.epochMs + entry.first,
      lastMs: leaving.epochMs + entry.last
    })
  }

  assertEntry(entry: Entry<Key, State>): void {
    const predicates = this.hasPredicate ? this.askPredicates(entry.state as State) : noPredicates
    if (this.won(entry, entry.fragments, predicates) >= 0) {
      throw new Error(`completeness is looked at after every fragment: ${entry.key} is complete`)
    }
    const table = entry.slots
    if (table === undefined) return
    for (let i = 0; i < table.count; i++) {
      const name = table.nameAt(i)!
      if (table.find(name) !== i) throw new Error(`slot ${name} is not found`)
    }
    let waiting = 0
    for (let slot = 0; slot < table.size; slot++) {
      if (table.isRequired(slot) && !table.isFilled(slot)) waiting++
    }
    if (waiting !== table.waiting) {
      throw new Error(`slots of ${entry.key}: ${waiting} are missing, counted ${table.waiting}`)
    }
  }

  close(): void {}

  /** Index of the first trigger that holds with so many fragments, or `incomplete`. */
  protected won(
    entry: Entry<Key, State>,
    fragments: number,
    predicates: ReadonlyArray<boolean>
  ): number {
    const { triggers } = this.rule
    if (holds(this.first, entry, fragments, predicates, 0)) return 0
    for (let i = 1; i < triggers.length; i++) {
      if (holds(triggers[i]!, entry, fragments, predicates, i)) return i
    }
    return verdicts.incomplete
  }

  // The state is assigned once predicates have been asked: an immutable state is then as before
  // when one throws.
  private add(entry: Entry<Key, State>, fragment: In, index: number): ReadonlyArray<boolean> {
    const { state } = this.options
    const before = entry.state as State
    if (state === undefined) {
      const { batch } = this
      const gathered = before as Fragments<In>
      gathered.push(fragment, Batch.seqId(batch, index), Batch.origin(batch, index))
      return this.hasPredicate ? this.askGathered(before, gathered) : noPredicates
    }
    const added = state.add(before, fragment)
    const after = added === undefined ? before : (added as State)
    const predicates = this.hasPredicate ? this.askPredicates(after) : noPredicates
    entry.state = after
    return predicates
  }

  private askGathered(state: State, gathered: Fragments<In>): ReadonlyArray<boolean> {
    try {
      return this.askPredicates(state)
    } catch (cause) {
      gathered.pop()
      throw cause
    }
  }

  private askPredicates(state: State): ReadonlyArray<boolean> {
    return this.rule.triggers.map((each) => each._tag === "Predicate" && each.test(state))
  }

  private bytesOf(fragment: In, index: number): number {
    const { size } = this.options
    if (size !== undefined) return checkedSize(size(fragment))
    const costs = this.batch.columns?.costs
    return costs === undefined ? this.averageBytes : (costs[index]?.bytes ?? this.averageBytes)
  }

  /** Counts a fragment for a filled slot; true when it is not to be taken. */
  protected isRefused(name: Slot, part: number): boolean {
    this.duplicates++
    if (this.options.duplicates === "fail") throw duplicateSlot(slotName(this.rule, name, part))
    return this.options.duplicates === "drop"
  }

  private partOf(part: string): number {
    const at = this.rule.parts.indexOf(part)
    if (at < 0) throw unknownPart(part, this.rule.parts)
    return at
  }

  // Asked only when the table might grow too large: counts exactly what would be added.
  private checkSlots(
    table: SlotTable,
    name: Slot | undefined,
    at: number,
    declared: ReadonlyArray<Slot> | undefined
  ): void {
    const added = new Set((declared ?? []).filter((each) => table.find(each) < 0))
    if (name !== undefined && at < 0) added.add(name)
    const { slotsMax } = this.options
    if (table.size + added.size * this.parts > slotsMax) throw tooManySlots(slotsMax)
  }

  private gather(): Fragments<In> {
    return new Fragments<In>(this.gathering)
  }
}

const checkedCount = (count: number | undefined): number | undefined => {
  if (count === undefined || (Number.isSafeInteger(count) && count >= 1)) return count
  throw invalidCount(count)
}

const checkedSize = (size: number): number => {
  if (typeof size === "number" && size >= 0 && size < Number.POSITIVE_INFINITY) return size
  throw invalidSize(size)
}

const holds = <State>(
  trigger: Trigger<State>,
  entry: Entry<KeyValue, State>,
  fragments: number,
  predicates: ReadonlyArray<boolean>,
  index: number
): boolean => {
  switch (trigger._tag) {
    case "Slots":
      return entry.slots!.waiting === 0 && entry.slots!.declared
    case "Announced":
      return entry.expected > 0 && fragments >= entry.expected
    case "Items":
      return fragments >= trigger.amount
    case "Bytes":
      return entry.bytes >= trigger.amount
    case "Predicate":
      return predicates[index] === true
  }
}
