// The memory of a parser in WebAssembly: which array of its program lies where, and the arrays as
// JavaScript sees them. Columns have room for the rows of one call; a copy of the input comes last.
import { multiplier, seed } from "../../ByteHash.ts"
import type { Values } from "../../ProgramColumns.ts"
import { Arrays } from "../../ProgramColumns.ts"
import type { Part } from "../views/columnParts.ts"
import { kinds, letters, partsOf } from "../views/columnParts.ts"
import { searchSlack } from "../wasm/search.ts"
import { fillWords, reserveWords } from "../wasm/wordLists.ts"
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

/** Where everything lies. */
export class ParserMemory {
  readonly arrays = new Arrays(0)
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
  private readonly scope: ParserScope

  constructor(scope: ParserScope) {
    this.scope = scope
    this.arrays.reserve("ST", "ints", stateWords.groups + scope.places.size)
    this.arrays.reserve("P10", "floats", powers)
    for (const name of ["KS", "KL", "KH"]) this.arrays.reserve(name, "ints", rowRoom)
    const groups: Array<string> = []
    for (const [path, { id, column, isElement }] of scope.places) {
      const room = isElement ? elementRoom : rowRoom
      for (const part of partsOf[column._tag])
        this.arrays.reserve(letters[part] + id, kinds[part], room)
      if (scope.needs.hashes.has(path)) this.arrays.reserve(`H${id}`, "ints", room)
      if (column._tag !== "Group") continue
      groups.push(id)
      this.constants.set(`G${id}`, column.columns.length === 0 ? 2 ** 31 - 1 : elementRoom)
    }
    this.groups = groups
    reserveWords(this.arrays, scope.words)
    this.arrays.reserve("kb", "bytes", keyRoom + 4)
    this.arrays.reserve("b", "bytes", copyMax + searchSlack)
  }

  /** Puts what never changes into the memory. */
  fill(memory: ArrayBuffer): void {
    const tens = this.arrays.view(memory, "P10")
    for (let i = 0; i < powers; i++) tens[i] = 10 ** i
    fillWords(this.arrays, memory, this.scope.words)
  }

  /** The parts of all columns. */
  bindings(memory: ArrayBuffer): ReadonlyArray<Binding> {
    const bindings: Array<Binding> = []
    for (const [path, { id, column, isElement }] of this.scope.places) {
      const [at, child = "-1"] = id.split("_") as [string, string?]
      const group = isElement ? stateWords.groups + this.groups.indexOf(at) : -1
      const add = (part: Part): void => {
        const values = this.arrays.view(memory, letters[part] + id)
        const page = values.subarray(0, rowsMax)
        bindings.push({ part, column: Number(at), child: Number(child), group, values, page })
      }
      for (const part of partsOf[column._tag]) add(part)
      if (this.scope.needs.hashes.has(path)) add("hash")
    }
    return bindings
  }
}
