// Random formats, and lines for them: some of the format, some nearly, some not at all.
import * as fc from "fast-check"
import * as Fields from "../../src/Fields.ts"
import * as Format from "../../src/Format.ts"
import { splitQuoted } from "../../src/internal/format/quoted.ts"
import { sampleLines } from "../../src/internal/format/rehearse.ts"
import type { Column, Layout } from "../../src/Views.ts"

type Any = Format.Field<unknown> | Format.Skipped

const ends = fc.option(fc.constantFrom("|", ", ", " | ", ":", "%"), { nil: undefined, freq: 3 })
const endsOf = (to: string | undefined) => (to === undefined ? {} : { to })

const simple: fc.Arbitrary<Any> = fc.oneof(
  fc
    .record({
      to: ends,
      lower: fc.boolean(),
      trimEnd: fc.boolean(),
      without: fc.constantFrom<ReadonlyArray<string>>([], ["(a)", "B"], ["x"]),
      least: fc.constantFrom(0, 0, 1, 3)
    })
    .map(({ to, ...options }) => Format.text({ ...endsOf(to), ...options })),
  fc.tuple(fc.integer({ min: 1, max: 9 }), ends).map(([n, to]) => Format.digits(n, endsOf(to))),
  fc
    .tuple(fc.constantFrom(10 as const, 16 as const), ends)
    .map(([base, to]) => Format.integer({ base, ...endsOf(to) })),
  ends.map((to) => Format.decimal(endsOf(to))),
  ends.map((to) => Format.choice({ n: "noun", v: "verb", vv: "verbs", s: "noun" }, endsOf(to))),
  ends.map((to) => Format.boolean({ yes: "y", no: "no", ...endsOf(to) })),
  ends.map((to) => Format.skip(endsOf(to)))
)

const optionally = (field: fc.Arbitrary<Any>): fc.Arbitrary<Any> =>
  fc.tuple(field, fc.integer({ min: 0, max: 5 })).map(([each, nth]) => {
    if ("skipped" in each || nth > 1) return each
    return nth === 0 ? Format.optional(each) : Format.omittable(each)
  })

const named = (fields: ReadonlyArray<Any>, prefix: string): Format.Fields =>
  Object.fromEntries(fields.map((field, i) => [`${prefix}${i}`, field]))

const group: fc.Arbitrary<Any> = fc
  .tuple(
    fc.array(simple, { minLength: 1, maxLength: 3 }),
    fc.constantFrom(10 as const, 16 as const),
    fc.boolean()
  )
  .map(([fields, base, kept]) =>
    kept
      ? Format.counted(named(fields, "e"), { base })
      : Format.skipCounted(named(fields, "e"), { base })
  )

const withSpan = (fields: Record<string, Any>): Record<string, Any> => {
  const texts = Object.entries(fields).filter(
    ([, { spec }]) =>
      spec._tag !== "Counted" && spec._tag !== "Optional" && !(spec._tag === "Text" && spec.lower)
  )
  const plain = texts.every(([, { spec }]) => spec._tag !== "Text" || spec.without.length === 0)
  if (texts.length < Object.keys(fields).length || texts.length === 0 || !plain) return fields
  return { ...fields, span: Format.span(texts[0]![0], texts.at(-1)![0]) }
}

const fanned = (fields: Record<string, Any>, width: number): Record<string, Any> => ({
  ...fields,
  count: Format.integer(),
  again: Format.integer({ same: "count" }),
  each: Format.each("count", width),
  rank: Format.ordinal()
})

const field: fc.Arbitrary<Any> = fc.oneof(
  fc
    .record({ lower: fc.boolean(), trimEnd: fc.boolean(), least: fc.constantFrom(0, 2) })
    .map((options) => Format.text(options)),
  fc.constantFrom<Any>(
    Format.digits(2),
    Format.integer(),
    Format.integer({ base: 16 }),
    Format.decimal(),
    Format.choice({ n: "noun", v: "verb" }),
    Format.boolean(),
    Format.skip()
  )
)

const rows: fc.Arbitrary<Format.Format<unknown>> = fc
  .tuple(fc.array(optionally(field), { minLength: 1, maxLength: 4 }), fc.constantFrom(",", ";"))
  .map(([fields, separator]) =>
    Format.csv(named([Format.text(), ...fields], "f"), { separator, header: false })
  )

const lined: fc.Arbitrary<Format.Format<unknown>> = fc
  .record({
    fields: fc.array(
      fc.oneof({ arbitrary: optionally(simple), weight: 5 }, { arbitrary: group, weight: 1 }),
      { minLength: 1, maxLength: 5 }
    ),
    fan: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 3 }),
    separator: fc.constantFrom(" ", "\t", ";", "--"),
    kind: fc.constantFrom(undefined, "Row"),
    ignore: fc.constantFrom(undefined, "#"),
    trimEnd: fc.boolean()
  })
  .map(({ fields, fan, separator, kind, ignore, trimEnd }) => {
    const plain = { last: Format.text(), ...named(fields, "f") }
    const all = fan === undefined ? withSpan(plain) : fanned(plain, fan)
    return Format.delimited(all as Format.Fields, {
      separator,
      trimEnd,
      ...(kind === undefined ? {} : { kind }),
      ...(ignore === undefined ? {} : { ignore })
    }) as Format.Format<unknown>
  })

const wide: fc.Arbitrary<Any> = fc
  .tuple(
    fc.integer({ min: 1, max: 9 }),
    optionally(
      fc.constantFrom<Any>(
        Format.text(),
        Format.text({ trimEnd: true, lower: true }),
        Format.text({ without: ["b"], least: 1 }),
        Format.digits(3),
        Format.integer(),
        Format.integer({ base: 16 }),
        Format.decimal(),
        Format.choice({ n: "noun", v: "verb" }),
        Format.boolean({ yes: "y", no: "no" }),
        Format.skip()
      )
    )
  )
  .map(([bytes, field]) => Format.width(bytes, field))

const columns: fc.Arbitrary<Format.Format<unknown>> = fc
  .tuple(fc.array(wide, { minLength: 1, maxLength: 5 }), fc.constantFrom(undefined, "#"))
  .map(([fields, ignore]) =>
    Format.fixed(
      named([Format.width(3, Format.text()), ...fields], "f"),
      ignore === undefined ? {} : { ignore }
    )
  )

const member: fc.Arbitrary<Any> = fc.constantFrom<Any>(
  Format.text(),
  Format.integer(),
  Format.decimal(),
  Format.choice({ n: "noun", v: "verb" }),
  Format.boolean()
)

const placed = (fields: ReadonlyArray<Any>, places: ReadonlyArray<number>): Format.Fields => {
  const prefixes = [[], [], ["in"], ["in", "deep"], ["out"]]
  return Object.fromEntries(
    fields.map((field, i) => {
      const prefix = prefixes[places[i] as number] as ReadonlyArray<string>
      const at = Format.at([...prefix, `m${i}`], field as Format.Field<unknown>)
      return [`f${i}`, prefix.length === 0 ? field : at]
    })
  )
}

const objects: fc.Arbitrary<Format.Format<unknown>> = fc
  .tuple(
    fc.array(optionally(member), { minLength: 1, maxLength: 5 }),
    fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 5, maxLength: 5 }),
    fc.constantFrom(undefined, "Row")
  )
  .map(([fields, places, kind]) =>
    Format.ndjson(placed(fields, places), kind === undefined ? {} : { kind })
  )

/** Formats of every kind of field, alone and together. */
export const formats = fc.oneof(
  { arbitrary: lined, weight: 3 },
  { arbitrary: rows, weight: 1 },
  { arbitrary: columns, weight: 1 },
  { arbitrary: objects, weight: 1 }
)

const junk = fc.string({
  unit: fc.constantFrom(...' ""{}[]\\\\ ;\t-:|,%#0123456789abcXYZ().eE+é€😀\r'.split(/(?:)/u)),
  maxLength: 24
})

type Edit = readonly [at: number, cut: number, put: string]

const edited = (line: string, edits: ReadonlyArray<Edit>): string =>
  edits.reduce((text, [at, cut, put]) => {
    const from = Math.floor(at * (text.length + 1))
    return text.slice(0, from) + put + text.slice(from + cut)
  }, line)

const edit: fc.Arbitrary<Edit> = fc.tuple(
  fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  fc.integer({ min: 0, max: 3 }),
  fc.oneof(fc.constant(""), junk)
)

/** Text of lines for a format, with no line break inside a surrogate pair. */
export const linesFor = (format: Format.Format<unknown>): fc.Arbitrary<ReadonlyArray<string>> => {
  const samples = sampleLines(format)
    .split("\n")
    .slice(0, -1)
    .map((line) => line.replace("\r", ""))
  const line = fc.oneof(
    { arbitrary: fc.constantFrom(...samples), weight: 6 },
    {
      arbitrary: fc
        .tuple(fc.constantFrom(...samples), fc.array(edit, { minLength: 1, maxLength: 3 }))
        .map(([sample, edits]) => edited(sample, edits)),
      weight: 4
    },
    { arbitrary: junk, weight: 1 }
  )
  return fc.array(line, { minLength: 1, maxLength: 12 }).map((list) => {
    // Half a surrogate pair is no text that bytes could hold.
    const lines = list.map((each) => each.toWellFormed().replaceAll("\r", ""))
    if (!format.quotes) return lines
    // A quote that is not closed would take in the lines behind it.
    const open = lines.findIndex((each) => splitQuoted(each, format.separator) === undefined)
    return open < 0 ? lines : lines.slice(0, open + 1)
  })
}

const comparisons = fc.constantFrom("<" as const, "<=" as const, ">" as const, "!=" as const)

const conditionOn = (column: Column): fc.Arbitrary<Fields.Condition> => {
  const { name } = column
  switch (column._tag) {
    case "Number":
      return fc
        .tuple(comparisons, fc.constantFrom(0, 1.5, 7, 1_000))
        .map(([operator, value]) => Fields.compare(name, operator, value))
    case "Boolean":
      return fc.constant(Fields.isTrue(name))
    default:
      return fc
        .tuple(fc.boolean(), fc.constantFrom("", "a", "x", "00", "noun", "ver", "é"))
        .map(([whole, text]) => (whole ? Fields.equals : Fields.startsWith)(name, text))
  }
}

/** Conditions over the fields of a layout. */
export const conditionsFor = (layout: Layout): fc.Arbitrary<Fields.Condition> => {
  const names = layout.columns.filter(({ _tag }) => _tag !== "Group")
  const one =
    names.length === 0
      ? fc.constant(Fields.equals("none", "x"))
      : fc.oneof(...names.map(conditionOn), fc.constant(Fields.equals("none", "x")))
  const { condition } = fc.letrec<{ condition: Fields.Condition }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 2 },
      one,
      fc.array(tie("condition"), { maxLength: 3 }).map((list) => Fields.all(...list)),
      fc.array(tie("condition"), { maxLength: 3 }).map((list) => Fields.any(...list)),
      tie("condition").map(Fields.not)
    )
  }))
  return condition
}
