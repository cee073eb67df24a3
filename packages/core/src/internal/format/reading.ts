// What of a line is read, for both readers: fields nobody uses are passed over where that finds the
// same ends, and a condition is asked as soon as the fields it reads are there. What stands behind
// is then looked at only in lines for which it holds.
import type { Condition } from "../../Fields.ts"
import type { FieldSpec, Format } from "../../Format.ts"
import type { Needs } from "../../Views.ts"
import { isUsed } from "../../Views.ts"
import { namesIn } from "../views/conditionCode.ts"
import type { Step } from "./sequence.ts"
import { groupOf, sequence } from "./sequence.ts"

/** The fields of a line, and what is asked behind which. */
export interface Reading {
  readonly steps: ReadonlyArray<Step>
  /** By position of a step: what must hold once it is read. */
  readonly checks: ReadonlyMap<number, Condition>
}

const isNumeral = /^[0-9a-z.+-]/i

/** Whether going on to what ends a field finds the end that reading it finds. */
const hasPlainEnd = ({
  spec,
  ending: { to }
}: {
  readonly spec: FieldSpec
  readonly ending: { readonly to: string }
}): boolean => {
  switch (spec._tag) {
    case "Text":
      return true
    case "Digits":
    case "Integer":
    case "Decimal":
      return !isNumeral.test(to)
    case "Choice":
      return Object.keys(spec.words).every((word) => endsFirst(word, to))
    case "Boolean":
      return endsFirst(spec.yes, to) && endsFirst(spec.no, to)
    case "Optional":
      return hasPlainEnd({ spec: spec.of, ending: { to } })
    default:
      return false
  }
}

const endsFirst = (word: string, to: string): boolean =>
  to === "" || (word + to).indexOf(to) === word.length

/** The fields that others refer to. */
const referredIn = (steps: ReadonlyArray<Step>): ReadonlyArray<string> =>
  steps.flatMap((step) => {
    const { spec } = step
    const group = groupOf(step)
    if (spec._tag === "Span") return [group + spec.from, group + spec.through]
    if (spec._tag === "Each") return [spec.count]
    if (spec._tag === "Integer" && spec.same !== undefined) return [group + spec.same]
    return referredIn(step.inner)
  })

const passedOver = (step: Step): Step => ({ ...step, spec: { _tag: "Skip", to: step.ending.to } })

const narrowedSteps = (
  steps: ReadonlyArray<Step>,
  isKept: (path: string) => boolean
): ReadonlyArray<Step> =>
  steps.map((step) => {
    if (step.inner.length > 0) return { ...step, inner: narrowedSteps(step.inner, isKept) }
    const { spec } = step
    if (spec._tag === "Width" && !isKept(step.path))
      return { ...step, spec: { ...spec, of: { _tag: "Skip", to: undefined } } }
    return isKept(step.path) || !hasPlainEnd(step) ? step : passedOver(step)
  })

const conjuncts = (condition: Condition): ReadonlyArray<Condition> =>
  condition._tag === "All" ? condition.conditions.flatMap(conjuncts) : [condition]

/** The part of a condition that reads only fields of these names. */
export const askable = (
  where: Condition | undefined,
  names: ReadonlyArray<string>
): Condition | undefined => {
  const conditions = (where === undefined ? [] : conjuncts(where)).filter((each) =>
    namesIn(each).every((name) => names.includes(name))
  )
  return conditions.length === 0 ? undefined : { _tag: "All", conditions }
}

const isAsked = ({ _tag }: FieldSpec): boolean =>
  _tag !== "Counted" && _tag !== "Skip" && _tag !== "Ordinal"

/** The parts of a condition, each behind the last field it reads. */
export const checksOf = (
  where: Condition | undefined,
  steps: ReadonlyArray<Step>
): ReadonlyMap<number, Condition> => {
  const checks = new Map<number, Condition>()
  // How many records such a line holds is known at its end alone.
  const isRepeated = steps.some(({ spec }) => spec._tag === "Each")
  if (where === undefined || isRepeated) return checks
  for (const condition of conjuncts(where)) {
    const places = namesIn(condition).map((name) =>
      steps.findIndex((step) => step.name === name && isAsked(step.spec))
    )
    if (places.length === 0 || places.includes(-1)) continue
    const at = Math.max(...places)
    const before = checks.get(at)
    const both = before === undefined ? [condition] : [before, condition]
    checks.set(at, both.length === 1 ? condition : { _tag: "All", conditions: both })
  }
  return checks
}

/** How a line of a format is read for some needs. */
export const readingOf = (
  { fields, separator }: Pick<Format<unknown>, "fields" | "separator">,
  needs: Needs
): Reading => {
  const all = sequence(fields, separator)
  const referred = new Set(referredIn(all))
  const steps = narrowedSteps(all, (path) => isUsed(needs, path) || referred.has(path))
  return { steps, checks: checksOf(needs.where, steps) }
}
