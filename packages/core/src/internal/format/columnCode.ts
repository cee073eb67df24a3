// Writes the code that puts a whole record into the columns: a line with a fault leaves no half
// record. The columns' arrays are local variables of the parser.
import type { FieldSpec } from "../../Format.ts"
import type { Column } from "../../Views.ts"
import { keyCode } from "./keyCode.ts"
import type { ParserScope, Place } from "./parserScope.ts"
import { bytesOf } from "./parserScope.ts"
import type { Step } from "./sequence.ts"

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

const hoisted = (scope: ParserScope, declare: string, below = ""): string => {
  const lines: Array<string> = []
  for (const [path, { id, data, column }] of scope.places) {
    if (!path.startsWith(below)) continue
    for (const [letter, name] of arrays[column._tag])
      lines.push(`${declare}${letter}${id} = ${data}.${name};`)
    if (scope.needs.hashes.has(path)) lines.push(`${declare}H${id} = ${data}.hash;`)
  }
  return lines.join(" ")
}

const groups = (scope: ParserScope): ReadonlyArray<Place> =>
  [...scope.places.values()].filter(({ column }) => column._tag === "Group")

/** Declares the variables of the arrays of columns and keys. */
export const hoists = (scope: ParserScope): string => {
  const used = groups(scope).map(
    ({ id, data }) =>
      `let g${id} = ${data}.used;
  let G${id} = ${data}.children.length === 0 ? Infinity : ${data}.elementRoom;`
  )
  return `${hoisted(scope, "let ")} ${used.join(" ")}
  ${keys(scope, "let ")}
  ${scope.needs.key === undefined ? "" : "let kb = sheet.keyBytes, ku = sheet.keyUsed;"}`
}

/** The arrays of the keys, where there are keys. */
const keys = (scope: ParserScope, declare: string): string =>
  scope.needs.key === undefined
    ? ""
    : `${declare}KS = sheet.keyStart; ${declare}KL = sheet.keyLength; ${declare}KH = sheet.keyHash;`

/** Sets them again after the columns have grown; `below` a path, those of its fields alone. */
const rehoists = (scope: ParserScope, below = ""): string => hoisted(scope, "", below)

const makeRoom = (scope: ParserScope): string =>
  scope.dialect.recordRoom(`${rehoists(scope)} ${keys(scope, "")}`)

/** Code that makes room for one more element of the group at a path. */
export const elementRoom = (scope: ParserScope, path: string, place: Place, at: string): string =>
  scope.dialect.elementRoom(place, at, rehoists(scope, `${path}.`))

/** Tells the columns of groups how many elements they have, and the sheet where its keys end. */
export const flush = (scope: ParserScope): string => {
  const used = groups(scope).map(({ id, data }) => `${data}.used = g${id};`)
  return [...used, scope.needs.key === undefined ? "" : "sheet.keyUsed = ku;"].join(" ")
}

/** Code that puts a field into its column at `row`. */
export const put = (
  scope: ParserScope,
  step: Step,
  row: string,
  isHashed = true
): ReadonlyArray<string> => {
  const place = scope.places.get(step.path)
  if (place === undefined || step.spec._tag === "Skip") return []
  const { id, column } = place
  const n = scope.own(step)
  switch (column._tag) {
    case "Text": {
      const hash =
        isHashed && scope.needs.hashes.has(step.path)
          ? [`c = Math.imul(h${n} ^ (h${n} >>> 15), 0x85ebca6b); H${id}[${row}] = c ^ (c >>> 13);`]
          : []
      const start = scope.dialect.position(`s${n}`)
      return [`S${id}[${row}] = ${start}; L${id}[${row}] = l${n};`, ...hash]
    }
    case "Number":
      return [step.spec._tag === "Ordinal" ? `V${id}[${row}] = o + 1;` : `V${id}[${row}] = v${n};`]
    case "Group":
      return [`S${id}[${row}] = g${id}; L${id}[${row}] = v${n};`]
    default:
      return [`K${id}[${row}] = k${n};`]
  }
}

/** Code that puts null into a column at row r. */
const putNothing = ({ id, column }: Place): string => {
  switch (column._tag) {
    case "Text":
      return `L${id}[r] = -1;`
    case "Number":
      return `V${id}[r] = NaN;`
    case "Group":
      return `S${id}[r] = L${id}[r] = 0;`
    default:
      return `K${id}[r] = 255;`
  }
}

/** Code that adds a record of which only some fields were read. */
export const writeRead = (scope: ParserScope, read: ReadonlyArray<Step>): string => {
  const written = read.filter(({ spec }) => spec._tag !== "Counted" && spec._tag !== "Ordinal")
  const paths = new Set(written.map(({ path }) => path))
  const others = [...scope.places]
    .filter(([path, { isElement }]) => !isElement && !paths.has(path))
    .map(([, place]) => putNothing(place))
  // Nobody looks a rejected record up by a hash, which may not be made yet.
  const all = written.flatMap((step) => put(scope, step, "r", false))
  return `${makeRoom(scope)}
      ${[...all, ...others].join(" ")} r++;`
}

/** Code that adds the record, or the records, of a line. */
export const write = (scope: ParserScope, steps: ReadonlyArray<Step>): string => {
  const { key } = scope.needs
  const keyed =
    key === undefined
      ? ""
      : keyCode(key, steps, (path) => scope.id(path), scope.words, scope.dialect)
  const all = steps.flatMap((step) => put(scope, step, "r")).join(" ")
  const closed = steps
    .filter((step) => step.spec._tag === "Counted" && scope.places.has(step.path))
    .map((step) => `g${scope.places.get(step.path)?.id} = w${scope.own(step)};`)
    .join(" ")
  const one = `${makeRoom(scope)}
      ${all} ${keyed} r++;`
  const repeated = steps.find((step) => step.spec._tag === "Each")
  if (repeated === undefined) return `const o = 0; ${one} ${closed}`
  return `${repeating(scope, repeated, one)}
    ${closed}`
}

/** A record for each element of the field that ends the line. */
const repeating = (scope: ParserScope, repeated: Step, one: string): string => {
  const n = scope.own(repeated)
  const spec = repeated.spec as FieldSpec & { _tag: "Each" }
  const count = `v${scope.id(spec.count)}`
  const size = bytesOf(scope.separator)
  const here = size.map((byte, i) => `b[p + ${i}] === ${byte}`).join(" && ")
  const fault = scope.fault(repeated, `a${n}`)
  const digits = `q = p + ${spec.width}; if (q > e) ${fault}
      while (p < q) { c = b[p] - 48; if (c < 0 || c > 9) ${fault} p++; }`
  const over = `if (p + ${size.length} <= e && ${here}) p += ${size.length};
      else if (p < e || o < ${count} - 1) ${fault}`
  // Twice over the elements: a fault in a later one must leave none of the line's records.
  return `const a${n} = p;
    for (let o = 0; o < ${count}; o++) { ${digits} ${over} }
    if (p < e) ${fault}
    p = a${n};
    for (let o = 0; o < ${count}; o++) {
      const s${n} = p, l${n} = ${spec.width}; p += ${spec.width + size.length};
      ${scope.hashLoop(repeated, `s${n}`, `s${n} + l${n}`)}
      ${one}
    }`
}
