// A parser that runs as WebAssembly: compiled at once to code that is nearly as fast as it gets,
// where that in JavaScript is interpreted first and compiled three times while it runs. It works on
// a copy of the input and leaves columns in its own memory, from where they go into the sheet. A
// record it has no room or no words for is left to the parser in JavaScript: one with a fault, with
// an escape of JSON, with a number of twenty digits.
import type { Format } from "../../Format.ts"
import type { ColumnData, Needs, Sheet } from "../../Views.ts"
import { moveBy } from "../views/columnData.ts"
import type { FunctionText, Program } from "../wasm/module.ts"
import { compileProgram } from "../wasm/module.ts"
import { stateWords as at } from "./dialect.ts"
import type { Parse, Parser, ParserHost } from "./generate.ts"
import { generate, scanOf } from "./generate.ts"
import type { Binding } from "./parserMemory.ts"
import { copyMax, ParserMemory, rowsMax } from "./parserMemory.ts"
import type { ParserScope } from "./parserScope.ts"
import { jsonLibrary, quoteLibrary } from "./wasmLibrary.ts"

const copyMin = 16_384
const copyFirst = 65_536

/** With more than this share of the records left to JavaScript all are. */
const leftShare = 1 / 8
const leftMin = 64

const lineFeed = 10

const textOf = (scan: string, groups: ReadonlyArray<string>, rewrites: boolean): string => {
  const counts = groups.map((id, i) => `let g${id} = ST[${at.groups + i}];`).join(" ")
  const left = groups.map((id, i) => `ST[${at.groups + i}] = g${id};`).join(" ")
  return `let r = ST[${at.rows}], lines = ST[${at.lines}], ku = ST[${at.keys}];
    const max = ST[${at.max}];
    let stop = 1, rowsBefore = 0, keysBefore = 0, p = at, e = 0, c = 0, q = 0, a = 0, z = 0;
    let quoted = -1, T = 0, breaks = 0, changed = ${rewrites ? 1 : 0};
    ${counts}
    stopped: { ${scan} stop = 0; }
    if (stop) { r = rowsBefore; ku = keysBefore; }
    ST[${at.rows}] = r; ST[${at.lines}] = lines; ST[${at.keys}] = ku;
    ST[${at.stop}] = stop; ST[${at.changed}] = changed; ${left}
    return at;`
}

interface Keys {
  readonly starts: Int32Array
  readonly lengths: Int32Array
  readonly hashes: Int32Array
  readonly bytes: Uint8Array
}

/** A program with its memory, and the parser that takes what it leaves. */
class WasmParser {
  private readonly program: Program
  private readonly inJavaScript: () => Parse
  private readonly state: Int32Array
  private readonly input: Uint8Array
  private readonly bindings: ReadonlyArray<Binding>
  private readonly groups: number
  private readonly keys: Keys | undefined
  private copyBytes = copyFirst
  /** Records left to JavaScript, and all others. */
  private left = 0
  private read = 0

  constructor(
    program: Program,
    memory: ParserMemory,
    scope: ParserScope,
    inJavaScript: () => Parse
  ) {
    const buffer = program.memory
    memory.fill(buffer)
    this.program = program
    this.inJavaScript = inJavaScript
    this.state = memory.arrays.ints(buffer, "ST")
    this.input = memory.arrays.bytes(buffer, "b")
    this.bindings = memory.bindings(buffer)
    this.groups = memory.groups.length
    if (scope.needs.key === undefined) return
    this.keys = {
      starts: memory.arrays.ints(buffer, "KS"),
      lengths: memory.arrays.ints(buffer, "KL"),
      hashes: memory.arrays.ints(buffer, "KH"),
      bytes: memory.arrays.bytes(buffer, "kb")
    }
  }

  readonly parse: Parse = (bytes, from, end, sheet, max, host) => {
    let place = from
    while (place < end && sheet.rows < max) {
      if (this.left > leftMin && this.left > this.read * leftShare)
        return this.inJavaScript()(bytes, place, end, sheet, max, host)
      place = this.round(bytes, place, end, sheet, Math.min(rowsMax, max - sheet.rows), host)
      if (this.state[at.stop] === 0) continue
      this.left++
      place = this.inJavaScript()(bytes, place, end, sheet, sheet.rows + 1, host)
      if (host.fault >= 0) return place
    }
    return place
  }

  /** Fills its columns once, and answers where it is: behind the last record it could read. */
  private round(
    bytes: Uint8Array,
    from: number,
    end: number,
    sheet: Sheet,
    rows: number,
    host: ParserHost
  ): number {
    const { state, input } = this
    for (let i = 0; i < at.groups + this.groups; i++) state[i] = 0
    state[at.max] = rows
    let place = from
    while (place < end && (state[at.rows] as number) < rows && state[at.stop] === 0) {
      const length = this.whole(bytes, place, end)
      if (length === 0) {
        state[at.stop] = 1
        break
      }
      input.set(bytes.subarray(place, place + length))
      const reached = this.program.run(0, length, place)
      if (state[at.changed] !== 0) bytes.set(input.subarray(0, reached), place)
      place += reached
      // The next copy is as long as this many rows are.
      if (reached < length) this.fit(place - from)
    }
    this.read += state[at.rows] as number
    this.copyOut(sheet, host)
    return place
  }

  private fit(bytes: number): void {
    this.copyBytes = Math.max(copyMin, Math.min(copyMax, bytes + (bytes >> 2)))
  }

  /** Bytes of whole lines to copy; 0 when a line is longer than a copy may be. */
  private whole(bytes: Uint8Array, from: number, end: number): number {
    for (;;) {
      if (end - from <= this.copyBytes) return end - from
      const length = bytes.lastIndexOf(lineFeed, from + this.copyBytes - 1) + 1 - from
      if (length > 0) return length
      if (this.copyBytes === copyMax) return 0
      this.fit(2 * this.copyBytes)
    }
  }

  private copyOut(sheet: Sheet, host: ParserHost): void {
    const { state, keys } = this
    host.lines += state[at.lines] as number
    const rows = state[at.rows] as number
    if (rows === 0) return
    const before = sheet.rows
    // Whole pages are copied: to cut them to the rows that are there would make objects.
    sheet.ensure(before + Math.max(rows, rowsMax))
    for (let i = 0; i < this.bindings.length; i++)
      this.copyPart(this.bindings[i] as Binding, sheet, rows)
    for (let i = 0, group = at.groups as number; i < sheet.columns.length; i++) {
      const data = sheet.columns[i] as ColumnData
      if (data.column._tag === "Group") data.used += state[group++] as number
    }
    if (keys !== undefined) this.copyKeys(keys, sheet, rows)
    sheet.rows = before + rows
  }

  private copyPart(binding: Binding, sheet: Sheet, rows: number): void {
    const { column, child, part, values, group } = binding
    const before = sheet.rows
    const outer = sheet.columns[column] as ColumnData
    if (child >= 0) {
      const count = this.state[group] as number
      outer.ensureElements(outer.used + count)
      const inner = outer.children[child] as ColumnData
      inner[part].set(values.subarray(0, count), outer.used)
      return
    }
    outer[part].set(rows <= rowsMax ? binding.page : values.subarray(0, rows), before)
    if (part === "start" && outer.used > 0) moveBy(outer.start, before, before + rows, outer.used)
  }

  private copyKeys({ starts, lengths, hashes, bytes }: Keys, sheet: Sheet, rows: number): void {
    const used = this.state[at.keys] as number
    const before = sheet.rows
    sheet.ensureKeyBytes(used)
    sheet.keyBytes.set(bytes.subarray(0, used), sheet.keyUsed)
    sheet.keyStart.set(starts.subarray(0, rows), before)
    sheet.keyLength.set(lengths.subarray(0, rows), before)
    sheet.keyHash.set(hashes.subarray(0, rows), before)
    if (sheet.keyUsed > 0) moveBy(sheet.keyStart, before, before + rows, sheet.keyUsed)
    sheet.keyUsed += used
  }
}

const libraryOf = (format: Format<unknown>): ReadonlyArray<FunctionText> => {
  if (format._tag === "Ndjson") return jsonLibrary
  return format.quotes ? quoteLibrary : []
}

/**
 * A parser in WebAssembly; undefined where the platform has none, and for formats whose code says
 * more than the language of such programs: frames, keys made of numbers.
 */
export const wasmParser = (format: Format<unknown>, needs: Needs): Parser | undefined => {
  if (format.frames !== undefined) return undefined
  const { text, layout, scope } = scanOf(format, needs)
  const memory = new ParserMemory(scope)
  const program = compileProgram({
    text: textOf(text, memory.groups, scope.rewrites),
    params: ["at", "end", "D"],
    functions: libraryOf(format),
    arrays: memory.arrays.places,
    constants: memory.constants,
    searched: memory.arrays.places.get("b")?.base ?? 0,
    memoryBytes: memory.arrays.end
  })
  if (program === undefined) return undefined
  let made: Parse | undefined
  const { parse } = new WasmParser(program, memory, scope, () => {
    made ??= generate(format, needs).parse
    return made
  })
  return { parse, layout, faults: scope.faults }
}
