// The memory of a parser in WebAssembly: which array of its program lies where, and the arrays as
// JavaScript sees them. Columns have room for the rows of one call; a copy of the input comes last.
import { multiplier, seed } from "../../ByteHash.ts"
import type { Column } from "../../Views.ts"
import type { Place } from "../wasm/expressions.ts"
import { searchSlack } from "../wasm/search.ts"
import { stateWords } from "./dialect.ts"
import type { ParserScope } from "./parserScope.ts"

/** Rows of one call; a line of several records may add as many. */
export const rowsMax = 512
const rowRoom = 2 * rowsMax
const elementRoom = 8_192
const keyRoom = 65_536

/** Bytes of input that are copied at a time. */
export const copyMax = 262_144

/** Powers of ten that are exact. */
const powers = 23

/** A part of a column. */
export type Part = "start" | "length" | "hash" | "value" | "code"

type Values = Int32Array | Float64Array | Uint8Array

/** A part of a column with its entries. */
export interface Binding {
  readonly part: Part
  /** Position of the column, and that among its children, or -1. */
  readonly column: number
  readonly child: number
  /** Position in the state of the number of its elements; -1 for a column of records. */
  readonly group: number
  readonly values: Values
  /** The entries of as many rows as one call reads. */
  readonly page: Values
}

const positions = [
  ["S", "start", "ints"],
  ["L", "length", "ints"]
] as const

const partsOf: Readonly<
  Record<Column["_tag"], ReadonlyArray<readonly [letter: string, Part, Kind]>>
> = {
  Text: positions,
  Group: positions,
  Number: [["V", "value", "floats"]],
  Boolean: [["K", "code", "bytes"]],
  Choice: [["K", "code", "bytes"]]
}

const widths = { bytes: 1, ints: 4, floats: 8 } as const
type Kind = keyof typeof widths

interface Reserved extends Place {
  readonly kind: Kind
  readonly count: number
}

/** Where everything lies. */
export class ParserMemory {
  readonly arrays = new Map<string, Reserved>()
  readonly constants = new Map<string, number>([
    ["SEED", seed],
    ["M", multiplier],
    ["rowRoom", rowRoom],
    ["keyRoom", keyRoom],
    ["false", 0],
    ["true", 1]
  ])
  /** The columns of elements, by the number in their names. */
  readonly groups: ReadonlyArray<string>
  /** Bytes in all. */
  bytes = 0
  private readonly scope: ParserScope

  constructor(scope: ParserScope) {
    this.scope = scope
    this.reserve("ST", "ints", stateWords.groups + scope.places.size)
    this.reserve("P10", "floats", powers)
    for (const name of ["KS", "KL", "KH"]) this.reserve(name, "ints", rowRoom)
    const groups: Array<string> = []
    for (const [path, { id, column, isElement }] of scope.places) {
      const room = isElement ? elementRoom : rowRoom
      for (const [letter, , kind] of partsOf[column._tag]) this.reserve(letter + id, kind, room)
      if (scope.needs.hashes.has(path)) this.reserve(`H${id}`, "ints", room)
      if (column._tag !== "Group") continue
      groups.push(id)
      this.constants.set(`G${id}`, column.columns.length === 0 ? 2 ** 31 - 1 : elementRoom)
    }
    this.groups = groups
    scope.words.forEach((words, n) => {
      this.reserve(`WF${n}`, "ints", words.length + 1)
      this.reserve(`WB${n}`, "bytes", words.flat().length)
    })
    this.reserve("kb", "bytes", keyRoom + 4)
    this.reserve("b", "bytes", copyMax + searchSlack)
  }

  private reserve(name: string, kind: Kind, count: number): void {
    this.arrays.set(name, { kind, base: this.bytes, count })
    this.bytes = (this.bytes + count * widths[kind] + 7) & ~7
  }

  private view(memory: ArrayBuffer, name: string): Values {
    const { kind, base, count } = this.arrays.get(name) as Reserved
    if (kind === "ints") return new Int32Array(memory, base, count)
    return kind === "floats"
      ? new Float64Array(memory, base, count)
      : new Uint8Array(memory, base, count)
  }

  ints(memory: ArrayBuffer, name: string): Int32Array {
    return this.view(memory, name) as Int32Array
  }

  byteArray(memory: ArrayBuffer, name: string): Uint8Array {
    return this.view(memory, name) as Uint8Array
  }

  /** Puts what never changes into the memory. */
  fill(memory: ArrayBuffer): void {
    const tens = this.view(memory, "P10")
    for (let i = 0; i < powers; i++) tens[i] = 10 ** i
    this.scope.words.forEach((words, n) => {
      const ends = this.ints(memory, `WF${n}`)
      const bytes = this.byteArray(memory, `WB${n}`)
      words.forEach((word, code) => {
        const from = ends[code] as number
        bytes.set(word, from)
        ends[code + 1] = from + word.length
      })
    })
  }

  /** The parts of all columns. */
  bindings(memory: ArrayBuffer): ReadonlyArray<Binding> {
    const bindings: Array<Binding> = []
    for (const [path, { id, column, isElement }] of this.scope.places) {
      const [at, child = "-1"] = id.split("_") as [string, string?]
      const group = isElement ? stateWords.groups + this.groups.indexOf(at) : -1
      const add = (letter: string, part: Part): void => {
        const values = this.view(memory, letter + id)
        const page = values.subarray(0, rowsMax)
        bindings.push({ part, column: Number(at), child: Number(child), group, values, page })
      }
      for (const [letter, part] of partsOf[column._tag]) add(letter, part)
      if (this.scope.needs.hashes.has(path)) add("H", "hash")
    }
    return bindings
  }
}
