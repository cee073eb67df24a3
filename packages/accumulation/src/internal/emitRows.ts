// Makes the records of keys that left, as rows of a sheet.
import type { Column, ColumnData, Layout, Sheet } from "@sluice/core/Views"
import type { Assembly, ElementPart } from "../Assemble.ts"
import type { ByteArena } from "./byteArena.ts"
import type { EmitDialect } from "./emitText.ts"
import { emitText, groupsOf } from "./emitText.ts"
import type { KeptShape } from "./keptShape.ts"

/** Where rows go. */
export interface RowTarget {
  readonly sheet: Sheet
  readonly columns: ReadonlyArray<ColumnData>
}

/** Adds the records of keys to the target. */
export type Emit = (arena: ByteArena, rows: ReadonlyArray<number>, target: RowTarget) => void

/** The shapes of what is kept, by kind of fragment. */
export interface EmitShapes {
  readonly head: KeptShape
  /** By kind, with the number of the part it fills. */
  readonly parts: ReadonlyMap<string, { readonly part: number; readonly shape: KeptShape }>
  readonly slotWords: number
  /** Kinds of whose first fragment the output reads, by their place among the firsts. */
  readonly firsts: ReadonlyMap<string, { readonly at: number; readonly shape: KeptShape }>
}

const renamed = (column: Column, name: string): Column => ({ ...column, name })

/** The layout of the records an assembly makes; a name that is not kept is no column. */
export const assembledLayout = (assembly: Assembly, shapes: EmitShapes): Layout => ({
  kind: undefined,
  columns: Object.entries(assembly.fields).map(([name, part]): Column => {
    if (part._tag === "Key") return { _tag: "Text", name }
    if (part._tag === "Own")
      return renamed(shapes.head.own.fields.get(part.name)?.column as Column, name)
    if (part._tag === "First") {
      const { shape } = shapes.firsts.get(part.kind) as { readonly shape: KeptShape }
      return renamed(shape.own.fields.get(part.name)?.column as Column, name)
    }
    const columns = Object.entries(part.fields).map(([inner, each]) =>
      renamed(columnOf(each, shapes), inner)
    )
    return { _tag: "Group", name, columns }
  })
})

const columnOf = (part: ElementPart, shapes: EmitShapes): Column => {
  const fields =
    part._tag === "Own"
      ? shapes.head.group?.elements.fields
      : shapes.parts.get(part.kind)?.shape.own.fields
  return fields?.get(part.name)?.column as Column
}

// Columns are variables of the code, named by a letter and their place, as in parsers.
const arraysOf = (column: Column, id: string, data: string, declare: string): string => {
  if (column._tag === "Number") return `${declare}V${id} = ${data}.value;`
  if (column._tag === "Text" || column._tag === "Group")
    return `${declare}S${id} = ${data}.start; ${declare}L${id} = ${data}.length;`
  return `${declare}K${id} = ${data}.code;`
}

/** Code that sets the columns of elements, which grow. */
const elementArrays = (column: Column, k: number, declare = ""): string => {
  if (column._tag !== "Group") return ""
  const arrays = column.columns.map((each, j) =>
    arraysOf(each, `${k}_${j}`, `O[${k}].children[${j}]`, declare)
  )
  return arrays.join(" ")
}

/** Code that declares the columns of the records and of their elements. */
const hoists = ({ columns }: Layout): string =>
  columns
    .map((column, k) => {
      const own = arraysOf(column, `${k}`, `O[${k}]`, "const ")
      return `${own} ${elementArrays(column, k, "let ")}`
    })
    .join("\n  ")

const javascript = ({ columns }: Layout): EmitDialect => ({
  room: (k) => `if (G${k} + n > O[${k}].elementRoom) {
      O[${k}].used = G${k};
      O[${k}].ensureElements(G${k} + n);
      ${elementArrays(columns[k] as Column, k)}
    }`
})

let identity = 0

/** Compiles the code that makes an assembly's records. */
export const compileEmit = (assembly: Assembly, shapes: EmitShapes, layout: Layout): Emit => {
  const groups = groupsOf(layout)
  const text = `// emit ${identity++}
"use strict";
return function emit_${identity}(arena, rows, out) {
  const w = arena.words, d = arena.floats, count = rows.length;
  const sheet = out.sheet, O = out.columns;
  let r = sheet.rows;
  sheet.ensure(r + count);
  ${hoists(layout)}
  ${groups.map((k) => `let G${k} = O[${k}].used;`).join(" ")}
  for (let i = 0; i < count; i++, r++) {
    ${emitText(assembly, shapes, layout, javascript(layout))}
  }
  ${groups.map((k) => `O[${k}].used = G${k};`).join(" ")}
  sheet.rows = r;
}`
  return new Function(text)() as Emit
}
