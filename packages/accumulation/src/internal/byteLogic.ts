// The inside of a key that is fed with views: slots found by hash and bytes, the fields the output
// needs kept in cells, the record made from them at the end. The same rule and the same answers as
// RuleLogic over objects; no string is made and no object.
import type * as Batch from "@sluice/core/Batch"
import { decodeUtf8 } from "@sluice/core/SegmentPool"
import type { ColumnData, Layout, Sheet, ViewBlock } from "@sluice/core/Views"
import type { ByteArena } from "./byteArena.ts"
import { keyAt, rowFloats, rowWords } from "./byteEntry.ts"
import type { ByteKeys } from "./byteKeys.ts"
import type { ByteOutputs } from "./byteOutputs.ts"
import type { Emit } from "./emitRows.ts"
import type { Entry } from "./entry.ts"
import { duplicateSlot, tooManySlots } from "./failures.ts"
import type { Keep, KeptShape } from "./keptShape.ts"
import type { Leaving } from "./logic.ts"
import { verdicts } from "./logic.ts"
import type { SlotCells } from "./slotCells.ts"
import { slotWords } from "./slotCells.ts"

/** What is done with fragments of one layout. */
export interface FragmentPlan {
  readonly keep: Keep
  readonly shape: KeptShape
  /** The part of its slot it fills, or -1 when it fills none. */
  readonly part: number
  /** Position of the column that names the slot, or of the group that declares slots. */
  readonly column: number
  /** Position, in the group, of the field that names a slot. */
  readonly child: number
  /** True for the fragment that leads the output. */
  readonly leads: boolean
}

/** Everything a logic over bytes consists of. */
export interface ByteLogicOptions {
  readonly planOf: (layout: Layout) => FragmentPlan
  readonly emit: Emit
  readonly outputs: ByteOutputs
  /** Names of the parts of a slot; empty when it has none. */
  readonly parts: ReadonlyArray<string>
  readonly trigger: string
  readonly declaredBy: string
  readonly duplicates: "drop" | "fail"
  readonly weights: Readonly<Record<string, number>>
  readonly slotsMax: number
}

const none: ReadonlyArray<number> = Object.freeze([])

/** Words of a line of the cache. */
const lineWords = 16

/** A partial is never 1, whatever rounding does. */
const scoreMax = 0.9999

/** The logic of one running accumulator over views. */
export class ByteLogic implements ByteKeys {
  readonly triggers: ReadonlyArray<string>
  duplicates = 0
  private readonly options: ByteLogicOptions
  private readonly arena: ByteArena
  readonly cells: SlotCells
  private readonly origins: Array<string> = []
  private sheet: Sheet | undefined
  private columns: ReadonlyArray<ColumnData> = []
  private bytes = new Uint8Array(0)
  private plan: FragmentPlan | undefined
  averageBytes = 0
  private origin = 0
  private left: Array<number> = []
  private readonly partCount: number

  constructor(arena: ByteArena, cells: SlotCells, options: ByteLogicOptions) {
    this.arena = arena
    this.options = options
    this.triggers = [options.trigger]
    this.partCount = Math.max(1, options.parts.length)
    this.cells = cells
  }

  begin(batch: Batch.Batch<unknown>): void {
    const { length } = batch.items
    this.averageBytes = length === 0 ? 0 : Math.round(batch.bytes / length)
    this.origin = this.originOf(batch.origin)
  }

  /** The block of the batch that begins. */
  enter(block: ViewBlock): void {
    this.sheet = block.sheet
    this.columns = block.sheet.columns
    this.bytes = block.sheet.bytes as Uint8Array<ArrayBuffer>
    this.plan = this.options.planOf(block.sheet.layout)
  }

  private originOf(origin: string): number {
    const known = this.origins.indexOf(origin)
    if (known >= 0) return known
    this.origins.push(origin)
    return this.origins.length - 1
  }

  keyOf(): string {
    throw new Error("keys of views are bytes: they are looked up by the machine")
  }

  open(): void {
    throw new Error("keys of views are opened by the machine")
  }

  take(): number {
    throw new Error("fragments of views are taken by row")
  }

  /** Takes the fragment at a row of the block into the key at `state`. */
  takeRow(state: number, row: number): number {
    const plan = this.plan as FragmentPlan
    if (plan.part >= 0) {
      if (!this.takePart(state, plan, row)) return verdicts.duplicate
    } else this.takeHead(state, plan, row)
    const { words, floats } = this.arena
    const bytes = (state >> 3) + rowFloats.bytes
    floats[bytes] = (floats[bytes] as number) + this.averageBytes
    const k = state >> 2
    const complete = words[k + rowWords.waiting] === 0 && words[k + rowWords.declared] !== 0
    return complete ? 0 : verdicts.incomplete
  }

  private takePart(state: number, plan: FragmentPlan, row: number): boolean {
    const { cells, bytes } = this
    const column = this.columns[plan.column] as ColumnData
    const start = column.start[row] as number
    const length = column.length[row] as number
    const hash = column.hash[row] as number
    let slot = cells.find(state, hash, bytes, start, length)
    if (slot >= 0 && cells.fragment(state, slot, plan.part) !== 0) {
      this.duplicates++
      if (this.options.duplicates === "fail")
        throw duplicateSlot(this.slotName(state, slot, plan.part))
      return false
    }
    if (slot < 0) {
      if ((cells.count(state) + 1) * this.partCount > this.options.slotsMax)
        throw tooManySlots(this.options.slotsMax)
      slot = cells.count(state)
      cells.append(state, hash, bytes, start, length)
    }
    cells.fill(state, slot, plan.part, plan.keep(this.arena, this.columns, bytes, row))
    return true
  }

  private takeHead(state: number, plan: FragmentPlan, row: number): void {
    const { cells, arena, bytes } = this
    const group = this.columns[plan.column] as ColumnData
    const names = group.children[plan.child] as ColumnData
    const first = group.start[row] as number
    const count = group.length[row] as number
    this.checkDeclared(state, names, first, count)
    const kept = plan.keep(arena, this.columns, bytes, row)
    for (let j = 0; j < count; j++) {
      const start = names.start[first + j] as number
      const length = names.length[first + j] as number
      const hash = names.hash[first + j] as number
      let slot = cells.find(state, hash, bytes, start, length)
      if (slot < 0) {
        slot = cells.count(state)
        cells.append(state, hash, bytes, start, length)
      }
      cells.require(state, slot)
      const word =
        (kept + plan.shape.fixed + j * plan.shape.stride + plan.shape.elementWordsAt) >> 2
      arena.words[word] = slot
    }
    cells.declare(state)
    this.lead(state, kept)
  }

  /** Of several that could lead, the one whose source comes first; of one source, the first. */
  private lead(state: number, kept: number): void {
    const { cells, origins } = this
    const before = cells.head(state)
    if (before !== 0) {
      const other = origins[cells.origin(state)] as string
      if (!((origins[this.origin] as string) < other)) {
        cells.drop(kept)
        return
      }
      cells.drop(before)
    }
    cells.setHead(state, kept, this.origin)
  }

  private checkDeclared(state: number, names: ColumnData, first: number, count: number): void {
    const { cells, bytes } = this
    const { slotsMax } = this.options
    if ((cells.count(state) + 1 + count) * this.partCount <= slotsMax) return
    const added = new Set<string>()
    for (let j = first; j < first + count; j++) {
      const start = names.start[j] as number
      const length = names.length[j] as number
      if (cells.find(state, names.hash[j] as number, bytes, start, length) < 0)
        added.add(decodeUtf8(bytes, start, start + length))
    }
    if ((cells.count(state) + added.size) * this.partCount > slotsMax) throw tooManySlots(slotsMax)
  }

  private slotName(state: number, slot: number, part: number): string {
    const [from, length] = this.cells.name(state, slot)
    const name = decodeUtf8(this.arena.bytes, from, from + length)
    return this.options.parts.length === 0 ? name : `${this.options.parts[part]}:${name}`
  }

  completeness(entry: Entry<string, number>): number {
    const { cells } = this
    const state = entry.state as number
    if (!cells.declared(state)) return 0
    let [there, all] = [0, 0]
    for (let slot = 0; slot < cells.count(state); slot++) {
      if (!cells.isRequired(state, slot)) continue
      for (let part = 0; part < this.partCount; part++) {
        const weight = this.options.weights[this.slotName(state, slot, part)] ?? 1
        all += weight
        if (cells.fragment(state, slot, part) !== 0) there += weight
      }
    }
    return Math.min(scoreMax, all === 0 ? 0 : there / all)
  }

  missing(entry: Entry<string, number>, limit: number): ReadonlyArray<string> {
    const { cells } = this
    const state = entry.state as number
    if (!cells.declared(state)) return [this.options.declaredBy]
    const names: Array<string> = []
    const waiting = cells.waiting(state)
    for (let slot = 0; slot < cells.count(state); slot++) {
      for (let part = 0; part < this.partCount; part++) {
        if (!cells.isRequired(state, slot) || cells.fragment(state, slot, part) !== 0) continue
        if (names.length === limit - 1 && waiting > limit) {
          names.push(`and ${waiting - names.length} more`)
          return names
        }
        names.push(this.slotName(state, slot, part))
      }
    }
    return names
  }

  output(entry: Entry<string, number>, _leaving: Leaving): number {
    const row = entry.state as number
    const { outputs } = this.options
    const length = this.arena.words[(row >> 2) + rowWords.keyLength] as number
    this.options.emit(this.arena, row, row + keyAt, length, outputs)
    return outputs.sheet.rows - 1
  }

  // Each pass reads one level further, for all rows of the block. Rows that wait for one fragment
  // will most likely leave with this one: what is read then is read ahead, too.
  touch(rows: Int32Array, count: number): number {
    const { words } = this.arena
    let touched = 0
    for (let i = 0; i < count; i++)
      touched ^= words[(words[((rows[i] as number) >> 2) + rowWords.cell] as number) >> 2] as number
    for (let i = 0; i < count; i++) {
      const k = (rows[i] as number) >> 2
      if (words[k + rowWords.waiting] === 1) touched ^= this.touchLeaving(k)
    }
    return touched
  }

  /** Reads what the output of a row will read; k is its first word. */
  private touchLeaving(k: number): number {
    const { partCount } = this
    const { words } = this.arena
    const head = (words[k + rowWords.head] as number) >> 2
    let touched = (words[head] as number) ^ (words[head + lineWords] as number)
    touched ^= words[head + 2 * lineWords] as number
    const slots = words[k + rowWords.slots] as number
    const step = slotWords(partCount)
    let at = ((words[k + rowWords.cell] as number) >> 2) + 3
    for (let slot = 0; slot < slots; slot++, at += step)
      for (let part = 0; part < partCount; part++)
        touched ^= words[(words[at + part] as number) >> 2] as number
    return touched
  }

  free(row: number): void {
    this.cells.release(row)
  }

  release(entry: Entry<string, number>): void {
    if (entry.state !== undefined) this.left.push(entry.state)
  }

  /** The keys that left since the last call; their cells are freed once nobody reads them. */
  takeLeft(): ReadonlyArray<number> {
    if (this.left.length === 0) return none
    const { left } = this
    this.left = []
    return left
  }

  assertEntry(entry: Entry<string, number>): void {
    const { cells } = this
    const state = entry.state as number
    if (cells.declared(state) && cells.waiting(state) === 0)
      throw new Error(`completeness is looked at after every fragment: ${entry.key} is complete`)
    let waiting = 0
    for (let slot = 0; slot < cells.count(state); slot++)
      for (let part = 0; part < this.partCount; part++)
        if (cells.isRequired(state, slot) && cells.fragment(state, slot, part) === 0) waiting++
    if (waiting !== cells.waiting(state))
      throw new Error(
        `slots of ${entry.key}: ${waiting} are missing, counted ${cells.waiting(state)}`
      )
  }

  close(): void {}
}
