// A format as a sequence of steps for its two readers: which field comes next, what ends it, what a
// fault there is called. The order of a line is decided here, once.
import type { FieldSpec, FieldSpecs } from "../../Format.ts"

/** What ends a field. */
export interface Ending {
  /** The text that follows; "" for the last field, which ends with the line. */
  readonly to: string
  /** The line may end here instead. */
  readonly orEnd: boolean
}

/** One field in its place. */
export interface Step {
  readonly name: string
  /** The name in faults and needs: `group.field` for fields of elements. */
  readonly path: string
  readonly spec: FieldSpec
  readonly ending: Ending
  /** What a fault says should stand here. */
  readonly expected: string
  /** The fields of an element of a group. */
  readonly inner: ReadonlyArray<Step>
  /** Tells the variables of the field inside an optional one from those of the latter. */
  readonly isInner?: boolean
}

/** The field inside an optional one. */
export const innerOf = (step: Step, spec: FieldSpec): Step => ({ ...step, spec, isInner: true })

/** The path of the fields beside a field, up to their names. */
export const groupOf = (step: Step): string =>
  step.path.slice(0, step.path.length - step.name.length)

/** Fields that take up room in the line. */
const isPlaced = (spec: FieldSpec): boolean => !["Span", "Ordinal", "Nothing"].includes(spec._tag)

const wordsOf = (words: ReadonlyArray<string>): string => `one of ${words.join(" ")}`

const atEnd = " up to the end of the line"

/** What ends the last field. */
export const endOfLine: Ending = { to: "", orEnd: false }

const followed = (what: string, { to, orEnd }: Ending): string => {
  if (to === "") return what + atEnd
  return `${what} followed by ${JSON.stringify(to)}${orEnd ? " or the end of the line" : ""}`
}

const expectedOf = (spec: FieldSpec, ending: Ending): string => {
  switch (spec._tag) {
    case "Text":
      return followed(spec.least === 0 ? "text" : `text of ${spec.least} bytes or more`, ending)
    case "Digits":
      return followed(`${spec.width} digits`, ending)
    case "Integer":
      return followed(`a whole number in base ${spec.base}`, ending)
    case "Counted":
      return followed(`a count in base ${spec.base}`, ending)
    case "Decimal":
      return followed("a number", ending)
    case "Choice":
      return followed(wordsOf(Object.keys(spec.words)), ending)
    case "Boolean":
      return followed(wordsOf([spec.yes, spec.no]), ending)
    case "Optional":
      return `nothing, or ${expectedOf(spec.of, ending)}`
    case "Width":
      return `${expectedOf(spec.of, endOfLine).replaceAll(atEnd, "")} in ${spec.bytes} bytes`
    case "Each":
      return `as many times ${spec.width} digits as "${spec.count}" says`
    default:
      return followed("text", ending)
  }
}

const stepsOf = (
  specs: FieldSpecs,
  separator: string,
  prefix: string,
  lastEnds: "line" | "line or separator" | "separator"
): ReadonlyArray<Step> => {
  const names = Object.keys(specs)
  const placed = names.filter((name) => isPlaced(specs[name] as FieldSpec))
  return names.map((name): Step => {
    const spec = specs[name] as FieldSpec
    const nth = placed.indexOf(name)
    const isLast = nth === placed.length - 1
    const follower = specs[placed[nth + 1] ?? ""]
    const counted = spec._tag === "Counted"
    const to = "to" in spec && spec.to !== undefined ? spec.to : separator
    const ending: Ending =
      isLast && lastEnds === "line" && !counted
        ? { to: "", orEnd: false }
        : {
            to,
            orEnd: (isLast && lastEnds !== "separator") || follower?._tag === "Each"
          }
    const path = prefix + name
    const inner = counted
      ? stepsOf(
          spec.fields,
          separator,
          `${path}.`,
          isLast && lastEnds === "line" ? "line or separator" : "separator"
        )
      : []
    return { name, path, spec, ending, expected: expectedOf(spec, ending), inner }
  })
}

/** The fields of a line in order. */
export const sequence = (specs: FieldSpecs, separator: string): ReadonlyArray<Step> =>
  stepsOf(specs, separator, "", "line")

/** What a fault says of a number that should repeat another. */
export const sameAs = (name: string): string => `the same number as "${name}"`

/** Most digits a whole number may have: all such numbers are exact. */
export const digitsMax = { 10: 15, 16: 12 } as const
