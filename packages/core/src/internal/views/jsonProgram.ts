// Writes the records of a block as lines of JSON where their texts lie in the memory of programs:
// one works there, sixteen bytes of text at a time, and what it wrote is copied out. A record with
// a number it has no words for is left to JavaScript.
import { Arrays, BoundColumns, ProgramColumns, shortNames } from "../../ProgramColumns.ts"
import type { Layout, Sheet } from "../../Views.ts"
import type { Place } from "../wasm/expressions.ts"
import type { FunctionText, Programs } from "../wasm/module.ts"
import { compilePrograms, scratchBytes } from "../wasm/module.ts"
import { searchSlack } from "../wasm/search.ts"
import { fillWords, reserveWords } from "../wasm/wordLists.ts"
import { escaped, escapes, nullWord } from "./jsonEscapes.ts"
import type { JsonDialect, Words } from "./jsonText.ts"
import { jsonText } from "./jsonText.ts"
import type { WriteRows } from "./jsonWriter.ts"
import type { Output } from "./output.ts"

/** Rows, and elements of each group, of one call. */
const rowsMax = 256
const elementsMax = 1_024

/** Less room for what is written is not worth the calls. */
const outMin = 65_536

/** With more than this share of the records left to JavaScript all are. */
const leftShare = 1 / 8
const leftMin = 64

const state = { used: 0, stop: 1, elements: 2 } as const
const stops = { end: 0, left: 1, full: 2 } as const

const leave = `{ a = before; stop = ${stops.left}; break written; }`

const webAssembly: JsonDialect = {
  putFour: (at, value) => `q[a + ${at}] = ${value};`,
  putByte: (at, value) => `o[a + ${at}] = ${value};`,
  text: (start, length) => `a = putText(${start} + D, ${length}, a);`,
  number: (value) => `v0 = ${value}; x = v0;
      if (v0 !== v0) { q[a] = ${nullWord}; a += 4; }
      else if (v0 !== x || x < -2147483647) ${leave}
      else if (x >= 0 && x < 10) { o[a] = 48 + x; a++; }
      else {
        if (x < 0) { o[a] = 45; a++; x = -x; }
        a = putDigits(x, a);
      }`,
  word: (n, code) => `x = WF${n}[${code}]; y = WF${n}[${code} + 1];
      for (; x < y; x++) { o[a] = WB${n}[x]; a++; }`,
  textRoom: (length) => `n = more(n, ${length}, OUT);`,
  room: `if (a + n > OUT) { stop = a === 0 ? ${stops.left} : ${stops.full}; break written; }`,
  elementsFrom: (column) => ` - ST[${state.elements + column}]`
}

const functions: ReadonlyArray<FunctionText> = [
  // Beyond what there is room for it is not counted: the sum of long texts has no 32 bits.
  {
    name: "more",
    params: ["n", "length", "out"],
    text: `if (n > out || length <= 0) return n;
    return length > out ? out + 1 : n + 6 * length;`
  },
  {
    name: "putText",
    params: ["p", "length", "a"],
    text: `let e = 0, c = 0;
    if (length < 0) { q[a] = ${nullWord}; return a + 4; }
    const to = p + length;
    o[a] = 34;
    a++;
    for (;;) {
      e = copyPlain(p, to, a);
      a += e - p;
      if (e >= to) break;
      c = m[e];
      EO[a] = ET[c];
      a += EL[c];
      p = e + 1;
    }
    o[a] = 34;
    return a + 1;`
  },
  {
    name: "putDigits",
    params: ["x", "a"],
    text: `let n = 1, p = 10, t = 0, i = 0, v0 = 0;
    while (x >= p) {
      n++;
      if (n === 10) break;
      p = Math.imul(p, 10);
    }
    for (i = a + n - 1; i >= a; i--) {
      v0 = x;
      t = v0 / 10;
      o[i] = 48 + x - Math.imul(t, 10);
      x = t;
    }
    return a + n;`
  }
]

interface Compiled {
  readonly over: Programs
  readonly arrays: Arrays
  readonly columns: ProgramColumns
  readonly words: Words
}

const compiled = (layout: Layout): Compiled | undefined => {
  const columns = new ProgramColumns("json")
  const names = shortNames(columns, layout)
  const arrays = new Arrays(0)
  arrays.reserve("ST", "ints", state.elements + layout.columns.length)
  arrays.reserve("ET", "floats", escaped.length)
  arrays.reserve("EL", "bytes", escaped.length)
  columns.reserve(arrays, rowsMax, elementsMax)
  const { record, words } = jsonText(layout, webAssembly)
  reserveWords(arrays, words)
  const out = scratchBytes - arrays.end - searchSlack
  if (out < outMin) return undefined
  const base = arrays.end
  arrays.reserve("o", "bytes", out)
  const over = compilePrograms({
    functions: [
      ...functions,
      {
        name: "write",
        params: ["i", "end", "D"],
        text: `let a = 0, before = 0, n = 0, f = 0, t = 0, j = 0, x = 0, y = 0, stop = 0, v0 = 0;
    written: for (; i < end; i++) {
      before = a;
      ${record}
    }
    ST[${state.used}] = a;
    ST[${state.stop}] = stop;
    return i;`
      }
    ],
    programs: ["write"],
    arrays: new Map<string, Place>([
      ...arrays.places,
      ...[...names].map(([name, array]) => [name, arrays.places.get(array) as Place] as const),
      ["m", { kind: "bytes", base: 0 }],
      ["q", { kind: "words", base }],
      ["EO", { kind: "longs", base }]
    ]),
    constants: new Map([["OUT", out]]),
    written: base
  })
  return over === undefined ? undefined : { over, arrays, columns, words }
}

/** Whose the scratch of a memory was last. */
const owners = new WeakMap<ArrayBuffer, object>()

/** A writer over one memory. */
class Writer {
  private readonly compiled: Compiled
  private readonly memory: ArrayBuffer
  private readonly state: Int32Array
  private readonly out: Uint8Array
  private readonly columns: BoundColumns
  private readonly run: (from: number, to: number, base: number) => number

  constructor(made: Compiled, memory: ArrayBuffer) {
    const { arrays, columns, over } = made
    this.compiled = made
    this.memory = memory
    this.state = arrays.ints(memory, "ST")
    this.out = arrays.bytes(memory, "o")
    this.columns = new BoundColumns(columns, arrays, memory)
    this.run = over(new Uint8Array(memory)).write as Writer["run"]
  }

  /** Copies rows to where the program reads them; false where they have too many elements. */
  load(sheet: Sheet, from: number, to: number): boolean {
    if (owners.get(this.memory) !== this) this.fill()
    return this.columns.load(sheet.columns, from, to, this.state, state.elements)
  }

  /** Writes loaded rows from `from` on; answers how far it came. */
  write(from: number, to: number, sheet: Sheet, output: Output): number {
    const reached = this.run(from, to, sheet.bytes.byteOffset)
    const used = this.state[state.used] as number
    if (output.used + used > output.bytes.length) output.grow(output.used, used)
    output.bytes.set(this.out.subarray(0, used), output.used)
    output.used += used
    return reached
  }

  get isLeft(): boolean {
    return this.state[state.stop] === stops.left
  }

  /** Puts what never changes into the scratch. */
  private fill(): void {
    const { arrays, words } = this.compiled
    const { memory } = this
    const lengths = arrays.bytes(memory, "EL")
    const texts = new Uint8Array(memory, arrays.places.get("ET")?.base)
    escapes.forEach((escape, code) => {
      lengths[code] = escape.length
      texts.set(escape, 8 * code)
    })
    fillWords(arrays, memory, words)
    owners.set(memory, this)
  }
}

/** The writers of one layout, by memory. */
export class JsonProgram {
  private readonly script: WriteRows
  private readonly made: Compiled | undefined
  private readonly writers = new WeakMap<ArrayBuffer, Writer>()
  /** Records left to JavaScript, and all. */
  private left = 0
  private written = 0

  constructor(layout: Layout, script: WriteRows) {
    this.script = script
    this.made = compiled(layout)
  }

  private writerOver(memory: ArrayBuffer, made: Compiled): Writer {
    const known = this.writers.get(memory)
    if (known !== undefined) return known
    const writer = new Writer(made, memory)
    this.writers.set(memory, writer)
    return writer
  }

  /** Writes rows of a sheet whose texts lie in the memory of programs. */
  readonly write: WriteRows = (sheet, from, to, output) => {
    const { made } = this
    if (made === undefined || (this.left > leftMin && this.left > this.written * leftShare))
      return this.script(sheet, from, to, output)
    const writer = this.writerOver(sheet.bytes.buffer as ArrayBuffer, made)
    for (let row = from; row < to; row += rowsMax)
      this.round(writer, sheet, row, Math.min(to, row + rowsMax), output)
    this.written += to - from
  }

  private round(writer: Writer, sheet: Sheet, from: number, to: number, output: Output): void {
    if (!writer.load(sheet, from, to)) return this.script(sheet, from, to, output)
    const count = to - from
    for (let done = 0; done < count; ) {
      done = writer.write(done, count, sheet, output)
      if (done === count || !writer.isLeft) continue
      this.script(sheet, from + done, from + done + 1, output)
      this.left++
      done++
    }
  }
}
