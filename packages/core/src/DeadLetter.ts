// A record that a stage could not process, with everything needed to understand and replay it.
// Plain data (no Error class): building one costs nanoseconds; the tagged error is made at the
// run's edge.
import type * as Envelope from "./Envelope.ts"

/** Why a record failed; decides which policy may apply. */
export type FailureKind =
  | "recoverable"
  | "non-recoverable"
  | "catastrophic"
  | "completeness-deadlock"
  | "key-explosion"
  | "spill-failure"
  | "serialization"

/**
 * One failed record in its context.
 *
 * `payload` is the record as it entered the failing stage, `cause` what was thrown or failed with,
 * `attempts` how often the stage tried.
 */
export interface DeadLetter {
  readonly _tag: "DeadLetter"
  readonly stageId: string
  readonly kind: FailureKind
  readonly seqId: number
  readonly origin: string
  readonly location: string | undefined
  readonly key: unknown
  readonly headers: Envelope.Headers
  readonly payload: unknown
  readonly cause: unknown
  readonly attempts: number
  readonly timestamp: number
}

const kinds: ReadonlySet<unknown> = new Set<FailureKind>([
  "recoverable",
  "non-recoverable",
  "catastrophic",
  "completeness-deadlock",
  "key-explosion",
  "spill-failure",
  "serialization"
])

const isKind = (value: unknown): value is FailureKind => kinds.has(value)

/** The kind that a cause names itself, by a property `failureKind`; undefined where it does not. */
export const kindOf = (cause: unknown): FailureKind | undefined => {
  if (typeof cause !== "object" || cause === null || !("failureKind" in cause)) return undefined
  return isKind(cause.failureKind) ? cause.failureKind : undefined
}

/** Short text of any thrown value or failure, for messages. */
export const causeText = (cause: unknown): string => {
  if (cause instanceof Error) return cause.message === "" ? cause.name : cause.message
  if (typeof cause === "string") return cause
  if (typeof cause === "object" && cause !== null) {
    const record = cause as { readonly message?: unknown; readonly _tag?: unknown }
    if (typeof record.message === "string" && record.message !== "") return record.message
    if (typeof record._tag === "string") return record._tag
  }
  try {
    return JSON.stringify(cause) ?? String(cause)
  } catch {
    return String(cause)
  }
}

const clipLength = 120

/** A payload as it may stand in a message: JSON, cut at 120 characters. */
export const payloadText = (payload: unknown): string => {
  let text: string
  try {
    text = (typeof payload === "string" ? payload.slice(0, clipLength + 1) : undefined) ?? ""
    text =
      text === "" || typeof payload !== "string"
        ? (JSON.stringify(payload) ?? String(payload))
        : JSON.stringify(text)
  } catch {
    text = String(payload)
  }
  return text.length > clipLength ? `${text.slice(0, clipLength)}… (cut)` : text
}

/** One line that names the stage, the place, the cause and the value. */
export const describe = (letter: DeadLetter): string => {
  const attempts = letter.attempts > 1 ? ` after ${letter.attempts} attempts` : ""
  const reason = causeText(letter.cause)
  // A source or sink that failed as such: there is no record to show.
  if (letter.payload === undefined && letter.origin === letter.stageId) {
    return `stage "${letter.stageId}" failed${attempts}: ${reason}`
  }
  const place = letter.location ?? `${letter.origin}#${letter.seqId}`
  const where = `stage "${letter.stageId}" failed on record ${place}${attempts}`
  return `${where}: ${reason} (value ${payloadText(letter.payload)})`
}
