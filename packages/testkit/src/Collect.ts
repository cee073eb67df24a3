// Sinks that keep what they receive, with its headers and the time of its coming, and assertions
// on it. The headers are those the specification gives accumulated records (§23).
import * as Batch from "@sluice/core/Batch"
import type * as Envelope from "@sluice/core/Envelope"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import * as Sink from "@sluice/core/Sink"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { canonicalText } from "./Digest.ts"
import { listDifference } from "./internal/cases/difference.ts"

/** One received record. */
export interface Received<out A> {
  readonly payload: A
  readonly headers: Envelope.Headers
  readonly seqId: number
  /** When it reached the sink, by the run's clock. */
  readonly atMs: number
}

/** A sink with what it has received so far; it grows without bound: for tests. */
export interface Collected<A> {
  readonly sink: Sink.Sink<A>
  readonly records: ReadonlyArray<Received<A>>
  readonly payloads: () => ReadonlyArray<A>
}

/** A new collecting sink. */
export const sink = <A>(): Collected<A> => {
  const records: Array<Received<A>> = []
  const write = (batch: Batch.Batch<A>): Effect.Effect<void> =>
    Effect.map(Clock.currentTimeMillis, (atMs) => {
      for (const [i, payload] of batch.items.entries()) {
        const [headers, seqId] = [Batch.headers(batch, i), Batch.seqId(batch, i)]
        records.push({ payload, headers, seqId, atMs })
      }
    })
  return {
    sink: Sink.make("collect", Effect.succeed({ write })),
    records,
    payloads: () => records.map(({ payload }) => payload)
  }
}

/** Why an accumulated record left; undefined where no accumulator wrote it. */
export const reasonOf = (record: Received<unknown>): string | undefined =>
  record.headers["acc.reason"]

/** Share of what an accumulated record asks for that is there, 0..1. */
export const completenessOf = (record: Received<unknown>): number | undefined => {
  const text = record.headers["acc.completeness"]
  return text === undefined ? undefined : Number(text)
}

/** Names of the slots an accumulated record is missing; empty when it is complete. */
export const missingOf = (record: Received<unknown>): ReadonlyArray<string> =>
  (record.headers["acc.missingVars"] ?? "")
    .split(",")
    .filter((name) => name !== "")
    .map(decodeURIComponent)

const assertLists = (
  what: string,
  expected: ReadonlyArray<unknown>,
  found: ReadonlyArray<unknown>
): void => {
  const lines = listDifference(expected.map(canonicalText), found.map(canonicalText))
  if (lines.length > 0) throw new Error([`${what}:`, ...lines].join("\n"))
}

/** Throws, with the differing records, unless exactly these payloads came, in this order. */
export const assertPayloads = <A>(
  collected: Collected<A>,
  expected: ReadonlyArray<A>,
  options: { readonly anyOrder?: boolean } = {}
): void => {
  const order = (values: ReadonlyArray<A>): ReadonlyArray<unknown> =>
    options.anyOrder === true
      ? values.toSorted((a, b) => (canonicalText(a) < canonicalText(b) ? -1 : 1))
      : values
  assertLists("payloads differ", order(expected), order(collected.payloads()))
}

/** Throws unless the record left for this reason, e.g. `slots`, `idle`, `end`. */
export const assertReason = (record: Received<unknown> | undefined, reason: string): void => {
  if (record === undefined) throw new Error(`reason ${reason} expected, but there is no record`)
  const found = reasonOf(record)
  if (found === reason) return
  const payload = canonicalText(record.payload)
  throw new Error(`reason ${reason} expected, found ${found ?? "none"} on ${payload}`)
}

/** Throws unless exactly these slots are missing, in any order. */
export const assertMissing = (
  record: Received<unknown> | undefined,
  slots: ReadonlyArray<string>
): void => {
  if (record === undefined) throw new Error("missing slots expected, but there is no record")
  assertLists("missing slots differ", slots.toSorted(), missingOf(record).toSorted())
}

/**
 * Throws unless an accumulating stage dropped fragments for exactly these reasons, e.g. `{ late: 2
 * }`; `{}` says that none was dropped.
 */
export const assertDropped = (
  result: PipelineResult.PipelineResult,
  stageId: string,
  byReason: Readonly<Record<string, number>>
): void => {
  const report = result.accumulators.find((one) => one.stageId === stageId)
  if (report === undefined) {
    const ids = result.accumulators.map((one) => one.stageId).join(", ")
    throw new Error(`no accumulating stage "${stageId}"; there is ${ids === "" ? "none" : ids}`)
  }
  const found = Object.entries(report.totals.dropsByReason).filter(([, count]) => count > 0)
  assertLists(
    `drops of stage "${stageId}" differ`,
    Object.entries(byReason)
      .filter(([, count]) => count > 0)
      .sort(),
    found.sort()
  )
}
