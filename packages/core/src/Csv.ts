// Stage functions for CSV: a row of cells in, one value out, and back. They throw, so that the
// error policy of the stage they run in decides what becomes of a bad row; they read no files.
import * as Data from "effect/Data"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

/** Cells of one record, as text. */
export type Row = ReadonlyArray<string>

/** A row that is not the record it should be. */
export class CsvError extends Data.TaggedError("CsvError")<{
  readonly reason: string
  readonly cure: string
}> {
  override get message(): string {
    return `${this.reason}. Cure: ${this.cure}.`
  }
}

/** How rows that have not as many cells as there are columns are taken. */
export type Ragged = "fail" | "fill"

/** How a row becomes a record. */
export interface DecoderOptions {
  /**
   * Default "fail": a row has as many cells as there are columns. "fill": missing cells at the end
   * are empty; more cells than columns fail all the same, since one would have to be forgotten.
   */
  readonly ragged?: Ragged
}

const widthError = (row: Row, columns: ReadonlyArray<string>): CsvError =>
  new CsvError({
    reason: `the record has ${row.length} cells, the header ${columns.length}`,
    cure:
      row.length < columns.length
        ? 'add the missing cells, or set ragged to "fill"'
        : "quote cells that hold the delimiter, or give the header a name for each cell"
  })

/** Checks a header: names may stand there once. */
export const checkHeader = (columns: ReadonlyArray<string>): void => {
  const seen = new Set<string>()
  for (const name of columns) {
    if (seen.has(name)) {
      throw new CsvError({
        reason: `the header has the column "${name}" twice`,
        cure: "rename one of them, or give the names as columns"
      })
    }
    seen.add(name)
  }
}

/**
 * A function from a row to an object with a property for each column; build it once, outside the
 * stage function.
 *
 * Errors: throws `CsvError` for a row of another width (see `ragged`); `columns` with a name twice
 * throws at once.
 *
 * @example
 * ```ts
 * import * as Csv from "@sluice/core/Csv"
 *
 * const toRecord = Csv.records(["id", "city"])
 * const record: Readonly<Record<string, string>> = toRecord(["7", "Köln"])
 * ```
 */
export const records = (
  columns: ReadonlyArray<string>,
  options: DecoderOptions = {}
): ((row: Row) => Readonly<Record<string, string>>) => {
  checkHeader(columns)
  const fill = options.ragged === "fill"
  // Assigning a key "__proto__" would change the object instead.
  const assignable = !columns.includes("__proto__")
  return (row) => {
    if (row.length > columns.length || (row.length < columns.length && !fill))
      throw widthError(row, columns)
    if (!assignable) return Object.fromEntries(columns.map((name, i) => [name, row[i] ?? ""]))
    const record: Record<string, string> = {}
    for (let i = 0; i < columns.length; i++) record[columns[i] as string] = row[i] ?? ""
    return record
  }
}

const oneLine = (text: string): string => text.replaceAll("\n", " ")

const optionalKeys = (ast: SchemaAST.AST): ReadonlyArray<string> =>
  SchemaAST.isObjects(ast)
    ? ast.propertySignatures.flatMap(({ name, type }) =>
        typeof name === "string" && SchemaAST.isOptional(type) ? [name] : []
      )
    : []

/**
 * A function from a row to a value the schema vouches for; build it once, outside the stage
 * function.
 *
 * Shape: cells are text; the schema says what is a number, a date, a boolean. An empty cell of an
 * optional property is a property that is not there.
 * Errors: throws `CsvError`: another width than the columns, or not of the schema, naming the
 * field.
 *
 * @example
 * ```ts
 * import * as Csv from "@sluice/core/Csv"
 * import * as Schema from "effect/Schema"
 *
 * const Visit = Schema.Struct({ id: Schema.Number, city: Schema.String })
 * const decode = Csv.decoder(["id", "city"], Visit)
 * const id: number = decode(["7", "Köln"]).id
 * ```
 */
export const decoder = <S extends Schema.ConstraintDecoder<unknown>>(
  columns: ReadonlyArray<string>,
  schema: S,
  options: DecoderOptions = {}
): ((row: Row) => S["Type"]) => {
  const toRecord = records(columns, options)
  const codec = Schema.toCodecStringTree(schema)
  const optional = optionalKeys(SchemaAST.toEncoded(codec.ast))
  const decode = Schema.decodeUnknownResult(codec)
  return (row) => {
    const cells = toRecord(row)
    const given =
      optional.length === 0
        ? cells
        : Object.fromEntries(
            Object.entries(cells).filter(([key, cell]) => cell !== "" || !optional.includes(key))
          )
    const decoded = decode(given)
    if (Result.isSuccess(decoded)) return decoded.success
    throw new CsvError({
      reason: `the record does not fit the schema: ${oneLine(decoded.failure.message)}`,
      cure: "mend the record or the schema, or give the stage an error policy"
    })
  }
}

/** How a record becomes text. */
export interface EncoderOptions {
  /** One character; default ",". */
  readonly delimiter?: string
}

/** The character between cells; throws for one that quotes or ends lines. */
export const checkDelimiter = (delimiter: string): string => {
  if (delimiter.length === 1 && !'"\r\n'.includes(delimiter)) return delimiter
  throw new RangeError(
    `Csv: delimiter is ${JSON.stringify(delimiter)}. Cure: give one character that is neither a ` +
      "quote nor a line break."
  )
}

const textOf = (name: string, value: unknown): string => {
  switch (typeof value) {
    case "string":
      return value
    case "number":
    case "bigint":
    case "boolean":
      return String(value)
    case "undefined":
      return ""
    default:
      if (value === null) return ""
      if (value instanceof Date) return value.toISOString()
      throw new CsvError({
        reason: `the column "${name}" is of type ${typeof value}, which no cell can hold`,
        cure: "turn it into a text or a number before"
      })
  }
}

/**
 * A function from a record to its row as text, without a line break.
 *
 * Shape: the properties named by `columns`, in that order; undefined and null are empty cells, a
 * date is in ISO form. Cells are quoted where they must be.
 * Errors: throws `CsvError` for a value that no cell can hold, naming the column.
 */
export const encoder = <A extends object>(
  columns: ReadonlyArray<Extract<keyof A, string>>,
  options: EncoderOptions = {}
): ((record: A) => string) => {
  const quote = quoted(options)
  return (record) => {
    let text = ""
    for (let i = 0; i < columns.length; i++) {
      const name = columns[i] as Extract<keyof A, string>
      text += (i === 0 ? "" : quote.delimiter) + quote.cell(textOf(name, record[name]))
    }
    return text
  }
}

/** The cells of a header as text. */
export const encodeRow = (row: Row, options: EncoderOptions = {}): string => {
  const quote = quoted(options)
  return row.map(quote.cell).join(quote.delimiter)
}

const quoted = (
  options: EncoderOptions
): { readonly delimiter: string; readonly cell: (text: string) => string } => {
  const delimiter = checkDelimiter(options.delimiter ?? ",")
  const special = new RegExp(`[${delimiter.replace(/[\\\]^-]/g, "\\$&")}"\\r\\n]|^\\uFEFF`)
  const cell = (text: string): string =>
    special.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  return { delimiter, cell }
}
