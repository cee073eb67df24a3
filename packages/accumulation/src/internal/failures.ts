// Failures that the machine finds itself, as plain values with a message: building one costs no
// stack trace. Each says what was wrong and what to change.
/** A failure found by an accumulator. */
export interface AccumulationFailure {
  readonly _tag:
    | "MissingKey"
    | "InvalidCount"
    | "InvalidSize"
    | "DuplicateSlot"
    | "TooManySlots"
    | "UnknownPart"
  readonly message: string
}

const failure = (_tag: AccumulationFailure["_tag"], message: string): AccumulationFailure => ({
  _tag,
  message
})

/** The key function returned nothing, or something that a Map compares by identity. */
export const missingKey = (key: unknown): AccumulationFailure =>
  failure("MissingKey", missingKeyText(key))

const missingKeyText = (key: unknown): string =>
  key === undefined || key === null
    ? `no key: the key function returned ${key}; filter such records out, or give them a key`
    : `a key must be a string or a number, the key function returned a value of type ${typeof key}`

/** The data announced an impossible number of fragments. */
export const invalidCount = (count: unknown): AccumulationFailure =>
  failure(
    "InvalidCount",
    `the count function returned ${String(count)}; return a whole number from 1 on, or undefined`
  )

/** The size function returned something that is no number of bytes. */
export const invalidSize = (size: unknown): AccumulationFailure =>
  failure("InvalidSize", `the size function returned ${String(size)}; return bytes, from 0 on`)

/** A second fragment for a slot, where that is an error. */
export const duplicateSlot = (slot: string): AccumulationFailure =>
  failure(
    "DuplicateSlot",
    `slot "${slot}" is filled already; set duplicates to "accept" or "drop" where that may happen`
  )

/** One key has more slots than the bound allows. */
export const tooManySlots = (max: number): AccumulationFailure =>
  failure("TooManySlots", `more than ${max} slots in one key; raise limits.slots if that is meant`)

/** The part function returned a name that the rule does not list. */
export const unknownPart = (part: unknown, known: ReadonlyArray<string>): AccumulationFailure =>
  failure("UnknownPart", `parts.of returned ${String(part)}; it must be one of ${known.join(", ")}`)
