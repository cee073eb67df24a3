// The programs of an accumulator, compiled once for all its tables.
import { ProgramColumns } from "@sluice/core/ProgramColumns"
import type { Layout } from "@sluice/core/Views"
import type { Programs } from "@sluice/core/WasmProgram"
import * as WasmProgram from "@sluice/core/WasmProgram"
import type { Emitted } from "./leaveText.ts"
import { emitProgram, releaseProgram } from "./leaveText.ts"
import type { Block } from "./stateMemory.ts"
import { TableInputs } from "./tableInputs.ts"
import type { RowKind } from "./tableText.ts"
import { tableFunctions } from "./tableText.ts"
import type { TakeOptions } from "./takeText.ts"
import { takeText } from "./takeText.ts"

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

/** The program that takes the fragments of a layout. */
export const takeName = (number: number): string => `take${number}`

/** Compiles programs for layouts; undefined where the platform cannot. */
export const compileTable = (
  taken: ReadonlyArray<Taken>,
  emitted: Emitted,
  parts: number,
  rows: RowKind
): TablePrograms | undefined => {
  const layouts = taken.map((_, number) => new ProgramColumns(`${number}`))
  const texts = taken.map(({ options }, number) =>
    takeText(takeName(number), options, layouts[number] as ProgramColumns)
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
