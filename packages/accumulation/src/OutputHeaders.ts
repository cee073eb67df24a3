// Reads the headers that an accumulator writes on its outputs.
// Names are those of the specification (§23); it adds nothing to what the headers say.
import type * as Envelope from "@sluice/core/Envelope"
import { headerNames, listOf } from "./internal/headers.ts"

/** `acc.completeness`, `acc.missingVars`, `acc.reason`, `acc.key`. */
export const names: {
  readonly completeness: "acc.completeness"
  readonly missing: "acc.missingVars"
  readonly reason: "acc.reason"
  readonly key: "acc.key"
} = headerNames

/** What stands in the headers of an accumulated record. */
export interface Accumulated {
  readonly completeness: number
  /** Empty when complete. */
  readonly missing: ReadonlyArray<string>
  readonly reason: string
  /** On partials only. */
  readonly key: string | undefined
}

/** Reads them, or undefined when no accumulator wrote any. */
export const read = (headers: Envelope.Headers): Accumulated | undefined => {
  const completeness = headers[headerNames.completeness]
  if (completeness === undefined) return undefined
  return {
    completeness: Number(completeness),
    missing: listOf(headers[headerNames.missing]),
    reason: headers[headerNames.reason] ?? "",
    key: headers[headerNames.key]
  }
}
