// Fragments of keys whose record is described: the fields that the output reads are kept in cells,
// the leading fragment with the row, others in the slots they fill or as the first of their kind;
// the record is made of them at the end. The same record as Assemble's own function over objects.
import { addBytes, mix, seed } from "@sluice/core/ByteHash"
import type { ColumnData, Layout, ViewBlock } from "@sluice/core/Views"
import type { ByteArena } from "./byteArena.ts"
import { lineMax } from "./byteArena.ts"
import type { Keeper } from "./byteKeys.ts"
import type { ByteOutputs } from "./byteOutputs.ts"
import type { ByteRows } from "./byteRows.ts"
import { rowWords } from "./byteRows.ts"
import type { Emit } from "./emitRows.ts"
import type { Keep, KeptShape } from "./keptShape.ts"
import type { SlotCells } from "./slotCells.ts"
import { filledOnly, partsAt, slotWords } from "./slotCells.ts"

/** What is done with fragments of one layout. */
export interface FragmentPlan {
  readonly shape: KeptShape
  readonly keep: Keep
  /** True for the fragment that leads the output. */
  readonly leads: boolean
  /** True for one that the output finds by its slot. */
  readonly joins: boolean
  /** Its place among the first fragments of kinds, or -1. */
  readonly first: number
}

/** Where the elements of the leading fragment name the slots they are joined by. */
export interface ElementNames {
  /** Position among the words of an element of the length of the name. */
  readonly at: number
  /** Position among its texts. */
  readonly text: number
  /** Words of the lengths of the texts of the fragment itself. */
  readonly own: ReadonlyArray<number>
  /** Positions among the words of an element of the lengths of all its texts, in order. */
  readonly lengths: ReadonlyArray<number>
}

/** Everything such keys consist of. */
export interface AssemblyOptions {
  readonly planOf: (layout: Layout) => FragmentPlan
  readonly emit: Emit
  readonly outputs: ByteOutputs
  readonly cells: SlotCells | undefined
  /** The elements of the leading fragment are what declares the slots of their key. */
  readonly isDeclared: boolean
  /** Where they are not: the shape of that fragment, and where their names are. */
  readonly late: { readonly shape: KeptShape; readonly names: ElementNames } | undefined
  /** Kinds of which the first fragment is kept. */
  readonly firsts: number
}

/** Words of a line of the cache. */
const lineWords = lineMax / 4

/** A cell's second word: elements of the leading fragment, the number of the source of others. */
const secondWord = 4

/** Keys whose state is fragments. */
export class AssemblyKeys implements Keeper {
  readonly stateOf = undefined
  leads = false
  private readonly rows: ByteRows
  private readonly arena: ByteArena
  private readonly options: AssemblyOptions
  private readonly origins: Array<string> = []
  /** Rows whose records are made at the end of the call, together: their cells stay till then. */
  private readonly leaving: Array<number> = []
  origin = 0
  private plan: FragmentPlan | undefined
  private columns: ReadonlyArray<ColumnData> = []
  private bytes: Uint8Array = new Uint8Array(0)
  private view = new DataView(this.bytes.buffer)
  private readonly firstsBytes: number

  constructor(rows: ByteRows, options: AssemblyOptions) {
    this.rows = rows
    this.arena = rows.arena
    this.options = options
    this.firstsBytes = Math.max(8, 8 * options.firsts)
  }

  begin(origin: string): void {
    const known = this.origins.indexOf(origin)
    this.origin = known < 0 ? this.origins.push(origin) - 1 : known
  }

  enter(block: ViewBlock): void {
    this.columns = block.sheet.columns
    this.bytes = block.sheet.bytes
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength)
    this.plan = this.options.planOf(block.sheet.layout)
    this.leads = this.plan.leads
  }

  /** Copies a fragment into a cell. */
  private copied({ keep, leads }: FragmentPlan, row: number): number {
    const kept = keep(this.arena, this.columns, this.bytes, this.view, row)
    if (kept > 0)
      this.arena.words[leads ? this.originAt(kept) : (kept + secondWord) >> 2] = this.origin
    return kept
  }

  keep(state: number, row: number): number {
    const plan = this.plan as FragmentPlan
    if (plan.first >= 0) this.keepFirst(state, plan, row)
    if (plan.leads && !this.precedesHead(state)) return filledOnly
    return plan.leads || plan.joins ? this.copied(plan, row) : filledOnly
  }

  private keepFirst(state: number, plan: FragmentPlan, row: number): void {
    const { arena } = this
    const at = this.rows.firstsAt(state)
    if (arena.words[at] === 0) {
      const cell = arena.take(this.firstsBytes)
      arena.words[at] = cell
      arena.words.fill(0, cell >> 2, (cell + this.firstsBytes) >> 2)
    }
    const place = ((arena.words[at] as number) >> 2) + 2 * plan.first
    const before = arena.words[place] as number
    if (before !== 0 && !this.precedes(arena.words[place + 1] as number)) return
    const kept = plan.keep(arena, this.columns, this.bytes, this.view, row)
    if (before !== 0) this.drop(before)
    arena.words[place] = kept
    arena.words[place + 1] = this.origin
  }

  private drop(cell: number): void {
    this.arena.give(cell, this.arena.words[cell >> 2] as number)
  }

  /** Whether the fragments of this source come before those of another. */
  private precedes(other: number): boolean {
    return (this.origins[this.origin] as string) < (this.origins[other] as string)
  }

  /** Of several that could lead, the one whose source comes first; of one source, the first. */
  private precedesHead(state: number): boolean {
    const { words } = this.arena
    const head = words[(state >> 2) + rowWords.head] as number
    return head === 0 || this.precedes(words[this.originAt(head)] as number)
  }

  /** Index among the words of the number of the source of a leading fragment. */
  private originAt(head: number): number {
    return (head + (this.plan as FragmentPlan).shape.wordsAt) >> 2
  }

  declared(kept: number, slots: Int32Array, count: number): void {
    const plan = this.plan as FragmentPlan
    const { group, fixed, stride, elementWordsAt } = plan.shape
    if (!plan.leads || kept < 0 || group === undefined || !this.options.isDeclared) return
    const { words } = this.arena
    for (let j = 0, at = kept + fixed + elementWordsAt; j < count; j++, at += stride)
      words[at >> 2] = slots[j] as number
  }

  chosen(before: number, kept: number): number {
    if (kept < 0 || before < 0) return before
    const replaces = this.precedes(this.arena.words[(before + secondWord) >> 2] as number)
    this.drop(replaces ? before : kept)
    return replaces ? kept : before
  }

  settle(state: number, kept: number, isPlaced: boolean): void {
    if (kept < 0) return
    if (!this.leads) {
      if (!isPlaced) this.drop(kept)
      return
    }
    const { words } = this.arena
    const at = (state >> 2) + rowWords.head
    const before = words[at] as number
    if (before !== 0) this.drop(before)
    words[at] = kept
  }

  output(row: number): number {
    const { late } = this.options
    if (late !== undefined) this.join(row, late.shape, late.names)
    return this.leaving.push(row) - 1
  }

  finish(): void {
    const { leaving } = this
    if (leaving.length === 0) return
    this.options.emit(this.arena, leaving, this.options.outputs)
    leaving.length = 0
  }

  /** Finds the slots of the leading fragment's elements, which did not declare them. */
  private join(row: number, shape: KeptShape, names: ElementNames): void {
    const { words, bytes, view } = this.arena
    const cells = this.options.cells as SlotCells
    const head = words[(row >> 2) + rowWords.head] as number
    if (head === 0) return
    const count = words[(head + secondWord) >> 2] as number
    let text = head + shape.fixed + count * shape.stride
    for (const at of names.own)
      text += Math.max(0, words[(head + shape.wordsAt + 4 * at) >> 2] as number)
    let element = head + shape.fixed + shape.elementWordsAt
    for (let j = 0; j < count; j++, element += shape.stride) {
      let name = 0
      for (let t = 0; t < names.lengths.length; t++) {
        if (t === names.text) name = text
        text += Math.max(0, words[(element + 4 * (names.lengths[t] as number)) >> 2] as number)
      }
      const length = words[(element + 4 * names.at) >> 2] as number
      const hash = mix(addBytes(seed, bytes, name, name + length))
      words[element >> 2] = length < 0 ? -1 : cells.find(row, hash, view, name, length)
    }
  }

  // Each pass reads one level further, for all rows of the block. Rows that wait for one fragment
  // will most likely leave with this one: what is read then is read ahead, too.
  touch(rows: Int32Array, count: number): number {
    const { words } = this.arena
    const parts = this.options.cells?.parts
    if (parts === undefined) return 0
    let touched = 0
    for (let i = 0; i < count; i++)
      touched ^= words[(words[((rows[i] as number) >> 2) + rowWords.cell] as number) >> 2] as number
    for (let i = 0; i < count; i++) {
      const k = (rows[i] as number) >> 2
      if (words[k + rowWords.waiting] === 1) touched ^= this.touchLeaving(k, parts)
    }
    return touched
  }

  /** Reads what the output of a row will read; k is its first word. */
  private touchLeaving(k: number, parts: number): number {
    const { words } = this.arena
    const head = (words[k + rowWords.head] as number) >> 2
    let touched = (words[head] as number) ^ (words[head + lineWords] as number)
    touched ^= words[head + 2 * lineWords] as number
    const slots = words[k + rowWords.slots] as number
    const step = slotWords(parts)
    let at = ((words[k + rowWords.cell] as number) >> 2) + partsAt
    for (let slot = 0; slot < slots; slot++, at += step)
      for (let part = 0; part < parts; part++) {
        const cell = words[at + part] as number
        if (cell > 0) touched ^= words[cell >> 2] as number
      }
    return touched
  }

  free(row: number): void {
    const { arena } = this
    const head = (row >> 2) + rowWords.head
    if (arena.words[head] !== 0) this.drop(arena.words[head] as number)
    arena.words[head] = 0
    if (this.options.firsts === 0) return
    const at = this.rows.firstsAt(row)
    const cell = arena.words[at] as number
    if (cell === 0) return
    for (let i = 0; i < this.options.firsts; i++) {
      const kept = arena.words[(cell >> 2) + 2 * i] as number
      if (kept !== 0) this.drop(kept)
    }
    arena.give(cell, this.firstsBytes)
    arena.words[at] = 0
  }
}
