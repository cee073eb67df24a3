// What one record carries besides its payload, and the cursor through which user functions see it.
// An Envelope object is built only where a stage asks for one: inside the engine the same facts are
// run-encoded on the Batch (see Batch.ts). This file holds no runtime state.

/** Trace identity of a record, propagated from its source. */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  readonly baggage: Readonly<Record<string, string>>
}

/** What a record costs to hold (`bytes`) and to process (`cpuHint`, 1 = an ordinary record). */
export interface Cost {
  readonly bytes: number
  readonly cpuHint: number
}

/** String metadata that travels with a record, e.g. `acc.completeness`. */
export type Headers = Readonly<Record<string, string>>

/** Untyped metadata that travels with a record inside one process. */
export type Attrs = Readonly<Record<string, unknown>>

/**
 * One record with everything the framework knows about it.
 *
 * `seqId` is the number of the source record this one derives from: unique per source,
 * non-decreasing along an ordered path, repeated when a stage emits several records for one.
 */
export interface Envelope<out A> {
  readonly payload: A
  readonly headers: Headers
  readonly seqId: number
  readonly spanCtx: TraceContext
  /** Milliseconds since the epoch, from the run's Clock, when the record entered the pipeline. */
  readonly timestamp: number
  readonly attrs: Attrs
  readonly cost: Cost
}

/**
 * A view on the current record's metadata, passed as second argument to `map`, `filter` and
 * `flatMap` functions that declare it. Valid during the call only: it moves on to the next record.
 */
export interface Cursor {
  readonly seqId: number
  readonly timestamp: number
  readonly headers: Headers
  readonly attrs: Attrs
  readonly cost: Cost
  /** Id of the source stage the record came from. */
  readonly origin: string
  /** Where in the input the record stands, e.g. `data.noun:17`, when the source knows. */
  readonly location: string | undefined
}

const frozen = Object.freeze

/** The headers of a record that has none. */
export const emptyHeaders: Headers = frozen({})

/** The attributes of a record that has none. */
export const emptyAttrs: Attrs = frozen({})

/** The cost of a record nobody priced. */
export const noCost: Cost = frozen({ bytes: 0, cpuHint: 1 })

/** The trace context of a record that is not traced. */
export const noTrace: TraceContext = frozen({ traceId: "", spanId: "", baggage: frozen({}) })

/** Builds an envelope around a payload; whatever is not given takes its empty value. */
export const make = <A>(
  payload: A,
  fields?: Partial<Omit<Envelope<A>, "payload">>
): Envelope<A> => ({
  payload,
  headers: fields?.headers ?? emptyHeaders,
  seqId: fields?.seqId ?? 0,
  spanCtx: fields?.spanCtx ?? noTrace,
  timestamp: fields?.timestamp ?? 0,
  attrs: fields?.attrs ?? emptyAttrs,
  cost: fields?.cost ?? noCost
})
