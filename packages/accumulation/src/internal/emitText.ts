// The code that makes the record of a key from its cells: a row of columns that point into the
// cells; nothing is copied. Where it differs by what it becomes, JavaScript or a program over the
// memory of the cells, it asks a dialect.
import type { Column, Layout } from "@sluice/core/Views"
import type { Assembly, Part } from "../Assemble.ts"
import { keyAt, rowWords } from "./byteRows.ts"
import type { EmitShapes } from "./emitRows.ts"
import type { KeptFields, KeptShape } from "./keptShape.ts"
import { numberAlone } from "./keptShape.ts"
import { partsAt } from "./slotCells.ts"

/** The ways of one language. */
export interface EmitDialect {
  /** Makes room for n more elements of the group that is column k. */
  readonly room: (k: number) => string
}

/** The columns that are groups. */
export const groupsOf = ({ columns }: Layout): ReadonlyArray<number> =>
  columns.flatMap(({ _tag }, k) => (_tag === "Group" ? [k] : []))

/** Code that sets `name` + position to where each text of a cell begins. */
const textStarts = (
  fields: KeptFields,
  name: string,
  start: string,
  lengthAt: (at: number) => string
): string => {
  const texts = [...fields.fields.values()].filter(({ text }) => text >= 0)
  const lines = [`let ${name}0 = ${start};`]
  for (const { at, text } of texts) {
    const length = lengthAt(at)
    lines.push(`const ${name}l${text} = ${length};`)
    lines.push(
      `const ${name}${text + 1} = ${name}${text} + (${name}l${text} > 0 ? ${name}l${text} : 0);`
    )
  }
  return lines.join(" ")
}

// Columns are variables of the code, named by a letter and their place, as in parsers.
const putText = (data: string, row: string, start: string, length: string): string =>
  `S${data}[${row}] = ${start}; L${data}[${row}] = ${length};`

const putNothing = (column: Column, data: string, row: string): string => {
  if (column._tag === "Number") return `V${data}[${row}] = NaN;`
  if (column._tag === "Text" || column._tag === "Group")
    return putText(data, row, "0", column._tag === "Text" ? "-1" : "0")
  return `K${data}[${row}] = 255;`
}

interface Cell {
  readonly fields: KeptFields
  /** The variable that holds where the cell, or the element in it, begins. */
  readonly base: string
  readonly numbersAt: number
  readonly wordsAt: number
  readonly texts: string
  readonly isAlone?: boolean
}

const putField = (cell: Cell, name: string, data: string, row: string): string => {
  const field = cell.fields.fields.get(name)
  if (field === undefined) throw new Error(`field "${name}" was not kept`)
  const { column, at, text } = field
  if (cell.isAlone === true) return `V${data}[${row}] = ${numberAlone(cell.base)};`
  if (column._tag === "Number")
    return `V${data}[${row}] = d[(${cell.base} + ${cell.numbersAt + 8 * at}) >> 3];`
  if (column._tag === "Text")
    return putText(data, row, `${cell.texts}${text}`, `${cell.texts}l${text}`)
  return `K${data}[${row}] = w[(${cell.base} + ${cell.wordsAt + 4 * at}) >> 2];`
}

const wordAt = (base: string, wordsAt: number) => (at: number) =>
  `w[(${base} + ${wordsAt + 4 * at}) >> 2]`

class Emitter {
  private readonly assembly: Assembly
  private readonly shapes: EmitShapes
  private readonly layout: Layout
  private readonly dialect: EmitDialect
  private readonly head: Cell

  constructor(assembly: Assembly, shapes: EmitShapes, layout: Layout, dialect: EmitDialect) {
    this.assembly = assembly
    this.shapes = shapes
    this.layout = layout
    this.dialect = dialect
    const { own, wordsAt } = shapes.head
    this.head = { fields: own, base: "h", numbersAt: 8, wordsAt, texts: "T" }
  }

  private fields(): string {
    const parts = Object.values<Part>(this.assembly.fields)
    return this.layout.columns
      .map((column, k) => {
        const part = parts[k] as Part
        const data = `${k}`
        if (part._tag === "Key" || part._tag === "First") return ""
        if (part._tag === "Own") return putField(this.head, part.name, data, "r")
        return this.elements(part, column as Column & { readonly _tag: "Group" }, data)
      })
      .join("\n    ")
  }

  private elements(
    part: Part & { readonly _tag: "Elements" },
    column: Column & { readonly _tag: "Group" },
    data: string
  ): string {
    const { head, slotWords } = this.shapes
    const kept = head.group?.elements as KeptFields
    const own: Cell = {
      fields: kept,
      base: "e",
      numbersAt: 0,
      wordsAt: head.elementWordsAt,
      texts: "X"
    }
    const kinds = [
      ...new Set(
        Object.values(part.fields).flatMap((each) => (each._tag === "Joined" ? [each.kind] : []))
      )
    ]
    const cells = kinds.map((kind, n) => this.partCell(kind, n))
    const puts = Object.values(part.fields).map((each, j) => {
      const place = `${data}_${j}`
      if (each._tag === "Own") return putField(own, each.name, place, "g")
      const { code, variable } = cells[kinds.indexOf(each.kind)] as (typeof cells)[number]
      const absent = putNothing(column.columns[j] as Column, place, "g")
      const present = putField(code, each.name, place, "g")
      return `if (${variable} === 0) { ${absent} } else { ${present} }`
    })
    const nextText = `T${this.head.fields.texts}`
    return `{ let g = G${data}, e = h + ${head.fixed}, x = ${nextText};
    ${putText(data, "r", "g", "n")}
    for (let j = 0; j < n; j++) {
      ${textStarts(kept, "X", "x", wordAt("e", head.elementWordsAt))} x = X${kept.texts};
      const s = w[(e + ${head.elementWordsAt}) >> 2], q = cell + s * ${slotWords};
      ${cells.map(({ declare }) => declare).join("\n      ")}
      ${puts.join("\n      ")}
      g++;
      e += ${head.stride};
    }
    G${data} = g; }`
  }

  private partCell(kind: string, n: number) {
    const { part, shape } = this.shapes.parts.get(kind) as {
      readonly part: number
      readonly shape: KeptShape
    }
    const variable = `p${n}`
    const texts = `P${n}_`
    const code: Cell = {
      fields: shape.own,
      base: variable,
      numbersAt: 8,
      wordsAt: shape.wordsAt,
      texts,
      isAlone: shape.alone !== undefined
    }
    const starts = textStarts(
      shape.own,
      texts,
      `${variable} + ${shape.fixed}`,
      wordAt(variable, shape.wordsAt)
    )
    return {
      variable,
      code,
      declare: `const ${variable} = s < 0 ? 0 : w[q + ${partsAt + part}]; ${starts}`
    }
  }

  /** The fields that do not depend on the fragment that leads. */
  private ofEveryKey(): string {
    const parts = Object.values<Part>(this.assembly.fields)
    const cells = [...this.shapes.firsts.values()].map(({ at, shape }) => {
      const variable = `y${at}`
      const texts = `Y${at}_`
      const { own, wordsAt, fixed, stride } = shape
      const elements = stride === 0 ? "" : ` + w[(${variable} + 4) >> 2] * ${stride}`
      const lengthAt = wordAt(variable, wordsAt)
      const code: Cell = { fields: own, base: variable, numbersAt: 8, wordsAt, texts }
      const starts = textStarts(own, texts, `${variable} + ${fixed}${elements}`, lengthAt)
      const place = `w[(firsts >> 2) + ${2 * at}]`
      return {
        variable,
        code,
        declare: `const ${variable} = firsts === 0 ? 0 : ${place}; ${starts}`
      }
    })
    const puts = this.layout.columns.map((column, k) => {
      const part = parts[k] as Part
      const data = `${k}`
      if (part._tag === "Key") return putText(data, "r", "keyAt", "keyLength")
      if (part._tag !== "First") return ""
      const cell = cells[this.shapes.firsts.get(part.kind)?.at ?? -1] as (typeof cells)[number]
      const present = putField(cell.code, part.name, data, "r")
      return `if (${cell.variable} === 0) { ${putNothing(column, data, "r")} } else { ${present} }`
    })
    const declared =
      cells.length === 0 ? "" : "const firsts = w[(keyAt + ((keyLength + 7) & -8)) >> 2];"
    return [declared, ...cells.map(({ declare }) => declare), ...puts].join(" ")
  }

  record(): string {
    const { head } = this.shapes
    const parts = Object.values<Part>(this.assembly.fields)
    const without = this.layout.columns
      .map((column, k) =>
        parts[k]?._tag === "Key" || parts[k]?._tag === "First"
          ? ""
          : putNothing(column, `${k}`, "r")
      )
      .join("\n    ")
    const textsAt = `h + ${head.fixed} + n * ${head.stride}`
    return `const row = rows[i], k = row >> 2;
    const keyAt = row + ${keyAt}, keyLength = w[k + ${rowWords.keyLength}];
    const h = w[k + ${rowWords.head}], cell = w[k + ${rowWords.cell}] >> 2;
    ${this.ofEveryKey()}
    if (h === 0) {
      ${without}
    } else {
      const n = w[(h + 4) >> 2];
      ${groupsOf(this.layout)
        .map((k) => this.dialect.room(k))
        .join(" ")}
      ${textStarts(head.own, "T", textsAt, wordAt("h", head.wordsAt))}
      ${this.fields()}
    }`
  }
}

/**
 * Code that makes the record of the key at `rows[i]`: row r of columns that are variables, S, L, V
 * or K with their place, and G for the elements a group has so far.
 */
export const emitText = (
  assembly: Assembly,
  shapes: EmitShapes,
  layout: Layout,
  dialect: EmitDialect
): string => new Emitter(assembly, shapes, layout, dialect).record()
