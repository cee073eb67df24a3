// The accumulator machine over views: keys are looked up by the hash the parser made and compared
// as bytes, for a whole block before its first fragment is taken. Life, timers, tombstones,
// eviction and counts are those of the machine over objects.
import type * as Accumulator from "@sluice/core/Accumulator"
import type * as Batch from "@sluice/core/Batch"
import type { Sheet, ViewBlock } from "@sluice/core/Views"
import { asItems, blockOf } from "@sluice/core/Views"
import { AccumulatorMachine } from "./accumulatorMachine.ts"
import type { ByteArena } from "./byteArena.ts"
import { ByteEntry, isOpen, rowFloats, rowWords } from "./byteEntry.ts"
import type { ByteIndex, ByteTable } from "./byteIndex.ts"
import type { ByteKeys } from "./byteKeys.ts"
import type { ByteOutputs } from "./byteOutputs.ts"
import { missingKey } from "./failures.ts"
import { verdicts } from "./logic.ts"
import { reasons } from "./reasons.ts"
import type { Settings } from "./settings.ts"

/** Fragments whose keys are looked up together. */
const blockSize = 256

type Emitted = Accumulator.Emitted<number>

/** The keyed state of one stage that is fed with views. */
export class ByteMachine extends AccumulatorMachine<unknown, string, number, number> {
  private readonly index: ByteIndex
  private readonly arena: ByteArena
  private readonly bytes: ByteKeys
  private readonly rows: ByteOutputs
  private readonly emitViews: boolean
  private block: ViewBlock | undefined
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
    rows: ByteOutputs,
    emitViews: boolean
  ) {
    let block: () => ViewBlock | undefined = () => undefined
    const failed: Accumulator.AccumulatorHost["failed"] = (index, key, cause, kind, payload) => {
      const kept = payload ?? (index < 0 ? undefined : block()?.toObjects()[index])
      return host.failed(index, key, cause, kind, kept)
    }
    super({ ...host, failed }, logic, settings, table)
    block = () => this.block
    this.index = table.index
    this.arena = table.index.arena
    this.bytes = logic
    this.rows = rows
    this.emitViews = emitViews
  }

  override process(batch: Batch.Batch<unknown>): Emitted {
    const block = blockOf(batch.items)
    if (block === undefined) throw new Error("an accumulator of views was handed objects")
    this.block = block
    this.from = 0
    this.to = 0
    this.bytes.enter(block)
    try {
      return this.finished(super.process(batch))
    } finally {
      this.block = undefined
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
    const block = this.rows.take(this.bytes.takeLeft(), this.index.takeGone())
    if (emitted === undefined || block === undefined) {
      block?.release()
      return emitted
    }
    if (this.emitViews) return { ...emitted, items: asItems(block) }
    const items = block.toObjects() as ReadonlyArray<number>
    block.release()
    return { ...emitted, items }
  }

  private look(sheet: Sheet, row: number, count: number): void {
    const { found } = this
    const { keyHash, keyWords, keyStart, keyLength } = sheet
    this.index.findAll(keyHash, keyWords, keyStart, keyLength, row, count, found)
    this.touched = this.bytes.touch(found, count)
  }

  // The hot loop, as in the machine over objects; it works on rows and makes no object for a key
  // that is there.
  protected override run(items: ReadonlyArray<unknown>, from: number): number {
    const block = this.block as ViewBlock
    const { sheet } = block
    const { bytes: logic, counts, now, found, arena } = this
    const { itemsMax, bytesMax } = this.settings
    const { length } = items
    let i = from
    let row = 0
    let fresh: ByteEntry | undefined
    try {
      for (; i < length; i++) {
        if (i >= this.to) {
          this.from = i
          this.to = Math.min(length, i + blockSize)
          this.look(sheet, block.from + i, this.to - i)
        }
        const at = block.from + i
        row = found[i - this.from] as number
        if (row === 0 || arena.words[(row >> 2) + rowWords.phase] !== isOpen) {
          row = this.known(sheet, at)
          if (row === 0 || arena.words[(row >> 2) + rowWords.phase] !== isOpen) {
            row = this.admitRow(sheet, at, row)
            if (row === 0) continue
            fresh = new ByteEntry(arena, row, now)
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
        if (fresh !== undefined) {
          this.insert(fresh, verdict >= 0)
          fresh = undefined
        }
        if (verdict !== verdicts.incomplete) this.concluded(this.index.entry(row), verdict, i)
        else if (
          fragments >= itemsMax ||
          (floats[(row >> 3) + rowFloats.bytes] as number) >= bytesMax
        )
          this.overflow(this.index.entry(row), i)
        if (this.exits.halted) return i + 1
      }
    } catch (cause) {
      const key = row === 0 ? undefined : (fresh ?? this.index.entry(row)).key
      this.exits.fragmentFailed(i, key, cause)
      if (fresh !== undefined) this.forget(fresh)
      return i + 1
    }
    return length
  }

  /** Lets go of an entry whose first fragment failed. */
  private forget(entry: ByteEntry): void {
    this.bytes.free(entry.row)
    this.index.free(entry)
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
      const entry = this.index.entry(closed)
      if (!this.tombstones.isOver(entry, this.now)) {
        this.counts.dropped(1, reasons.late)
        return 0
      }
      entry.phase = "forgotten"
      this.table.remove(entry)
    }
    const start = sheet.keyStart[at] as number
    const length = sheet.keyLength[at] as number
    return this.index.fresh(sheet.keyHash[at] as number, sheet.keyBytes, start, length, this.now)
  }
}
