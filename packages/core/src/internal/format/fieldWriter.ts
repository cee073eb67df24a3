// Writes the code that reads one field after the other into local variables, and the code that puts
// a whole record into the columns: a line with a fault leaves no half record.
import type { FieldSpec, Format } from "../../Format.ts"
import type { Column, Layout, Needs } from "../../Views.ts"
import { choiceValues } from "./describe.ts"
import { keyCode } from "./keyCode.ts"
import { decimalCode, wholeCode } from "./numberCode.ts"
import type { Ending, Step } from "./sequence.ts"
import { sameAs } from "./sequence.ts"

const bytesOf = (text: string): ReadonlyArray<number> => [...new TextEncoder().encode(text)]

const lowered = (text: string): string =>
  text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase())

/** What of a field is used. */
interface Use {
  readonly value: boolean
  readonly hash: boolean
}

/** How a field's column is called in the code: `C[3]`, or `C[3].children[1]`. */
interface Place {
  readonly id: string
  readonly data: string
  readonly column: Column
}

const arrays: Readonly<Record<Column["_tag"], ReadonlyArray<readonly [string, string]>>> = {
  Text: [
    ["S", "start"],
    ["L", "length"]
  ],
  Group: [
    ["S", "start"],
    ["L", "length"]
  ],
  Number: [["V", "value"]],
  Boolean: [["K", "code"]],
  Choice: [["K", "code"]]
}

/** Code for the fields of one format. */
export class FieldWriter {
  readonly faults: Array<{ readonly field: string; readonly expected: string }> = []
  /** Bytes of words the code refers to by number. */
  readonly words: Array<ReadonlyArray<ReadonlyArray<number>>> = []
  private readonly needs: Needs
  private readonly places = new Map<string, Place>()
  /** Fields whose start and end are wanted besides their value. */
  private readonly spanned = new Set<string>()
  /** Fields whose number another one is compared with. */
  private readonly referred = new Set<string>()
  private readonly ids = new Map<string, number>()
  private readonly separator: string
  /** Fields end at the byte in variable T, which depends on the line. */
  private readonly quotes: boolean

  constructor(
    layout: Layout,
    needs: Needs,
    steps: ReadonlyArray<Step>,
    { separator, quotes }: Pick<Format<unknown>, "separator" | "quotes">
  ) {
    this.needs = needs
    this.separator = separator
    this.quotes = quotes
    layout.columns.forEach((column, k) => {
      this.places.set(column.name, { id: `${k}`, data: `C[${k}]`, column })
      if (column._tag !== "Group") return
      column.columns.forEach((each, j) =>
        this.places.set(`${column.name}.${each.name}`, {
          id: `${k}_${j}`,
          data: `C[${k}].children[${j}]`,
          column: each
        })
      )
    })
    this.refer(steps)
  }

  private refer(steps: ReadonlyArray<Step>): void {
    for (const step of steps) {
      const group = step.path.slice(0, step.path.length - step.name.length)
      if (step.spec._tag === "Span") {
        this.spanned.add(group + step.spec.from)
        this.spanned.add(group + step.spec.through)
      }
      if (step.spec._tag === "Each") this.referred.add(step.spec.count)
      if (step.spec._tag === "Integer" && step.spec.same !== undefined)
        this.referred.add(group + step.spec.same)
      this.refer(step.inner)
    }
  }

  private use(path: string): Use {
    const key = this.needs.key?.includes(path) === true
    return {
      value: this.needs.columns.has(path) || key || this.needs.hashes.has(path),
      hash: this.needs.hashes.has(path)
    }
  }

  /** The suffix of a field's local variables. */
  id(path: string): number {
    const known = this.ids.get(path)
    if (known !== undefined) return known
    this.ids.set(path, this.ids.size)
    return this.ids.size - 1
  }

  private fault(step: Step, at: string, expected = step.expected): string {
    this.faults.push({ field: step.path, expected })
    return `{ host.fault = ${this.faults.length - 1}; host.faultAt = ${at}; break scan; }`
  }

  private hoisted(declare: string): string {
    const lines: Array<string> = []
    for (const [path, { id, data, column }] of this.places) {
      for (const [letter, name] of arrays[column._tag])
        lines.push(`${declare}${letter}${id} = ${data}.${name};`)
      if (this.needs.hashes.has(path)) lines.push(`${declare}H${id} = ${data}.hash;`)
    }
    return lines.join(" ")
  }

  private groups(): ReadonlyArray<Place> {
    return [...this.places.values()].filter(({ column }) => column._tag === "Group")
  }

  hoists(): string {
    const used = this.groups().map(
      ({ id, data }) =>
        `let g${id} = ${data}.used;
  let G${id} = ${data}.children.length === 0 ? Infinity : ${data}.elementRoom;`
    )
    return `${this.hoisted("let ")} ${used.join(" ")}`
  }

  rehoists(): string {
    return this.hoisted("")
  }

  flush(): string {
    return this.groups()
      .map(({ id, data }) => `${data}.used = g${id};`)
      .join(" ")
  }

  /** The test that what ends a fixed field stands at p, and the step over it. */
  private closing(step: Step, from: string): string {
    const { to, orEnd } = step.ending
    const fault = this.fault(step, from)
    const end = this.isSpanned(step) ? `const t${this.id(step.path)} = p;` : ""
    if (to === "") return `${end} if (p !== e) ${fault}`
    const bytes = this.endOf(to)
    const here = bytes.map((byte, i) => `b[p + ${i}] === ${byte}`).join(" && ")
    const fits = `p + ${bytes.length} <= e && ${here}`
    if (!orEnd) return `${end} if (!(${fits})) ${fault} p += ${bytes.length};`
    return `${end} if (${fits}) p += ${bytes.length}; else if (p !== e) ${fault}`
  }

  /** The bytes that end a field, as the code knows them. */
  private endOf(to: string): ReadonlyArray<number | string> {
    return this.quotes ? ["T"] : bytesOf(to)
  }

  private isSpanned(step: Step): boolean {
    return this.spanned.has(step.path)
  }

  /** Code that reads a field from p on and leaves p behind what ends it. */
  read(step: Step): string {
    const { spec } = step
    const n = this.id(step.path)
    switch (spec._tag) {
      case "Text":
        return this.readText(step, spec)
      case "Skip":
        return this.readText(step, plain)
      case "Digits":
        return `const s${n} = p;
    ${this.digitsAt(step, spec.width, `s${n}`)}
    ${this.hashLoop(step, `s${n}`, "p")} const l${n} = ${spec.width};
    ${this.closing(step, `s${n}`)}`
      case "Integer":
        return this.readInteger(step, spec)
      case "Decimal":
        return this.readDecimal(step)
      case "Choice":
        return this.readWord(step, Object.keys(spec.words), (word) =>
          choiceValues(spec.words).indexOf(spec.words[word] as string)
        )
      case "Boolean":
        return this.readWord(step, [spec.yes, spec.no], (word) => (word === spec.yes ? 1 : 0))
      case "Counted":
        return this.readGroup(step)
      case "Span":
        return this.readSpan(step, spec)
      default:
        return ""
    }
  }

  private digitsAt(step: Step, width: number, from: string): string {
    const fault = this.fault(step, from)
    return `q = p + ${width};
    if (q > e) ${fault}
    while (p < q) { c = b[p] - 48; if (c < 0 || c > 9) ${fault} p++; }`
  }

  private hashLoop(step: Step, from: string, to: string): string {
    if (!this.use(step.path).hash) return ""
    const n = this.id(step.path)
    return `let h${n} = SEED; for (q = ${from}; q < ${to}; q++) h${n} = Math.imul(h${n} ^ b[q], M);`
  }

  private readText(step: Step, spec: FieldSpec & { _tag: "Text" }): string {
    const n = this.id(step.path)
    const cuts = spec.trimEnd || spec.without.length > 0
    const inScan = this.use(step.path).hash && !cuts
    const work: Array<string> = []
    if (spec.lower && this.use(step.path).value)
      work.push("if (c >= 65 && c <= 90) { c += 32; b[p] = c; }")
    if (inScan) work.push(`h${n} = Math.imul(h${n} ^ c, M);`)
    const lines = [`const s${n} = p;${inScan ? ` let h${n} = SEED;` : ""}`]
    lines.push(this.scan(step, work.join(" ")))
    if (cuts) lines.push(this.cutting(step, spec))
    if (spec.least > 0) lines.push(`if (l${n} < ${spec.least}) ${this.fault(step, `s${n}`)}`)
    if (cuts && this.use(step.path).hash) lines.push(this.hashLoop(step, `s${n}`, `s${n} + l${n}`))
    if (this.isSpanned(step)) lines.push(`const t${n} = s${n} + l${n};`)
    return lines.join("\n    ")
  }

  /** Goes on to what ends a text, sets its length, and goes over it. */
  private scan(step: Step, work: string): string {
    const n = this.id(step.path)
    const { to, orEnd } = step.ending
    const fault = this.fault(step, `s${n}`)
    if (to === "" && this.quotes)
      return `while (p < e && (c = b[p]) !== T) { ${work} p++; }
    if (p < e) ${fault} let l${n} = p - s${n};`
    if (to === "") {
      const loop = work === "" ? "p = e;" : `for (; p < e; p++) { c = b[p]; ${work} }`
      return `${loop} let l${n} = p - s${n};`
    }
    const bytes = this.endOf(to)
    if (bytes.length === 1) {
      const loop = `while (p < e && (c = b[p]) !== ${bytes[0]}) { ${work} p++; }`
      const missing = orEnd ? "" : `if (p >= e) ${fault}`
      return `${loop} ${missing} let l${n} = p - s${n}; ${orEnd ? "if (p < e) p++;" : "p++;"}`
    }
    // A space is the likeliest byte of all: the others are asked for first.
    const order = bytes
      .map((byte, i) => [byte, i] as const)
      .sort(([a], [z]) => +(a === 32) - +(z === 32))
    const here = order.map(([byte, i]) => `b[p + ${i}] === ${byte}`).join(" && ")
    const each = work === "" ? "" : `c = b[p]; ${work}`
    return `q = e - ${bytes.length};
    while (p <= q && !(${here})) { ${each} p++; }
    if (p > q) ${orEnd ? `for (; p < e; p++) { ${each} }` : fault}
    let l${n} = p - s${n}; ${orEnd ? `if (p < e) p += ${bytes.length};` : `p += ${bytes.length};`}`
  }

  private cutting(step: Step, spec: FieldSpec & { _tag: "Text" }): string {
    const n = this.id(step.path)
    const trim = spec.trimEnd ? `while (l${n} > 0 && b[s${n} + l${n} - 1] === 32) l${n}--;` : ""
    const cuts = spec.without.map((text) => {
      // The capitals of the field are small by now, so those of the ending are looked for as such.
      const bytes = bytesOf(spec.lower ? lowered(text) : text)
      const test = bytes
        .map((byte, i) => `b[q - ${bytes.length - i}] === ${byte}`)
        .reverse()
        .join(" && ")
      return `if (l${n} >= ${bytes.length} && ${test}) l${n} -= ${bytes.length};`
    })
    const endings = cuts.length === 0 ? "" : `q = s${n} + l${n}; ${cuts.join(" else ")}`
    return `${trim} ${endings}`
  }

  private readInteger(step: Step, spec: FieldSpec & { _tag: "Integer" }): string {
    const n = this.id(step.path)
    const read = this.number(step, spec.base)
    if (spec.same === undefined) return read
    const group = step.path.slice(0, step.path.length - step.name.length)
    const fault = this.fault(step, `s${n}`, sameAs(spec.same))
    return `${read} if (v${n} !== v${this.id(group + spec.same)}) ${fault}`
  }

  private number(step: Step, base: 10 | 16): string {
    const n = this.id(step.path)
    return wholeCode(n, base, this.fault(step, `s${n}`), this.closing(step, `s${n}`))
  }

  private readDecimal(step: Step): string {
    const n = this.id(step.path)
    return decimalCode(n, this.fault(step, `s${n}`), this.closing(step, `s${n}`))
  }

  private readWord(
    step: Step,
    words: ReadonlyArray<string>,
    codeOf: (word: string) => number
  ): string {
    const n = this.id(step.path)
    const tests = words.map((word) => {
      const bytes = bytesOf(word)
      const spelled = bytes.map((byte, i) => `b[p + ${i}] === ${byte}`)
      const after = this.follows(step.ending, bytes.length)
      const whole = [`p + ${bytes.length} <= e`, ...spelled, after].join(" && ")
      return `if (${whole}) { k${n} = ${codeOf(word)}; p += ${bytes.length}; }`
    })
    const { to, orEnd } = step.ending
    const end = this.isSpanned(step) ? `const t${n} = p;` : ""
    const over = orEnd ? `if (p < e) p += ${bytesOf(to).length};` : `p += ${bytesOf(to).length};`
    return `const s${n} = p; let k${n} = 255;
    ${tests.join("\n    else ")}
    else ${this.fault(step, `s${n}`)}
    ${end} ${over}`
  }

  private follows({ to, orEnd }: Ending, offset: number): string {
    if (to === "") return `p + ${offset} === e`
    const bytes = this.endOf(to)
    const here = bytes.map((byte, i) => `b[p + ${offset + i}] === ${byte}`).join(" && ")
    const fits = `(p + ${offset + bytes.length} <= e && ${here})`
    return orEnd ? `(${fits} || p + ${offset} === e)` : fits
  }

  private readSpan(step: Step, spec: FieldSpec & { _tag: "Span" }): string {
    const n = this.id(step.path)
    const group = step.path.slice(0, step.path.length - step.name.length)
    const from = `s${this.id(group + spec.from)}`
    const to = `t${this.id(group + spec.through)}`
    return `const s${n} = ${from}, l${n} = ${to} - ${from};
    ${this.hashLoop(step, `s${n}`, `s${n} + l${n}`)}`
  }

  private readGroup(step: Step): string {
    const n = this.id(step.path)
    const place = this.places.get(step.path)
    const inner = step.inner.map((each) => this.read(each)).join("\n      ")
    const count = `${this.number(step, (step.spec as { readonly base: 10 | 16 }).base)}
    if (v${n} < 0) ${this.fault(step, `s${n}`)}`
    if (place === undefined)
      return `${count}
    for (let i${n} = 0; i${n} < v${n}; i${n}++) {
      ${inner}
    }`
    const { id, data } = place
    const put = step.inner.flatMap((each) => this.put(each, `w${n}`)).join(" ")
    // The number is believed only as far as elements are found: room is made for each in turn.
    return `${count}
    let w${n} = g${id};
    for (let i${n} = 0; i${n} < v${n}; i${n}++) {
      ${inner}
      if (w${n} >= G${id}) {
        ${data}.ensureElements(w${n} + 1);
        G${id} = ${data}.elementRoom;
        ${this.rehoistGroup(step.path)}
      }
      ${put} w${n}++;
    }`
  }

  private rehoistGroup(path: string): string {
    const lines: Array<string> = []
    for (const [each, { id, data, column }] of this.places) {
      if (!each.startsWith(`${path}.`)) continue
      for (const [letter, name] of arrays[column._tag])
        lines.push(`${letter}${id} = ${data}.${name};`)
      if (this.needs.hashes.has(each)) lines.push(`H${id} = ${data}.hash;`)
    }
    return lines.join(" ")
  }

  /** Code that puts a field into its column at `row`. */
  private put(step: Step, row: string): ReadonlyArray<string> {
    const place = this.places.get(step.path)
    if (place === undefined || step.spec._tag === "Skip") return []
    const { id, column } = place
    const n = this.id(step.path)
    switch (column._tag) {
      case "Text": {
        const hash = this.needs.hashes.has(step.path)
          ? [`c = Math.imul(h${n} ^ (h${n} >>> 15), 0x85ebca6b); H${id}[${row}] = c ^ (c >>> 13);`]
          : []
        return [`S${id}[${row}] = s${n}; L${id}[${row}] = l${n};`, ...hash]
      }
      case "Number":
        return [
          step.spec._tag === "Ordinal" ? `V${id}[${row}] = o + 1;` : `V${id}[${row}] = v${n};`
        ]
      case "Group":
        return [`S${id}[${row}] = g${id}; L${id}[${row}] = v${n};`]
      default:
        return [`K${id}[${row}] = k${n};`]
    }
  }

  /** Code that adds the record, or the records, of a line. */
  write(steps: ReadonlyArray<Step>): string {
    const repeated = steps.find((step) => step.spec._tag === "Each")
    const key =
      this.needs.key === undefined
        ? ""
        : keyCode(this.needs.key, steps, (path) => this.id(path), this.words)
    const put = steps.flatMap((step) => this.put(step, "r")).join(" ")
    const groups = steps
      .filter((step) => step.spec._tag === "Counted" && this.places.has(step.path))
      .map((step) => `g${this.places.get(step.path)?.id} = w${this.id(step.path)};`)
      .join(" ")
    const one = `if (r >= room) grow();
      ${put} ${key} r++;`
    if (repeated === undefined) return `const o = 0; ${one} ${groups}`
    const n = this.id(repeated.path)
    const spec = repeated.spec as FieldSpec & { _tag: "Each" }
    const size = bytesOf(this.separator)
    const here = size.map((byte, i) => `b[p + ${i}] === ${byte}`).join(" && ")
    const fault = this.fault(repeated, `a${n}`)
    const digits = `q = p + ${spec.width}; if (q > e) ${fault}
      while (p < q) { c = b[p] - 48; if (c < 0 || c > 9) ${fault} p++; }`
    const over = `if (p + ${size.length} <= e && ${here}) p += ${size.length};
      else if (p < e || o < v${this.id(spec.count)} - 1) ${fault}`
    // Twice over the elements: a fault in a later one must leave none of the line's records.
    return `const a${n} = p;
    for (let o = 0; o < v${this.id(spec.count)}; o++) { ${digits} ${over} }
    if (p < e) ${fault}
    p = a${n};
    for (let o = 0; o < v${this.id(spec.count)}; o++) {
      const s${n} = p, l${n} = ${spec.width}; p += ${spec.width + size.length};
      ${this.hashLoop(repeated, `s${n}`, `s${n} + l${n}`)}
      ${one}
    }
    ${groups}`
  }
}

const plain: FieldSpec & { readonly _tag: "Text" } = {
  _tag: "Text",
  to: undefined,
  lower: false,
  without: [],
  trimEnd: false,
  least: 0
}
