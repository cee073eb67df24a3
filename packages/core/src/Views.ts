// Records as views: positions in a segment of bytes, with numbers, choices and hashes in typed
// columns, instead of objects with strings. A `ViewBlock` stands where a batch has its array of
// payloads, and gives the objects to whoever asks for one. Documented in
// docs/decisions/0008-byte-path.md.
import type { Condition } from "./Fields.ts"
import { ColumnData, grownInts, moveEntries, noBytes, noInts } from "./internal/views/columnData.ts"
import { materialise } from "./internal/views/materialise.ts"
import { Segment } from "./SegmentPool.ts"

/** The values of one column. */
export { ColumnData } from "./internal/views/columnData.ts"

/** Whether a field may have no value. */
export interface Nullable {
  /** It may be null. */
  readonly nullable?: boolean
  /** It is undefined in the records, and left out of JSON, where its column holds null. */
  readonly omitted?: boolean
}

/** A field of a record, and how its column holds it. */
export type Column =
  | ({ readonly _tag: "Text"; readonly name: string } & Nullable)
  | ({ readonly _tag: "Number"; readonly name: string } & Nullable)
  | ({ readonly _tag: "Boolean"; readonly name: string } & Nullable)
  /** One of at most 250 words, held as its position in the list. */
  | ({
      readonly _tag: "Choice"
      readonly name: string
      readonly values: ReadonlyArray<string>
    } & Nullable)
  /** Any number of elements of the same columns. */
  | { readonly _tag: "Group"; readonly name: string; readonly columns: ReadonlyArray<Column> }

/**
 * The fields of a kind of record, in order.
 *
 * Shape: `kind` is the value of the field `_tag`, first in the object, where the records have one.
 */
export interface Layout {
  readonly kind: string | undefined
  readonly columns: ReadonlyArray<Column>
}

/** What stands in a choice or boolean column for null. */
export const absent = 255

/**
 * What the readers of a block use of it, so that nobody makes the rest.
 *
 * Shape: names of fields, `group.field` for those of elements.
 */
export interface Needs {
  readonly columns: ReadonlySet<string>
  /** Text fields whose hash is wanted, among `columns`. */
  readonly hashes: ReadonlySet<string>
  /** The fields whose bytes, one after the other, are the key; its hash is made with it. */
  readonly key: ReadonlyArray<string> | undefined
  /**
   * What the first reader lets through, over some of `columns`. Of a record for which it does not
   * hold nothing else is read: what was not read is null.
   */
  readonly where?: Condition
}

/** Whether anything of a field is used. */
export const isUsed = ({ columns, hashes, key }: Needs, path: string): boolean =>
  columns.has(path) || hashes.has(path) || key?.includes(path) === true

/** Every field, no hash, no key. */
export const everything = (layout: Layout): Needs => ({
  columns: new Set(
    layout.columns.flatMap((column) =>
      column._tag === "Group"
        ? [column.name, ...column.columns.map((each) => `${column.name}.${each.name}`)]
        : [column.name]
    )
  ),
  hashes: new Set(),
  key: undefined
})

const isNeeded = (needs: Needs, path: string, column: Column): boolean =>
  needs.columns.has(path) ||
  (column._tag === "Group" &&
    column.columns.some((each) => needs.columns.has(`${path}.${each.name}`)))

const narrow = new WeakMap<Layout, Map<string, Layout>>()

/**
 * The layout of what is left of a record when only `needs` are made: one object for the same
 * columns, so that code made for it is made once for all sources of a format.
 */
export const narrowed = (layout: Layout, needs: Needs): Layout => {
  const known = narrow.get(layout) ?? new Map<string, Layout>()
  narrow.set(layout, known)
  const names = [...needs.columns].sort().join(" ")
  const made = known.get(names) ?? withoutRest(layout, needs)
  known.set(names, made)
  return made
}

const withoutRest = (layout: Layout, needs: Needs): Layout => ({
  kind: layout.kind,
  columns: layout.columns
    .filter((column) => isNeeded(needs, column.name, column))
    .map((column) =>
      column._tag === "Group"
        ? {
            ...column,
            columns: column.columns.filter((each) =>
              needs.columns.has(`${column.name}.${each.name}`)
            )
          }
        : column
    )
})

/**
 * The columns of a run of records with the bytes they point into. Pooled: whoever holds a block of
 * it owns a share.
 */
export class Sheet {
  readonly layout: Layout
  readonly columns: ReadonlyArray<ColumnData>
  readonly hasKey: boolean
  keyStart: Int32Array = noInts
  keyLength: Int32Array = noInts
  keyHash: Int32Array = noInts
  /** Keys begin at multiples of four and end in zeros up to the next one. */
  keyBytes: Uint8Array = noBytes
  /** The same memory in words. */
  keyWords: Int32Array = noInts
  keyUsed = 0
  /** Records in it. */
  rows = 0
  /** Records there is room for. */
  room = 0
  segment: Segment | undefined = undefined
  owners = 1
  private readonly pool: SheetPool | undefined

  constructor(
    layout: Layout,
    needs: Needs,
    pool: SheetPool | undefined,
    columns?: ReadonlyArray<ColumnData>
  ) {
    this.layout = layout
    this.columns =
      columns ?? layout.columns.map((each) => new ColumnData(each, needs, each.name, false))
    this.hasKey = needs.key !== undefined
    this.pool = pool
  }

  /**
   * Some of the columns, and others made for it, under another layout; it takes over one share of
   * this sheet.
   */
  picked(layout: Layout, positions: ReadonlyArray<number | ColumnData>): Sheet {
    const key = this.hasKey ? [] : undefined
    const needs: Needs = { columns: new Set(), hashes: new Set(), key }
    const columns = positions.map((at) =>
      typeof at === "number" ? (this.columns[at] as ColumnData) : at
    )
    const sheet = new Sheet(layout, needs, undefined, columns)
    const { keyStart, keyLength, keyHash, keyBytes, keyWords, rows, room } = this
    Object.assign(sheet, { keyStart, keyLength, keyHash, keyBytes, keyWords, rows, room })
    const segment = new Segment(this.bytes, { give: () => this.release() })
    if (this.segment !== undefined) segment.decode = this.segment.decode
    sheet.segment = segment
    return sheet
  }

  /** Entries `rows` of every column become those from `to` on, the key included. */
  compact(rows: ReadonlyArray<number>, to: number): void {
    for (const data of this.columns) data.compact(rows, to)
    if (!this.hasKey) return
    for (const entries of [this.keyStart, this.keyLength, this.keyHash])
      moveEntries(entries, rows, to)
  }

  get bytes(): Uint8Array {
    return this.segment === undefined ? noBytes : this.segment.bytes
  }

  /** Makes room for `rows` records. */
  ensure(rows: number): void {
    if (rows <= this.room) return
    for (const column of this.columns) column.ensure(rows)
    if (this.hasKey) {
      this.keyStart = grownInts(this.keyStart, rows)
      this.keyLength = grownInts(this.keyLength, rows)
      this.keyHash = grownInts(this.keyHash, rows)
    }
    this.room = Math.min(
      ...this.columns.map((column) => column.room),
      this.hasKey ? this.keyStart.length : Number.POSITIVE_INFINITY
    )
    if (this.columns.length === 0 && !this.hasKey) this.room = rows
  }

  /** Makes room for `bytes` more bytes of keys. */
  ensureKeyBytes(bytes: number): void {
    if (this.keyUsed + bytes <= this.keyBytes.length) return
    const words = grownInts(this.keyWords, (this.keyUsed + bytes + 3) >> 2)
    this.keyWords = words
    this.keyBytes = new Uint8Array(words.buffer)
  }

  /** Empty, over another segment, which it then owns a share of. */
  begin(segment: Segment): void {
    this.segment = segment
    segment.retain()
    this.clear()
  }

  private clear(): void {
    this.rows = 0
    this.keyUsed = 0
    for (const column of this.columns) column.used = 0
  }

  retain(): void {
    this.owners++
  }

  /** One owner less; the last one gives segment and columns back. */
  release(): void {
    if (this.owners <= 0) throw new Error("a sheet was released more often than retained")
    this.owners--
    if (this.owners > 0) return
    const { segment } = this
    this.segment = undefined
    segment?.release()
    this.pool?.give(this)
  }
}

/** Sheets of one layout, kept for the next batch; at most `freeMax` free ones. */
export class SheetPool {
  private readonly layout: Layout
  private readonly needs: Needs
  private readonly freeMax: number
  private readonly free: Array<Sheet> = []
  /** Sheets out with somebody. */
  rented = 0

  constructor(layout: Layout, needs: Needs, freeMax = 4) {
    this.layout = narrowed(layout, needs)
    this.needs = needs
    this.freeMax = freeMax
  }

  rent(segment: Segment): Sheet {
    const sheet = this.free.pop() ?? new Sheet(this.layout, this.needs, this)
    sheet.owners = 1
    sheet.begin(segment)
    this.rented++
    return sheet
  }

  give(sheet: Sheet): void {
    this.rented--
    if (this.free.length < this.freeMax) this.free.push(sheet)
  }
}

/**
 * Some records of a sheet, in the place of a batch's payloads.
 *
 * Shape: rows `from` to `to`; `length` as an array has it; iterating gives objects.
 * Flow: whoever is handed a block releases it when done and keeps no position of it; a branch or a
 * stage that keeps records copies.
 */
export class ViewBlock {
  readonly sheet: Sheet
  readonly from: number
  readonly to: number
  readonly length: number

  constructor(sheet: Sheet, from: number, to: number) {
    this.sheet = sheet
    this.from = from
    this.to = to
    this.length = to - from
  }

  /**
   * Records `from` to `to` of this block, as a block that owns a share of its own. The part that
   * reaches to the end takes over the share of the whole: a block is cut up from its start.
   */
  slice(from = 0, to: number = this.length): ViewBlock {
    if (to < this.length) this.sheet.retain()
    return new ViewBlock(this.sheet, this.from + from, this.from + to)
  }

  /** The records as objects. */
  toObjects(): Array<unknown> {
    return materialise(this)
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.toObjects()[Symbol.iterator]()
  }

  release(): void {
    this.sheet.release()
  }
}

/** The block in the place of a batch's payloads, if it is one. */
export const blockOf = (items: unknown): ViewBlock | undefined =>
  items instanceof ViewBlock ? items : undefined

/**
 * A block where an array of payloads stands. Who takes it knows that it may be a block: the plan
 * hands blocks to nobody else.
 */
export const asItems = <A>(block: ViewBlock): ReadonlyArray<A> => {
  // Where payloads are erased a block is told from an array by `blockOf`.
  const erased: unknown = block
  return erased as ReadonlyArray<A>
}
