// The unit of work between stages: dense payloads with run-encoded metadata.
// Sequence number, timestamp and origin are stored once per batch; an index column appears once a
// stage dropped or multiplied records, further columns only where somebody wrote a header,
// attribute or cost. A batch is owned by one stage at a time and moves downstream with its
// ownership.
import * as Envelope from "./Envelope.ts"

/** Names the input a run of records came from, so that an error can point at the line. */
export interface Provenance {
  /** For instance a file path. */
  readonly name: string
  /** Position, within that input, of the record whose index is 0 (0-based). */
  readonly base: number
}

/** What a record keeps of the batch it came in, where one batch joins records of several. */
export interface Place {
  readonly origin: string
  readonly seqBase: number
  readonly provenance: Provenance | undefined
}

/**
 * Per-record metadata, present only where a stage wrote some; every column is as long as the batch.
 */
export interface Columns {
  readonly headers: ReadonlyArray<Envelope.Headers | undefined> | undefined
  readonly attrs: ReadonlyArray<Envelope.Attrs | undefined> | undefined
  readonly costs: ReadonlyArray<Envelope.Cost | undefined> | undefined
  readonly timestamps: ReadonlyArray<number> | undefined
  /** Present only in a batch that joins records of several inputs. */
  readonly places?: ReadonlyArray<Place> | undefined
}

/**
 * An immutable run of records.
 *
 * Shape: `items[i]` is the payload of record `i`; its sequence number is `seqBase + (index?.[i] ??
 * i)`.
 * Limits: at most 65,536 records; engines cut what sources hand over to `batchSize` (default
 * 4,096).
 */
export interface Batch<out A> {
  readonly items: ReadonlyArray<A>
  readonly seqBase: number
  readonly index: ArrayLike<number> | undefined
  /** Milliseconds since the epoch of the first and the last record (window start and end). */
  readonly timestamp: number
  readonly windowEnd: number
  /** Id of the source stage. */
  readonly origin: string
  /** Payload bytes as far as the source knows them, else 0. */
  readonly bytes: number
  readonly trace: Envelope.TraceContext
  readonly provenance: Provenance | undefined
  readonly columns: Columns | undefined
}

/** Largest number of records one batch may hold: positions are 16-bit. */
export const sizeMax = 65_536

/** Builds a batch of payloads numbered from `seqBase`. */
export const make = <A>(
  items: ReadonlyArray<A>,
  fields?: Partial<Omit<Batch<A>, "items">>
): Batch<A> => ({
  items,
  seqBase: fields?.seqBase ?? 0,
  index: fields?.index,
  timestamp: fields?.timestamp ?? 0,
  windowEnd: fields?.windowEnd ?? fields?.timestamp ?? 0,
  origin: fields?.origin ?? "",
  bytes: fields?.bytes ?? 0,
  trace: fields?.trace ?? Envelope.noTrace,
  provenance: fields?.provenance,
  columns: fields?.columns
})

/** Sequence number of record `i`. */
export const seqId = (batch: Batch<unknown>, i: number): number =>
  batch.seqBase + (batch.index === undefined ? i : (batch.index[i] ?? i))

/** Where record `i` stands in its input, as `name:line` (1-based), or undefined. */
export const location = (batch: Batch<unknown>, i: number): string | undefined => {
  const { provenance, seqBase } = batch.columns?.places?.[i] ?? batch
  if (provenance === undefined) return undefined
  return `${provenance.name}:${provenance.base + (seqId(batch, i) - seqBase) + 1}`
}

/** Id of the source stage that record `i` came from. */
export const origin = (batch: Batch<unknown>, i: number): string =>
  batch.columns?.places?.[i]?.origin ?? batch.origin

/** Headers of record `i`. */
export const headers = (batch: Batch<unknown>, i: number): Envelope.Headers =>
  batch.columns?.headers?.[i] ?? Envelope.emptyHeaders

/** The full envelope of record `i`; allocates, so ask only where one is needed. */
export const envelope = <A>(batch: Batch<A>, i: number): Envelope.Envelope<A> => ({
  payload: batch.items[i] as A,
  headers: headers(batch, i),
  seqId: seqId(batch, i),
  spanCtx: batch.trace,
  timestamp: batch.columns?.timestamps?.[i] ?? batch.timestamp,
  attrs: batch.columns?.attrs?.[i] ?? Envelope.emptyAttrs,
  cost: batch.columns?.costs?.[i] ?? Envelope.noCost
})

const gather = <T>(
  column: ReadonlyArray<T> | undefined,
  positions: ArrayLike<number>,
  count: number
): ReadonlyArray<T> | undefined => {
  if (column === undefined) return undefined
  const out = new Array<T>(count)
  for (let j = 0; j < count; j++) out[j] = column[positions[j] as number] as T
  return out
}

/** The columns of the records at `positions`, in that order. */
export const gatherColumns = (
  columns: Columns | undefined,
  positions: ArrayLike<number>,
  count: number
): Columns | undefined =>
  columns === undefined
    ? undefined
    : {
        headers: gather(columns.headers, positions, count),
        attrs: gather(columns.attrs, positions, count),
        costs: gather(columns.costs, positions, count),
        timestamps: gather(columns.timestamps, positions, count),
        places: gather(columns.places, positions, count)
      }

/**
 * A batch of new payloads, the j-th derived from record `positions[j]` of `batch`: sequence
 * numbers, location and metadata follow. `positions` is copied, so that a caller may reuse its
 * scratch array.
 */
export const derive = <B>(
  batch: Batch<unknown>,
  items: ReadonlyArray<B>,
  positions: ArrayLike<number>
): Batch<B> => {
  const count = items.length
  const index = new Array<number>(count)
  const source = batch.index
  for (let j = 0; j < count; j++) {
    const position = positions[j] as number
    index[j] = source === undefined ? position : (source[position] as number)
  }
  return {
    items,
    seqBase: batch.seqBase,
    index,
    timestamp: batch.timestamp,
    windowEnd: batch.windowEnd,
    origin: batch.origin,
    bytes: batch.items.length === 0 ? 0 : (batch.bytes * count) / batch.items.length,
    trace: batch.trace,
    provenance: batch.provenance,
    columns: gatherColumns(batch.columns, positions, count)
  }
}

/** The same records with other payloads, one for one. */
export const withItems = <B>(batch: Batch<unknown>, items: ReadonlyArray<B>): Batch<B> => ({
  items,
  seqBase: batch.seqBase,
  index: batch.index,
  timestamp: batch.timestamp,
  windowEnd: batch.windowEnd,
  origin: batch.origin,
  bytes: batch.bytes,
  trace: batch.trace,
  provenance: batch.provenance,
  columns: batch.columns
})

/** Records `from` (inclusive) to `to` (exclusive) as a batch of their own. */
export const slice = <A>(batch: Batch<A>, from: number, to: number): Batch<A> => {
  if (from === 0 && to === batch.items.length) return batch
  const positions = Array.from({ length: to - from }, (_, k) => from + k)
  return derive(batch, batch.items.slice(from, to), positions)
}
