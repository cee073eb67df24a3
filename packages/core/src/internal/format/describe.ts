// The layout of the records a format makes, and the ways a format can be wrong. It reads nothing.
import type { FieldSpec, FieldSpecs } from "../../Format.ts"
import type { Column, Layout } from "../../Views.ts"

const choicesMax = 250
const separatorMax = 8

const refuse = (field: string, reason: string, cure: string): never => {
  throw new TypeError(`format: field "${field}" ${reason}. Cure: ${cure}`)
}

/** The field itself, wherever it stands and whether or not it may be absent. */
export const bare = (spec: FieldSpec): FieldSpec =>
  spec._tag === "Optional" || spec._tag === "At" || spec._tag === "Width" ? bare(spec.of) : spec

/** Whether a field may be absent. */
export const isOptional = (spec: FieldSpec): boolean =>
  spec._tag === "Optional" ||
  spec._tag === "Nothing" ||
  ((spec._tag === "At" || spec._tag === "Width") && isOptional(spec.of))

/** Whether a field that is absent is undefined, and cannot be null. */
export const isOmittable = (spec: FieldSpec): boolean =>
  spec._tag === "Optional"
    ? spec.omitted
    : (spec._tag === "At" || spec._tag === "Width") && isOmittable(spec.of)

const columnOf = (name: string, spec: FieldSpec): Column => {
  switch (spec._tag) {
    case "Optional":
      return {
        ...columnOf(name, spec.of),
        nullable: true,
        ...(spec.omitted ? { omitted: true } : {})
      } as Column
    case "At":
    case "Width":
      return columnOf(name, spec.of)
    case "Integer":
    case "Decimal":
    case "Ordinal":
      return { _tag: "Number", name }
    case "Boolean":
      return { _tag: "Boolean", name }
    case "Choice":
      return { _tag: "Choice", name, values: choiceValues(spec.words) }
    case "Counted":
      return {
        _tag: "Group",
        name,
        columns: Object.entries(spec.fields)
          .filter(([, each]) => each._tag !== "Skip")
          .map(([each, inner]) => columnOf(each, inner))
      }
    default:
      return { _tag: "Text", name }
  }
}

/** The values of a choice in the order of their codes. */
export const choiceValues = (words: Readonly<Record<string, string>>): ReadonlyArray<string> => [
  ...new Set(Object.values(words))
]

const isAscii = (text: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a tab is an ordinary separator
  /^[\x01-\x7f]+$/.test(text) && !/[\r\n]/.test(text)

const checkEnd = (name: string, spec: FieldSpec): void => {
  if (!("to" in spec) || spec.to === undefined) return
  if (spec.to === "" || spec.to.length > separatorMax || !isAscii(spec.to)) {
    refuse(name, `ends at ${JSON.stringify(spec.to)}`, "give 1 to 8 ASCII characters")
  }
}

const before = (
  name: string,
  other: string,
  known: ReadonlyArray<string>,
  specs: FieldSpecs
): void => {
  if (!known.includes(other))
    refuse(name, `refers to "${other}"`, "name a field that stands before it")
  if (isOptional(specs[other] as FieldSpec))
    refuse(name, `refers to "${other}", which may be absent`, "name one that never is")
}

const values: ReadonlyArray<FieldSpec["_tag"]> = [
  "Text",
  "Digits",
  "Integer",
  "Decimal",
  "Choice",
  "Boolean"
]

const checkOptional = (name: string, spec: FieldSpec, nested: boolean): void => {
  const inner = bare(spec)
  if (nested) refuse(name, "may be absent inside a group", "take it out")
  const isValue =
    values.includes(inner._tag) && !(inner._tag === "Integer" && inner.same !== undefined)
  if (!isValue)
    refuse(name, `is a ${inner._tag.toLowerCase()} that may be absent`, "make it a value")
}

/** Refuses a field that is looked for by a path where there are no members. */
export const checkLines = (specs: FieldSpecs): void => {
  for (const [name, { _tag }] of Object.entries(specs))
    if (_tag === "At") refuse(name, "is a member of an object", "declare it in Format.ndjson")
    else if (_tag === "Width") refuse(name, "has a width", "declare it in Format.fixed")
}

/** Refuses fields without a width; the last one is told so. */
export const checkFixed = (specs: FieldSpecs): FieldSpecs => {
  const names = Object.keys(specs)
  const entries = Object.entries(specs).map(([name, spec], i): [string, FieldSpec] => {
    const inner = bare(spec)
    if (spec._tag !== "Width") return refuse(name, "has no width", "declare it by Format.width")
    if (!Number.isInteger(spec.bytes) || spec.bytes < 1)
      refuse(name, `has a width of ${spec.bytes}`, "give a whole number of bytes")
    const isValue = values.includes(inner._tag) || (inner._tag === "Skip" && !isOptional(spec))
    const isBare = !("to" in inner && inner.to !== undefined) && !("same" in inner && inner.same)
    if (!isValue || !isBare || "bytes" in spec.of)
      refuse(name, "has an end of its own, or is no value", "declare a field of one value")
    return [name, { ...spec, isLast: i === names.length - 1 }]
  })
  return Object.fromEntries(entries)
}

const check = (specs: FieldSpecs, nested: boolean): void => {
  const names = Object.keys(specs)
  if (names.length === 0) refuse("(none)", "is all there is", "declare a field")
  names.forEach((name, i) => {
    const spec = specs[name] as FieldSpec
    const known = names.slice(0, i)
    checkEnd(name, spec)
    if (name === "__proto__") refuse(name, "is no name an object can have", "rename it")
    if (/^\d/.test(name)) refuse(name, "begins with a digit, which changes the order", "rename it")
    if (spec._tag === "Span") {
      before(name, spec.from, known, specs)
      before(name, spec.through, known, specs)
      const covered = names.slice(names.indexOf(spec.from), names.indexOf(spec.through) + 1)
      for (const each of covered) {
        const inner = specs[each] as FieldSpec
        if (isOptional(inner)) refuse(name, `covers "${each}", which may be absent`, "leave it out")
        if (inner._tag === "Counted") refuse(name, `covers the group "${each}"`, "leave it out")
        if (inner._tag === "Text" && (inner.lower || inner.without.length > 0))
          refuse(each, `is changed and also part of "${name}"`, "leave it as it is")
      }
    }
    if (spec._tag === "Integer" && spec.same !== undefined) before(name, spec.same, known, specs)
    if (spec._tag === "Each") before(name, spec.count, known, specs)
    if (isOptional(spec)) checkOptional(name, spec, nested)
    const inner = bare(spec)
    if (inner._tag === "Choice") {
      const words = Object.keys(inner.words)
      if (words.length === 0 || choiceValues(inner.words).length > choicesMax)
        refuse(name, `has ${words.length} words`, `give 1 to ${choicesMax}`)
    }
    if (spec._tag === "Counted" || spec._tag === "Each" || spec._tag === "Ordinal") {
      if (nested) refuse(name, `is a ${spec._tag.toLowerCase()} inside a group`, "take it out")
    }
    if (spec._tag === "Counted") check(spec.fields, true)
  })
  const repeated = names.filter((name) => specs[name]?._tag === "Each")
  if (repeated.length > 1) refuse(repeated[1] as string, "is a second each", "keep one")
}

/** Refuses fields that cannot stand in a row of CSV. */
export const checkPlain = (specs: FieldSpecs, separator: string): void => {
  if (separator.length !== 1 || !isAscii(separator) || separator === '"')
    refuse("(all)", `are separated by ${JSON.stringify(separator)}`, "give one ASCII character")
  for (const [name, spec] of Object.entries(specs)) {
    const isPlain = values.includes(bare(spec)._tag) || spec._tag === "Skip"
    if (!isPlain || ("to" in spec && spec.to !== undefined))
      refuse(name, `is a ${spec._tag.toLowerCase()} of its own`, "declare a field of one value")
  }
}

const jsonFieldsMax = 30

/** The members that lead to a field. */
export const pathOf = (name: string, spec: FieldSpec): ReadonlyArray<string> =>
  spec._tag === "At" ? spec.path : [name]

/** Refuses fields that mean nothing in an object. */
export const checkJson = (specs: FieldSpecs): void => {
  const entries = Object.entries(specs)
  if (entries.length > jsonFieldsMax)
    refuse("(all)", `are ${entries.length} fields`, `declare at most ${jsonFieldsMax}`)
  const paths = entries.map(([name, spec]) => pathOf(name, spec))
  const objects = new Set(
    paths.flatMap((path) => path.slice(1).map((_, i) => JSON.stringify(path.slice(0, i + 1))))
  )
  if (objects.size > jsonFieldsMax)
    refuse("(all)", `lie in ${objects.size} objects`, `declare at most ${jsonFieldsMax}`)
  for (const [name, outer] of entries) {
    const spec = bare(outer)
    const path = pathOf(name, outer)
    const isBare =
      spec._tag === "Text"
        ? !spec.lower && !spec.trimEnd && spec.without.length === 0 && spec.least === 0
        : spec._tag === "Integer"
          ? spec.base === 10 && spec.same === undefined
          : spec._tag !== "Digits" && values.includes(spec._tag)
    const isNamed = path.length > 0 && path.every((each) => !/["\\\p{Cc}]/u.test(each))
    if (!isBare || !isNamed || outer._tag === "Width" || ("to" in spec && spec.to !== undefined))
      refuse(name, "has options, or a name, that no member of an object has", "leave them out")
    const within = paths.filter((other) => path.every((each, i) => other[i] === each))
    if (within.length > 1)
      refuse(name, `stands at ${path.join(".")}, as another field does`, "read it once")
  }
}

/** The layout of a format's records. Throws for a format that cannot work. */
export const describe = (
  specs: FieldSpecs,
  skipped: ReadonlySet<string>,
  kind: string | undefined
): Layout => {
  check(specs, false)
  return {
    kind,
    columns: Object.entries(specs)
      .filter(([name]) => !skipped.has(name))
      .map(([name, spec]) => columnOf(name, spec))
  }
}
