// How the kept fields of a fragment lie in a cell of the arena, and the generated code that puts
// them there. A cell is: its size, the number of elements, numbers, lengths and codes, then per
// element the same, then all text one after the other.
import type { Column, ColumnData } from "@sluice/core/Views"
import type { ByteArena } from "./byteArena.ts"
import { copyText } from "./byteArena.ts"
import { filledOnly } from "./slotCells.ts"

type Place = readonly [column: number, child: number]

/** Where a field lies: numbers count in eighths of bytes, words in quarters, text in its order. */
export interface KeptField {
  readonly column: Column
  /** Position of its data among the columns of the block, and in a group, or -1. */
  readonly place: Place
  /** The same as an expression. */
  readonly data: string
  /** Position among the numbers, or among the words (lengths and codes). */
  readonly at: number
  /** Position among the texts. */
  readonly text: number
}

/** Fields of one level: of the fragment, or of its elements. */
export interface KeptFields {
  readonly fields: ReadonlyMap<string, KeptField>
  readonly numbers: number
  readonly words: number
  readonly texts: number
}

/** The cell of one kind of fragment. */
export interface KeptShape {
  readonly own: KeptFields
  /** Offset of the first word in bytes, and of what follows the fixed part. */
  readonly wordsAt: number
  readonly fixed: number
  /** The group whose elements are kept, if any. */
  readonly group:
    | { readonly column: number; readonly data: string; readonly elements: KeptFields }
    | undefined
  /** Bytes of an element; its first word holds the number of its slot. */
  readonly stride: number
  readonly elementWordsAt: number
  /**
   * The number that is all that is kept, and stands in its slot where it can: see `numberAlone`.
   */
  readonly alone: KeptField | undefined
}

/** Copies a fragment's kept fields into a cell. */
export type Keep = (
  arena: ByteArena,
  columns: ReadonlyArray<ColumnData>,
  bytes: Uint8Array,
  view: DataView,
  row: number
) => number

const headerBytes = 8
const padded = (bytes: number): number => (bytes + 7) & ~7

const fieldsOf = (
  columns: ReadonlyArray<readonly [column: Column, place: Place]>,
  wordsBefore: number
): KeptFields => {
  const fields = new Map<string, KeptField>()
  let [numbers, words, texts] = [0, wordsBefore, 0]
  for (const [column, place] of columns) {
    const [at, child] = place
    const isNumber = column._tag === "Number"
    const isText = column._tag === "Text"
    fields.set(column.name, {
      column,
      place,
      data: child < 0 ? `C[${at}]` : `C[${at}].children[${child}]`,
      at: isNumber ? numbers++ : words++,
      text: isText ? texts++ : -1
    })
  }
  return { fields, numbers, words, texts }
}

/**
 * Lays out the fields of `names`, and of elements `group.name`, of a narrowed layout. Where one
 * fragment may take the place of another (`isReplaced`), each has a cell that says where it is
 * from.
 */
export const keptShape = (
  columns: ReadonlyArray<Column>,
  names: ReadonlySet<string>,
  groupName: string | undefined,
  leads: boolean,
  isReplaced: boolean
): KeptShape => {
  const own = columns.flatMap((column, k) =>
    column._tag !== "Group" && names.has(column.name) ? [[column, [k, -1]] as const] : []
  )
  // The first word of a leading fragment is the number of its source.
  const ownFields = fieldsOf(own, leads ? 1 : 0)
  const wordsAt = headerBytes + 8 * ownFields.numbers
  const fixed = padded(wordsAt + 4 * ownFields.words)
  const at = columns.findIndex((column) => column.name === groupName)
  const group = columns[at]
  if (group?._tag !== "Group") {
    const [field, further] = ownFields.fields.values()
    const isAlone =
      !leads && !isReplaced && field?.column._tag === "Number" && further === undefined
    const alone = isAlone ? field : undefined
    return { own: ownFields, wordsAt, fixed, group: undefined, stride: 0, elementWordsAt: 0, alone }
  }
  const inner = group.columns.flatMap((column, j) =>
    names.has(`${group.name}.${column.name}`) ? [[column, [at, j]] as const] : []
  )
  const elements = fieldsOf(inner, 1)
  const elementWordsAt = 8 * elements.numbers
  const stride = padded(elementWordsAt + 4 * elements.words)
  return {
    own: ownFields,
    wordsAt,
    fixed,
    group: { column: at, data: `C[${at}]`, elements },
    stride,
    elementWordsAt,
    alone: undefined
  }
}

const lengths = (fields: KeptFields, prefix: string, row: string): string =>
  [...fields.fields.values()]
    .filter(({ text }) => text >= 0)
    .map(
      ({ data, text }) =>
        `const ${prefix}${text} = ${data}.length[${row}];
    if (${prefix}${text} > 0) size += ${prefix}${text};`
    )
    .join(" ")

const put = (
  fields: KeptFields,
  prefix: string,
  row: string,
  base: string,
  wordsAt: number
): string =>
  [...fields.fields.values()]
    .map(({ column, data, at, text }) => {
      const word = `w[(${base} + ${wordsAt + 4 * at}) >> 2]`
      if (column._tag === "Number") {
        const place = base === "at" ? headerBytes + 8 * at : 8 * at
        return `d[(${base} + ${place}) >> 3] = ${data}.value[${row}];`
      }
      if (column._tag !== "Text") return `${word} = ${data}.code[${row}];`
      const length = `${prefix}${text}`
      return `${word} = ${length};
    if (${length} > 0) t = copy(b, B, ${data}.start[${row}], ${length}, m, M, t);`
    })
    .join("\n    ")

/** Numbers up to this one stand in their slots. */
export const aloneMax = 2 ** 30

// A cell of its own for a small number is a line of the cache to wait for, twice. Below what says
// that nothing is kept there is room for whole numbers; not for -0, which is another number.
const keepAlone = (shape: KeptShape): string =>
  shape.alone === undefined
    ? ""
    : `const v = ${shape.alone.data}.value[i];
  if (v >= 0 && v <= ${aloneMax} && (v | 0) === v && (v !== 0 || 1 / v > 0))
    return ${filledOnly - 1} - (v | 0);`

/** Code for the number that `cell`, a fragment that keeps nothing else, stands for. */
export const numberAlone = (cell: string): string =>
  `(${cell} < 0 ? ${filledOnly - 1} - ${cell} : d[(${cell} + ${headerBytes}) >> 3])`

let identity = 0

/** The code that keeps a fragment. */
export const keepSource = (shape: KeptShape): string => {
  const { group } = shape
  const elementLengths =
    group === undefined || group.elements.texts === 0
      ? ""
      : `for (let j = f; j < f + n; j++) { ${lengths(group.elements, "x", "j")} }`
  const elementPut =
    group === undefined
      ? ""
      : `for (let j = f, e = at + ${shape.fixed}; j < f + n; j++, e += ${shape.stride}) {
    ${[...group.elements.fields.values()]
      .filter(({ text }) => text >= 0)
      .map(({ data, text }) => `const x${text} = ${data}.length[j];`)
      .join(" ")}
    ${put(group.elements, "x", "j", "e", shape.elementWordsAt)}
  }`
  const elements =
    group === undefined
      ? "const f = 0, n = 0;"
      : `const f = ${group.data}.start[i], n = ${group.data}.length[i];`
  return `// keep ${identity++}
"use strict";
return function keep_${identity}(arena, C, b, B, i) {
  ${keepAlone(shape)}
  ${elements}
  let size = ${shape.fixed} + n * ${shape.stride};
  ${lengths(shape.own, "l", "i")}
  ${elementLengths}
  const at = arena.take(size), w = arena.words, d = arena.floats;
  const m = arena.bytes, M = arena.view;
  w[at >> 2] = size;
  w[(at + 4) >> 2] = n;
  let t = at + ${shape.fixed} + n * ${shape.stride};
  ${put(shape.own, "l", "i", "at", shape.wordsAt)}
  ${elementPut}
  return at;
}`
}

/** Compiles the code that keeps a fragment. */
export const compileKeep = (shape: KeptShape): Keep =>
  new Function("copy", keepSource(shape))(copyText) as Keep
