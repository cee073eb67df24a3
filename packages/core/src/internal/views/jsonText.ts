// The code of writers of JSON lines, but for what differs by what it becomes: JavaScript that
// writes into the bytes of a sink, or WebAssembly that writes into a memory of its own (see
// jsonProgram.ts).
import type { Column, Layout } from "../../Views.ts"
import { isOmitted } from "./materialise.ts"
import { numberMax } from "./rowCode.ts"

const encoder = new TextEncoder()

/** Lists of words by code. */
export type Words = ReadonlyArray<ReadonlyArray<Uint8Array>>

/** The ways of one language. */
export interface JsonDialect {
  /** Puts four bytes, or one, behind place a. */
  readonly putFour: (at: number, value: number) => string
  readonly putByte: (at: number, value: number) => string
  /** Puts the text at `start` as a JSON string, or null for a length of -1. */
  readonly text: (start: string, length: string) => string
  readonly number: (value: string) => string
  /** Puts the word of a code of list `n`. */
  readonly word: (n: number, code: string) => string
  /** Adds to n what a text of so many bytes may take: six for each that is escaped. */
  readonly textRoom: (length: string) => string
  /** Makes room for n bytes. */
  readonly room: string
  /** What stands between a place in a column of elements and its index. */
  readonly elementsFrom: (column: number) => string
}

// Bytes go out four at a time, wherever they begin: half the time of one by one for text, a third
// for what is the same in every record.
const fours = (bytes: Uint8Array): number => bytes.length - (bytes.length % 4)

const choices = (column: Column, words: Array<ReadonlyArray<Uint8Array>>): number => {
  const values =
    column._tag === "Choice"
      ? column.values.map((value) => JSON.stringify(value))
      : ["false", "true"]
  const list: Array<Uint8Array> = values.map((value) => encoder.encode(value))
  while (list.length < 255) list.push(new Uint8Array(0))
  list.push(encoder.encode("null"))
  words.push(list)
  return words.length - 1
}

const longest = (column: Column): number =>
  column._tag === "Choice"
    ? Math.max(0, ...column.values.map((value) => encoder.encode(JSON.stringify(value)).length))
    : numberMax

/** Bytes of all that is not text: names, punctuation, numbers, words. */
const fixedBytes = (columns: ReadonlyArray<Column>): number =>
  columns.reduce(
    (sum, column) =>
      sum + encoder.encode(JSON.stringify(column.name)).length + longest(column) + 16,
    16
  )

/** Whether row `i` has a value, as an expression. */
const hasValue = (column: Column, k: number): string => {
  if (column._tag === "Text") return `L${k}[i] >= 0`
  return column._tag === "Number" ? `V${k}[i] === V${k}[i]` : `K${k}[i] !== 255`
}

class JsonText {
  readonly words: Array<ReadonlyArray<Uint8Array>> = []
  private readonly layout: Layout
  private readonly dialect: JsonDialect

  constructor(layout: Layout, dialect: JsonDialect) {
    this.layout = layout
    this.dialect = dialect
  }

  private literal(text: string): string {
    const bytes = encoder.encode(text)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const stores: Array<string> = []
    for (let k = 0; k < fours(bytes); k += 4)
      stores.push(this.dialect.putFour(k, view.getInt32(k, true)))
    for (let k = fours(bytes); k < bytes.length; k++)
      stores.push(this.dialect.putByte(k, bytes[k] as number))
    return `${stores.join(" ")} a += ${bytes.length};`
  }

  private value(column: Column, id: string, row: string): string {
    const { dialect } = this
    switch (column._tag) {
      case "Text":
        return dialect.text(`S${id}[${row}]`, `L${id}[${row}]`)
      case "Number":
        return dialect.number(`V${id}[${row}]`)
      case "Group": {
        const parts = column.columns.map((each, j) => {
          const name = `${j === 0 ? "{" : ","}${JSON.stringify(each.name)}:`
          return `${this.literal(name)} ${this.value(each, `${id}_${j}`, "j")}`
        })
        const open = column.columns.length === 0 ? this.literal("{") : ""
        return `${this.literal("[")}
      f = S${id}[${row}]${dialect.elementsFrom(Number(id))}; t = f + L${id}[${row}];
      for (j = f; j < t; j++) {
        if (j > f) { ${dialect.putByte(0, 44)} a++; }
        ${open} ${parts.join("\n        ")} ${this.literal("}")}
      }
      ${this.literal("]")}`
      }
      default:
        return dialect.word(choices(column, this.words), `K${id}[${row}]`)
    }
  }

  private textRoom(columns: ReadonlyArray<Column>, id: (at: number) => string, row: string) {
    return columns
      .flatMap((column, k) =>
        column._tag === "Text" ? [this.dialect.textRoom(`L${id(k)}[${row}]`)] : []
      )
      .join(" ")
  }

  /** Code that makes room for the whole record of row i, however its texts must be escaped. */
  private room(fixed: number): string {
    const { columns } = this.layout
    const groups = columns.map((column, k) => {
      if (column._tag !== "Group") return ""
      const each = fixedBytes(column.columns)
      const texts = this.textRoom(column.columns, (j) => `${k}_${j}`, "j")
      const count = `n += ${each} * L${k}[i];`
      if (texts === "") return count
      return `${count} j = S${k}[i]${this.dialect.elementsFrom(k)}; t = j + L${k}[i];
    for (; j < t; j++) { ${texts} }`
    })
    return `n = ${fixed}; ${this.textRoom(columns, String, "i")}
    ${groups.join(" ")}
    ${this.dialect.room}`
  }

  /** Members of which some may be left out: each has a comma behind it, but for the last. */
  private sparse(kind: ReadonlyArray<string>): ReadonlyArray<string> {
    const { putByte } = this.dialect
    return [
      this.literal(`{${kind.map((member) => `${member},`).join("")}`),
      ...this.layout.columns.map((column, k) => {
        const value = this.value(column, `${k}`, "i")
        const name = this.literal(`${JSON.stringify(column.name)}:`)
        const member = `${name} ${value} ${putByte(0, 44)} a++;`
        return isOmitted(column) ? `if (${hasValue(column, k)}) { ${member} }` : member
      }),
      "if (o[a - 1] === 44) a--;",
      this.literal("}\n")
    ]
  }

  private dense(kind: ReadonlyArray<string>): ReadonlyArray<string> {
    let opening = `{${kind.join("")}`
    const members = this.layout.columns.map((column, k) => {
      const comma = k === 0 && kind.length === 0 ? "" : ","
      const before = this.literal(`${opening}${comma}${JSON.stringify(column.name)}:`)
      opening = ""
      return `${before} ${this.value(column, `${k}`, "i")}`
    })
    return [...members, this.literal(`${opening}}\n`)]
  }

  record(): string {
    const { kind, columns } = this.layout
    const tag = kind === undefined ? [] : [`"_tag":${JSON.stringify(kind)}`]
    const members = columns.some(isOmitted) ? this.sparse(tag) : this.dense(tag)
    const kindBytes = encoder.encode(tag.join("")).length
    return `${this.room(fixedBytes(columns) + kindBytes)}
    ${members.join("\n    ")}`
  }
}

/**
 * Code that writes the record of row `i` behind place `a`, with the words it puts. Its variables
 * are n, f, t and j.
 */
export const jsonText = (
  layout: Layout,
  dialect: JsonDialect
): { readonly record: string; readonly words: Words } => {
  const text = new JsonText(layout, dialect)
  const record = text.record()
  return { record, words: text.words }
}
