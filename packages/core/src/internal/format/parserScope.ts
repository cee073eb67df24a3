// What the writers of a parser's code share: the numbers of fields, from which their local
// variables have their names, where a field's column is, what ends a field, and the faults that may
// be told.
import type { Format } from "../../Format.ts"
import type { Column, Layout, Needs } from "../../Views.ts"
import { isUsed } from "../../Views.ts"
import type { Operand } from "../views/conditionCode.ts"
import type { Dialect } from "./dialect.ts"
import type { Ending, Step } from "./sequence.ts"
import { groupOf } from "./sequence.ts"

/** The bytes of a text. */
export const bytesOf = (text: string): ReadonlyArray<number> => [...new TextEncoder().encode(text)]

/** What of a field is used. */
export interface Use {
  readonly value: boolean
  readonly hash: boolean
}

/** How a field's column is called in the code: `C[3]`, or `C[3].children[1]`. */
export interface Place {
  readonly id: string
  readonly data: string
  readonly column: Column
  /** True for a column of elements. */
  readonly isElement: boolean
}

/** What is known of the fields of one parser. */
export class ParserScope {
  readonly faults: Array<{ readonly field: string; readonly expected: string }> = []
  /** Bytes of words the code refers to by number. */
  readonly words: Array<ReadonlyArray<ReadonlyArray<number>>> = []
  readonly needs: Needs
  readonly places: ReadonlyMap<string, Place>
  readonly separator: string
  readonly dialect: Dialect
  /** Fields end at the byte in variable T, which depends on the line. */
  readonly quotes: boolean
  /** Some bytes are changed where they stand, as capitals made small. */
  rewrites = false
  /** Fields whose start and end are wanted besides their value. */
  private readonly spanned = new Set<string>()
  private readonly ids = new Map<string, number>()

  constructor(
    layout: Layout,
    needs: Needs,
    steps: ReadonlyArray<Step>,
    { separator, quotes }: Pick<Format<unknown>, "separator" | "quotes">,
    dialect: Dialect
  ) {
    this.needs = needs
    this.dialect = dialect
    this.separator = separator
    this.quotes = quotes
    this.places = placesOf(layout)
    this.noteSpans(steps)
  }

  private noteSpans(steps: ReadonlyArray<Step>): void {
    for (const step of steps) {
      if (step.spec._tag === "Span") {
        this.spanned.add(groupOf(step) + step.spec.from)
        this.spanned.add(groupOf(step) + step.spec.through)
      }
      this.noteSpans(step.inner)
    }
  }

  use(path: string): Use {
    return { value: isUsed(this.needs, path), hash: this.needs.hashes.has(path) }
  }

  isSpanned(step: Step): boolean {
    return this.spanned.has(step.path)
  }

  /** The suffix of a field's local variables. */
  id(path: string): number {
    const known = this.ids.get(path)
    if (known !== undefined) return known
    this.ids.set(path, this.ids.size)
    return this.ids.size - 1
  }

  /** The suffix of a step's local variables. */
  own({ path, isInner }: Step): number {
    return this.id(isInner === true ? `${path}?` : path)
  }

  /** A field that was read, as conditions see it. */
  operand(name: string): Operand | undefined {
    const place = this.places.get(name)
    if (place === undefined) return undefined
    const n = this.id(name)
    const { column } = place
    return { column, start: `s${n}`, length: `l${n}`, value: `v${n}`, code: `k${n}` }
  }

  /** Code that ends the scan with a fault of a field at a place. */
  fault(step: Step, at: string, expected = step.expected): string {
    this.faults.push({ field: step.path, expected })
    return this.dialect.fault(this.faults.length - 1, at)
  }

  /** The bytes that end a field, as the code knows them. */
  endOf(to: string): ReadonlyArray<number | string> {
    return this.quotes ? ["T"] : bytesOf(to)
  }

  /** The test that what ends a fixed field stands at p, and the step over it. */
  closing(step: Step, from: string): string {
    const { to, orEnd } = step.ending
    const fault = this.fault(step, from)
    const end = this.isSpanned(step) ? `const t${this.own(step)} = p;` : ""
    if (to === "") return `${end} if (p !== e) ${fault}`
    const bytes = this.endOf(to)
    const here = bytes.map((byte, i) => `b[p + ${i}] === ${byte}`).join(" && ")
    const fits = `p + ${bytes.length} <= e && ${here}`
    if (!orEnd) return `${end} if (!(${fits})) ${fault} p += ${bytes.length};`
    return `${end} if (${fits}) p += ${bytes.length}; else if (p !== e) ${fault}`
  }

  /** The test that what ends a field stands so many bytes behind p. */
  follows({ to, orEnd }: Ending, offset: number): string {
    if (to === "") return `p + ${offset} === e`
    const bytes = this.endOf(to)
    const here = bytes.map((byte, i) => `b[p + ${offset + i}] === ${byte}`).join(" && ")
    const fits = `(p + ${offset + bytes.length} <= e && ${here})`
    return orEnd ? `(${fits} || p + ${offset} === e)` : fits
  }

  /** Code that hashes a field's bytes, where somebody looks up by it. */
  hashLoop(step: Step, from: string, to: string): string {
    if (!this.use(step.path).hash) return ""
    const n = this.own(step)
    return `let h${n} = SEED; for (q = ${from}; q < ${to}; q++) h${n} = Math.imul(h${n} ^ b[q], M);`
  }
}

const placesOf = (layout: Layout): ReadonlyMap<string, Place> => {
  const places = new Map<string, Place>()
  layout.columns.forEach((column, k) => {
    places.set(column.name, { id: `${k}`, data: `C[${k}]`, column, isElement: false })
    if (column._tag !== "Group") return
    column.columns.forEach((each, j) =>
      places.set(`${column.name}.${each.name}`, {
        id: `${k}_${j}`,
        data: `C[${k}].children[${j}]`,
        column: each,
        isElement: true
      })
    )
  })
  return places
}
