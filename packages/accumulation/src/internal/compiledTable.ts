// Programs at work on the keys of one table, over the memory in which the table lies. They do what
// is done with most fragments, and with keys that leave; where they stop, the machine goes on.
import type { ViewBlock } from "@sluice/core/Views"
import type { ByteArena } from "./byteArena.ts"
import type { Emit, RowTarget } from "./emitRows.ts"
import type { Block } from "./stateMemory.ts"
import { BoundInputs, rowsMax, stateFloats, stateWords } from "./tableInputs.ts"
import type { TablePrograms } from "./tablePrograms.ts"
import { takeName } from "./tablePrograms.ts"

/** Keys that are looked up together. */
const lookedUp = 256

type Run = (from: number, to: number, step: number) => number

const none: Run = (from) => from

/** The programs at work on one table. */
export class CompiledTable {
  /** What the programs say: see `stateWords`. */
  state: Int32Array = new Int32Array(0)
  /** Rows that were opened and wait for a timer. */
  fresh: Int32Array = new Int32Array(0)
  private readonly programs: TablePrograms
  private readonly arena: ByteArena
  private readonly limits: {
    readonly items: number
    readonly bytes: number
    readonly slots: number
  }
  private memory: Block | undefined
  private bound: BoundInputs | undefined
  private takes: ReadonlyArray<Run> = []
  private emitRun: Run = none
  private releaseRun: Run = none
  private number = -1
  private block: ViewBlock | undefined
  // Positions of the fragments that were copied.
  private from = 0
  private to = 0

  constructor(programs: TablePrograms, arena: ByteArena, limits: CompiledTable["limits"]) {
    this.programs = programs
    this.arena = arena
    this.limits = limits
  }

  /** Whether the fragments of a block can be taken. */
  enter(block: ViewBlock): boolean {
    this.block = block
    this.to = 0
    this.number = this.programs.numberOf(block.sheet.layout)
    return this.number >= 0
  }

  leave(): void {
    this.block = undefined
  }

  /** Makes ready for fragments from position `at` on; where those end that can be taken. */
  ready(at: number, now: number, bytes: number, origin: number): number {
    if (this.arena.bytes !== this.memory) this.attach()
    const { bound, block } = this
    if (bound === undefined || block === undefined) return at
    if (at >= this.to) {
      this.from = at
      this.to = Math.min(block.length, at + rowsMax)
      if (!bound.load(this.number, block, block.from + at, this.to - at)) this.to = at
      const { state, floats } = bound
      state[stateWords.looked] = 0
      state[stateWords.origin] = origin
      floats[stateFloats.now] = now
      floats[stateFloats.bytes] = bytes
    }
    return this.to
  }

  /** Takes fragments from position `at` on; answers where it stopped. */
  take(at: number): number {
    const take = this.takes[this.number] as Run
    return this.from + take(at - this.from, this.to - this.from, lookedUp)
  }

  /** Makes the records of keys; what it has no room for is left to `script`. */
  emit(rows: ReadonlyArray<number>, target: RowTarget, script: Emit): void {
    for (let from = 0; from < rows.length; from += rowsMax) {
      const count = Math.min(rowsMax, rows.length - from)
      const bound = this.list(rows, from, count)
      if (bound === undefined) return script(this.arena, rows.slice(from), target)
      for (let done = 0; done < count; ) {
        const reached = this.emitRun(done, count, 0)
        bound.made.store(target.sheet, reached - done, this.state, stateWords.elements)
        if (reached === done) script(this.arena, [rows[from + done] as number], target)
        done = Math.max(reached, done + 1)
      }
    }
  }

  /** Gives back what keys hold; what it does not is left to `script`. */
  release(rows: ReadonlyArray<number>, script: (row: number) => void): void {
    for (let from = 0; from < rows.length; from += rowsMax) {
      const count = Math.min(rowsMax, rows.length - from)
      const bound = this.list(rows, from, count)
      for (let done = 0; done < count; done++) {
        if (bound !== undefined) done = this.releaseRun(done, count, 0)
        if (done < count) script(rows[from + done] as number)
      }
    }
  }

  /** Tells the programs of some rows. */
  private list(rows: ReadonlyArray<number>, from: number, count: number): BoundInputs | undefined {
    if (this.arena.bytes !== this.memory) this.attach()
    const { bound } = this
    // What was copied for the next fragments lies where records are made.
    this.to = 0
    if (bound !== undefined)
      for (let i = 0; i < count; i++) bound.rows[i] = rows[from + i] as number
    return bound
  }

  // The arena has moved to a block of its own, or begins.
  private attach(): void {
    const { inputs, over } = this.programs
    const { bytes } = this.arena
    this.memory = bytes
    this.to = 0
    this.bound = undefined
    // A plain block stands where there was no more memory for programs.
    if (bytes.byteOffset !== inputs.bytes) return
    const made = over(new Uint8Array(bytes.buffer))
    this.takes = inputs.layouts.map((_, number) => made[takeName(number)] as Run)
    this.emitRun = made.emit as Run
    this.releaseRun = made.release as Run
    const bound = new BoundInputs(inputs, bytes.buffer)
    const { state, floats, fresh } = bound
    state[stateWords.limit] = bytes.length
    state[stateWords.itemsMax] = Math.min(this.limits.items, 2 ** 31 - 1)
    state[stateWords.slotsMax] = Math.min(this.limits.slots, 2 ** 31 - 1)
    floats[stateFloats.bytesMax] = this.limits.bytes
    this.bound = bound
    this.state = state
    this.fresh = fresh
  }
}
