// One batch of the records of several: nothing a record knew of itself is lost. Where the parts
// continue each other the result is as lean as they are; else each record keeps its place. Batches
// are not changed.
import * as Batch from "../Batch.ts"

/** Records `from` (inclusive) to `to` (exclusive) of a batch. */
export interface Part {
  readonly batch: Batch.Batch<unknown>
  readonly from: number
  readonly to: number
}

const lengthOf = ({ from, to }: Part): number => to - from

const isWhole = ({ batch, from, to }: Part): boolean => from === 0 && to === batch.items.length

const bytesOf = (part: Part): number =>
  isWhole(part)
    ? part.batch.bytes
    : (part.batch.bytes * lengthOf(part)) / Math.max(1, part.batch.items.length)

const itemsOf = (parts: ReadonlyArray<Part>, count: number): ReadonlyArray<unknown> => {
  const items = new Array<unknown>(count)
  let at = 0
  for (const { batch, from, to } of parts) {
    for (let i = from; i < to; i++) items[at++] = batch.items[i]
  }
  return items
}

/** Sequence number `n` of a part's batch stands on line `n + shift` of its input. */
const shiftOf = ({ provenance, seqBase }: Batch.Batch<unknown>): number | undefined =>
  provenance === undefined ? undefined : provenance.base - seqBase

/** Both number their records alike, and name the same places for the same numbers. */
const sameNumbering = (a: Batch.Batch<unknown>, b: Batch.Batch<unknown>): boolean =>
  a.origin === b.origin && a.provenance?.name === b.provenance?.name && shiftOf(a) === shiftOf(b)

/** The numbers of all parts run on without a gap, and no record has metadata of its own. */
const continuous = (parts: ReadonlyArray<Part>): boolean => {
  const first = parts[0] as Part
  let next = first.batch.seqBase + first.from
  for (const { batch, from, to } of parts) {
    const plain = batch.index === undefined && batch.columns === undefined
    if (!plain || batch.seqBase + from !== next) return false
    if (batch.timestamp !== first.batch.timestamp) return false
    if (!sameNumbering(batch, first.batch)) return false
    next += to - from
  }
  return true
}

type Column<T> = ReadonlyArray<T> | undefined

/** One column of all parts; `fill` stands where a part has none. Undefined where no part has it. */
const columnOf = <T>(
  parts: ReadonlyArray<Part>,
  count: number,
  of: (columns: Batch.Columns) => Column<T>,
  fill: (batch: Batch.Batch<unknown>) => T,
  needed: boolean
): Column<T> => {
  const present = parts.some(({ batch: { columns } }) => columns !== undefined && of(columns))
  if (!present && !needed) return undefined
  const out = new Array<T>(count)
  let at = 0
  for (const { batch, from, to } of parts) {
    const column = batch.columns === undefined ? undefined : of(batch.columns)
    const filler = fill(batch)
    for (let i = from; i < to; i++) out[at++] = column === undefined ? filler : (column[i] as T)
  }
  return out
}

const nothing = (): undefined => undefined

const columnsOf = (parts: ReadonlyArray<Part>, count: number): Batch.Columns | undefined => {
  const first = (parts[0] as Part).batch
  const times = parts.some(({ batch }) => batch.timestamp !== first.timestamp)
  const places = parts.some(({ batch }) => !sameNumbering(batch, first))
  if (!times && !places && parts.every(({ batch }) => batch.columns === undefined)) return undefined
  const placeOf = ({ origin, seqBase, provenance }: Batch.Batch<unknown>): Batch.Place => ({
    origin,
    seqBase,
    provenance
  })
  return {
    headers: columnOf(parts, count, (columns) => columns.headers, nothing, false),
    attrs: columnOf(parts, count, (columns) => columns.attrs, nothing, false),
    costs: columnOf(parts, count, (columns) => columns.costs, nothing, false),
    timestamps: columnOf(
      parts,
      count,
      (columns) => columns.timestamps,
      (batch) => batch.timestamp,
      times
    ),
    places: columnOf(parts, count, (columns) => columns.places, placeOf, places)
  }
}

const indexOf = (
  parts: ReadonlyArray<Part>,
  count: number,
  seqBase: number
): ReadonlyArray<number> => {
  const index = new Array<number>(count)
  let at = 0
  for (const { batch, from, to } of parts) {
    const shift = batch.seqBase - seqBase
    for (let i = from; i < to; i++) {
      index[at++] = shift + (batch.index === undefined ? i : (batch.index[i] as number))
    }
  }
  return index
}

/** A part of one batch, which is what records one by one are. */
const cutOut = (part: Part): Batch.Batch<unknown> => {
  const { batch, from, to } = part
  if (isWhole(part)) return batch
  if (batch.index !== undefined || batch.columns !== undefined) return Batch.slice(batch, from, to)
  const { provenance } = batch
  return {
    items: to - from === 1 ? [batch.items[from]] : batch.items.slice(from, to),
    seqBase: batch.seqBase + from,
    index: undefined,
    timestamp: batch.timestamp,
    windowEnd: batch.windowEnd,
    origin: batch.origin,
    bytes: bytesOf(part),
    trace: batch.trace,
    provenance:
      provenance === undefined
        ? undefined
        : { name: provenance.name, base: provenance.base + from },
    columns: undefined
  }
}

/** The records of all parts, at least one, in their order. */
export const joinBatches = (parts: ReadonlyArray<Part>): Batch.Batch<unknown> => {
  const first = parts[0] as Part
  const last = parts.at(-1) as Part
  if (parts.length === 1) return cutOut(first)
  const count = parts.reduce((sum, part) => sum + lengthOf(part), 0)
  const { batch, from } = first
  const lean = continuous(parts)
  const { provenance } = batch
  return {
    items: itemsOf(parts, count),
    seqBase: lean ? batch.seqBase + from : batch.seqBase,
    index: lean ? undefined : indexOf(parts, count, batch.seqBase),
    timestamp: batch.timestamp,
    windowEnd: last.batch.windowEnd,
    origin: batch.origin,
    bytes: parts.reduce((sum, part) => sum + bytesOf(part), 0),
    trace: batch.trace,
    provenance:
      lean && provenance !== undefined
        ? { name: provenance.name, base: provenance.base + from }
        : provenance,
    columns: lean ? undefined : columnsOf(parts, count)
  }
}
