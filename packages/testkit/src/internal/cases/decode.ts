// Reads cases from untyped data (YAML, JSON, a module's export); every mistake is told with its
// place, all at once.
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { TestCase } from "../../TestCase.ts"

/** The cases, or everything wrong with them. */
export type Decoded =
  | { readonly _tag: "Cases"; readonly cases: ReadonlyArray<TestCase> }
  | { readonly _tag: "Problems"; readonly problems: ReadonlyArray<string> }

type Fields = Readonly<Record<string, unknown>>
type Problems = Array<string>

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Adds a problem for each field nobody reads: a misspelt expectation would always hold. */
const onlyFields = (
  place: string,
  value: unknown,
  known: ReadonlyArray<string>,
  problems: Problems
): Fields => {
  if (!isFields(value)) {
    problems.push(`${place}: fields ${known.join(", ")} are expected`)
    return {}
  }
  for (const name of Object.keys(value)) {
    if (!known.includes(name))
      problems.push(`${place}: no field "${name}", only ${known.join(", ")}`)
  }
  return value
}

const isDuration = (text: unknown): boolean =>
  typeof text === "string" && Option.isSome(Duration.fromInput(text as "1 second"))

const stepNames = ["item", "items", "wait", "fail"]

const checkStep = (place: string, step: unknown, problems: Problems): void => {
  const fields = onlyFields(place, step, stepNames, problems)
  if (isFields(step) && Object.keys(step).length !== 1)
    problems.push(`${place}: one of ${stepNames.join(", ")} is expected`)
  if ("items" in fields && !Array.isArray(fields["items"]))
    problems.push(`${place}.items: a list is expected`)
  if ("wait" in fields && !isDuration(fields["wait"]))
    problems.push(`${place}.wait: a time such as "5 seconds" is expected`)
  if ("fail" in fields && typeof fields["fail"] !== "string")
    problems.push(`${place}.fail: a text is expected`)
}

const each = (
  place: string,
  value: unknown,
  check: (place: string, value: unknown) => boolean,
  expected: string,
  problems: Problems
): void => {
  if (value === undefined) return
  if (!isFields(value)) return void problems.push(`${place}: names with ${expected} are expected`)
  for (const [name, one] of Object.entries(value)) {
    if (!check(`${place}.${name}`, one)) problems.push(`${place}.${name}: ${expected} is expected`)
  }
}

const isCounters = (_place: string, value: unknown): boolean =>
  isFields(value) && Object.values(value).every((count) => typeof count === "number")

const isSink = (_place: string, value: unknown): boolean =>
  Array.isArray(value) ||
  (isFields(value) && Object.keys(value).join() === "anyOrder" && Array.isArray(value["anyOrder"]))

const isHeaders = (_place: string, value: unknown): boolean =>
  Array.isArray(value) &&
  value.every(
    (one) => isFields(one) && Object.values(one).every((text) => typeof text === "string")
  )

const checkExpect = (place: string, value: unknown, problems: Problems): void => {
  const known = ["status", "sinks", "headers", "stages", "drops"]
  const wanted = onlyFields(place, value, known, problems)
  const statuses = ["completed", "stopped", "aborted", "failed"]
  if (wanted["status"] !== undefined && !statuses.includes(String(wanted["status"])))
    problems.push(`${place}.status: one of ${statuses.join(", ")} is expected`)
  each(`${place}.sinks`, wanted["sinks"], isSink, "a list, or anyOrder with a list,", problems)
  each(`${place}.headers`, wanted["headers"], isHeaders, "a list of headers", problems)
  each(`${place}.stages`, wanted["stages"], isCounters, "counters", problems)
  each(`${place}.drops`, wanted["drops"], isCounters, "counters", problems)
  if (isFields(value) && Object.keys(value).length === 0)
    problems.push(`${place}: a case that expects nothing cannot fail`)
}

const checkWhen = (place: string, value: unknown, problems: Problems): void => {
  if (value === undefined) return
  const when = onlyFields(place, value, ["seed", "batchSize", "stopAfter"], problems)
  if (
    "batchSize" in when &&
    !(Number.isInteger(when["batchSize"]) && Number(when["batchSize"]) > 0)
  )
    problems.push(`${place}.batchSize: a whole number from 1 is expected`)
  if ("stopAfter" in when && !isDuration(when["stopAfter"]))
    problems.push(`${place}.stopAfter: a time such as "5 seconds" is expected`)
}

const checkCase = (place: string, value: unknown, problems: Problems): void => {
  const one = onlyFields(place, value, ["name", "given", "when", "expect"], problems)
  if (typeof one["name"] !== "string" || one["name"] === "")
    problems.push(`${place}.name: a text is expected`)
  const isScript = (at: string, steps: unknown): boolean => {
    if (!Array.isArray(steps)) return false
    for (const [n, step] of steps.entries()) checkStep(`${at}[${n}]`, step, problems)
    return true
  }
  if (!isFields(one["given"])) problems.push(`${place}.given: sources with steps are expected`)
  else each(`${place}.given`, one["given"], isScript, "a list of steps", problems)
  checkWhen(`${place}.when`, one["when"], problems)
  checkExpect(`${place}.expect`, one["expect"], problems)
}

/**
 * Reads cases from a list, or from an object whose field `cases` is one.
 *
 * Errors: none is thrown; every problem is a line with its place, e.g. `cases[0].expect.sink: …`.
 */
export const decode = (value: unknown): Decoded => {
  const list = isFields(value) ? value["cases"] : value
  if (!Array.isArray(list) || list.length === 0)
    return { _tag: "Problems", problems: ["cases: a list of at least one case is expected"] }
  const problems: Problems = []
  for (const [n, one] of list.entries()) checkCase(`cases[${n}]`, one, problems)
  return problems.length > 0
    ? { _tag: "Problems", problems }
    : { _tag: "Cases", cases: list as ReadonlyArray<TestCase> }
}
