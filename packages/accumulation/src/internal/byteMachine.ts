// The accumulator machine over views: keys are looked up by the hash the parser made and compared
// as bytes, for a whole block before its first fragment is taken. Life, timers, tombstones,
// eviction and counts are those of the machine over objects.
import type * as Accumulator from "@sluice/core/Accumulator"
import type * as Batch from "@sluice/core/Batch"
import type { Sheet, ViewBlock } from "@sluice/core/Views"
import { asItems, blockOf } from "@sluice/core/Views"
import type { ByteArena } from "./byteArena.ts"
import { ByteEntry } from "./byteEntry.ts"
import type { ByteIndex } from "./byteIndex.ts"
import { checkHolders } from "./byteInvariants.ts"
import type { ByteKeys } from "./byteKeys.ts"
import type { ByteOutputs } from "./byteOutputs.ts"
import type { ByteRows } from "./byteRows.ts"
import { isOpen, rowFlags, rowFloats, rowWords } from "./byteRows.ts"
import type { ByteTable } from "./byteTable.ts"
import type { CompiledTable } from "./compiledTable.ts"
import { missingKey } from "./failures.ts"
import { KeyedMachine } from "./keyedMachine.ts"
import { verdicts } from "./logic.ts"
import { reasons } from "./reasons.ts"
import type { Settings } from "./settings.ts"
import { stateWords, stops } from "./tableInputs.ts"

/** Fragments whose keys are looked up together. */
const blockSize = 256

const { flags } = rowWords
const { phase } = rowFlags

type Emitted = Accumulator.Emitted<number>

/** The keyed state of one stage that is fed with views. */
export class ByteMachine extends KeyedMachine<unknown, string, number, number, number> {
  declare readonly logic: ByteKeys
  declare readonly table: ByteTable
  private readonly index: ByteIndex
  private readonly arena: ByteArena
  private readonly rows: ByteRows
  private readonly emitted: ByteOutputs
  private readonly emitViews: boolean
  private readonly compiled: CompiledTable | undefined
  private isCompiled = false
  private block: ViewBlock | undefined
  /** The key that is opened, or leaves: moved from row to row, so that none is made for it. */
  private readonly leaving: ByteEntry
  private readonly found = new Int32Array(blockSize)
  private from = 0
  private to = 0
  /** What was read only to bring it into the cache, kept so that the reads are not removed. */
  touched = 0

  constructor(
    host: Accumulator.AccumulatorHost,
    logic: ByteKeys,
    settings: Settings,
    table: ByteTable,
    emitted: ByteOutputs,
    emitViews: boolean,
    compiled?: CompiledTable
  ) {
    let block: () => ViewBlock | undefined = () => undefined
    const failed: Accumulator.AccumulatorHost["failed"] = (index, key, cause, kind, payload) => {
      const kept = payload ?? (index < 0 ? undefined : block()?.toObjects()[index])
      return host.failed(index, key, cause, kind, kept)
    }
    super({ ...host, failed }, logic, settings, table)
    block = () => this.block
    this.index = table.index
    this.rows = table.rows
    this.arena = table.rows.arena
    this.emitted = emitted
    this.leaving = new ByteEntry(table.rows, 0)
    this.emitViews = emitViews
    this.compiled = compiled
  }

  override process(batch: Batch.Batch<unknown>): Emitted {
    const block = blockOf(batch.items)
    if (block === undefined) throw new Error("an accumulator of views was handed objects")
    this.block = block
    this.from = 0
    this.to = 0
    this.logic.enter(block)
    this.isCompiled = this.compiled?.enter(block) ?? false
    try {
      return this.finished(super.process(batch))
    } finally {
      this.block = undefined
      this.compiled?.leave()
      block.release()
    }
  }

  override fire(now: number): Emitted {
    return this.finished(super.fire(now))
  }

  override end(): Emitted {
    return this.finished(super.end())
  }

  private finished(emitted: Emitted): Emitted {
    const block = this.emitted.take(this.logic.takeLeft())
    this.index.forgetGone()
    if (this.rows.isCluttered) this.timers?.compact()
    if (emitted === undefined || block === undefined) {
      block?.release()
      return emitted
    }
    if (this.emitViews) return { ...emitted, items: asItems(block) }
    const items = block.toObjects() as ReadonlyArray<number>
    block.release()
    return { ...emitted, items }
  }

  override assertInvariants(): void {
    super.assertInvariants()
    checkHolders(this)
  }

  private look(sheet: Sheet, row: number, count: number): void {
    const { found } = this
    const { keyHash, keyWords, keyStart, keyLength } = sheet
    this.index.findAll(keyHash, keyWords, keyStart, keyLength, row, count, found)
    this.touched = this.logic.touch(found, count)
  }

  protected override run(items: ReadonlyArray<unknown>, from: number): number {
    const { compiled } = this
    return compiled === undefined || !this.isCompiled
      ? this.takeAll(from, items.length)
      : this.runCompiled(compiled, from, items.length)
  }

  /** Where the programs stop, the fragment is taken here, or the key leaves. */
  private runCompiled(compiled: CompiledTable, from: number, length: number): number {
    const { logic } = this
    let i = from
    while (i < length) {
      if (compiled.ready(i, this.now, logic.averageBytes, logic.origin) === i)
        return this.takeAll(i, length)
      i = compiled.take(i)
      const stop = compiled.state[stateWords.stop]
      this.opened(compiled)
      if (stop === stops.end) continue
      if (stop === stops.left) {
        this.to = 0
        const until = this.takeAll(i, i + 1)
        if (this.exits.halted) return until
      } else {
        const entry = this.at(compiled.state[stateWords.row] as number)
        if (stop === stops.complete) this.concluded(entry, 0, i)
        else this.overflow(entry, i)
        if (this.exits.halted) return i + 1
      }
      i++
    }
    return length
  }

  /** Counts what a program took, and arms the keys it opened. */
  private opened({ state, fresh }: CompiledTable): void {
    const { counts, table, timers } = this
    const taken = state[stateWords.taken] as number
    counts.fragmentsOpen += taken
    counts.bytesOpen += taken * this.logic.averageBytes
    table.open += state[stateWords.opened] as number
    const count = state[stateWords.fresh] as number
    if (timers !== undefined) for (let i = 0; i < count; i++) timers.arm(fresh[i] as number)
  }

  // The hot loop, as in the machine over objects; it works on rows and makes no object for a key
  // that is there.
  private takeAll(from: number, length: number): number {
    const block = this.block as ViewBlock
    const { sheet } = block
    const { logic, counts, now, found, arena } = this
    const { itemsMax, bytesMax } = this.settings
    let i = from
    let row = 0
    let isFresh = false
    try {
      for (; i < length; i++) {
        if (i >= this.to) {
          this.from = i
          this.to = Math.min(length, i + blockSize)
          this.look(sheet, block.from + i, this.to - i)
        }
        const at = block.from + i
        row = found[i - this.from] as number
        // Row 0 is not open.
        if (((arena.words[(row >> 2) + flags] as number) & phase) !== isOpen) {
          row = this.known(sheet, at)
          if (((arena.words[(row >> 2) + flags] as number) & phase) !== isOpen) {
            row = this.admitRow(sheet, at, row)
            if (row === 0) continue
            isFresh = true
          }
        }
        const verdict = logic.takeRow(row, at)
        if (verdict === verdicts.duplicate) {
          counts.dropped(1, reasons.duplicate)
          continue
        }
        const { words, floats } = arena
        const fragments = (words[(row >> 2) + rowWords.fragments] as number) + 1
        words[(row >> 2) + rowWords.fragments] = fragments
        floats[(row >> 3) + rowFloats.last] = now
        counts.fragmentsOpen++
        counts.bytesOpen += logic.lastBytes
        if (isFresh) {
          this.insert(this.at(row), verdict >= 0)
          isFresh = false
        }
        if (verdict !== verdicts.incomplete) this.concluded(this.at(row), verdict, i)
        else if (
          fragments >= itemsMax ||
          (floats[(row >> 3) + rowFloats.bytes] as number) >= bytesMax
        )
          this.overflow(this.at(row), i)
        if (this.exits.halted) return i + 1
      }
    } catch (cause) {
      this.exits.fragmentFailed(i, row === 0 ? undefined : this.at(row).key, cause)
      if (isFresh) {
        this.logic.free(row)
        this.rows.discard(row)
      }
      return i + 1
    }
    return length
  }

  private at(row: number): ByteEntry {
    this.leaving.row = row
    return this.leaving
  }

  /** The row of a key, open or closed, or 0. */
  private known(sheet: Sheet, at: number): number {
    const length = sheet.keyLength[at] as number
    if (length < 0) throw missingKey(null)
    const start = sheet.keyStart[at] as number
    return this.index.find(sheet.keyHash[at] as number, sheet.keyWords, start, length)
  }

  /** A fresh row for a key that is not open, or 0 when the fragment is late. */
  private admitRow(sheet: Sheet, at: number, closed: number): number {
    if (closed !== 0) {
      if (!this.tombstones.isOver(closed, this.now)) {
        this.counts.dropped(1, reasons.late)
        return 0
      }
      this.table.forget(closed)
    }
    const start = sheet.keyStart[at] as number
    const length = sheet.keyLength[at] as number
    return this.rows.make(sheet.keyHash[at] as number, sheet.keyWords, start, length, this.now)
  }
}
