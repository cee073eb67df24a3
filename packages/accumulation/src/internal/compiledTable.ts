// Programs that take fragments into the keys of a table, over the memory in which the table lies.
// They do what is done with most fragments; at any other, and at a key that leaves, they stop, and
// the machine does it.
import { ProgramColumns } from "@sluice/core/ProgramColumns"
import type { Layout, ViewBlock } from "@sluice/core/Views"
import type { Programs } from "@sluice/core/WasmProgram"
import * as WasmProgram from "@sluice/core/WasmProgram"
import type { ByteArena } from "./byteArena.ts"
import type { Emit, RowTarget } from "./emitRows.ts"
import type { Emitted } from "./leaveText.ts"
import { emitProgram, releaseProgram } from "./leaveText.ts"
import type { Block } from "./stateMemory.ts"
import { BoundInputs, rowsMax, stateFloats, stateWords, TableInputs } from "./tableInputs.ts"
import type { RowKind } from "./tableText.ts"
import { tableFunctions } from "./tableText.ts"
import type { TakeOptions } from "./takeText.ts"
import { takeText } from "./takeText.ts"

/** Keys that are looked up together. */
const lookedUp = 256

/** Bytes behind the arena that are read, and do not count. */
const slack = 256

/** The programs of an accumulator, for all its tables. */
export interface TablePrograms {
  readonly inputs: TableInputs
  /** Number of the program of a layout, or -1. */
  readonly numberOf: (layout: Layout) => number
  readonly over: Programs
  /** A block for an arena that the programs can work on; undefined where there is no more. */
  readonly block: (bytes: number) => Block | undefined
}

/** One layout with what its fragments are taken by. */
export interface Taken {
  readonly layout: Layout
  readonly options: TakeOptions
}

const programName = (number: number): string => `take${number}`

/** Compiles programs for layouts; undefined where the platform cannot. */
export const compileTable = (
  taken: ReadonlyArray<Taken>,
  emitted: Emitted,
  parts: number,
  rows: RowKind
): TablePrograms | undefined => {
  const layouts = taken.map((_, number) => new ProgramColumns(`${number}`))
  const texts = taken.map(({ options }, number) =>
    takeText(programName(number), options, layouts[number] as ProgramColumns)
  )
  const made = new ProgramColumns("made")
  const emit = emitProgram(emitted, made)
  const columns = [emitted, ...taken].map(({ layout }) => layout.columns.length)
  const inputs = new TableInputs(layouts, made, Math.max(...columns))
  const base = inputs.bytes
  const placeOf = (array: string) => inputs.arrays.places.get(array) as WasmProgram.Place
  const text = placeOf("b").base
  const over = WasmProgram.compile({
    functions: [...tableFunctions(parts, rows), ...texts, emit.text, releaseProgram(parts)],
    programs: [...texts.map(({ name }) => name), "emit", "release"],
    arrays: new Map<string, WasmProgram.Place>([
      ...inputs.arrays.places,
      ...[...emit.names].map(([name, array]) => [name, placeOf(array)] as const),
      ["w", { kind: "ints", base }],
      ["d", { kind: "floats", base }],
      ["m", { kind: "bytes", base }],
      ["u", { kind: "words", base }],
      ["U", { kind: "longs", base }],
      ["g", { kind: "words", base: text }],
      ["G", { kind: "longs", base: text }]
    ]),
    constants: new Map()
  })
  if (over === undefined) return undefined
  const described = taken.map(({ layout }) => JSON.stringify(layout))
  const numbers = new WeakMap<Layout, number>()
  return {
    inputs,
    over,
    // A stage in front may make a layout of its own that is the same.
    numberOf: (layout) => {
      const known = numbers.get(layout)
      if (known !== undefined) return known
      const number = described.indexOf(JSON.stringify(layout))
      numbers.set(layout, number)
      return number
    },
    block: (bytes) => {
      const before = base - WasmProgram.scratchBytes
      return WasmProgram.makeMemory(before + bytes + slack)?.subarray(before, before + bytes)
    }
  }
}

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
      for (let done = 0; done < count; ) {
        const bound = this.list(rows, from, count)
        const reached = bound === undefined ? done : this.emitRun(done, count, 0)
        bound?.made.store(target.sheet, reached - done, this.state, stateWords.elements)
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
    const { inputs, over, block } = this.programs
    const { bytes } = this.arena
    this.memory = bytes
    this.to = 0
    this.bound = undefined
    // A plain block stands where there was no more memory for programs.
    if (bytes.byteOffset !== inputs.bytes || block === undefined) return
    const made = over(new Uint8Array(bytes.buffer))
    this.takes = inputs.layouts.map((_, number) => made[programName(number)] as Run)
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
