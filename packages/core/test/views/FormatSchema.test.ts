// Formats from schemas: the same fields as declared by hand, and a refusal of what no parser could
// check.
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import * as Format from "../../src/Format.ts"
import * as FormatParser from "../../src/FormatParser.ts"
import * as FormatSchema from "../../src/FormatSchema.ts"

const Sale = Schema.Struct({
  id: Schema.Int,
  city: Schema.String,
  channel: Schema.Literals(["shop", "web"]),
  amount: Schema.Finite,
  isPaid: Schema.Boolean,
  currency: Schema.Literal("EUR")
})

it("has the fields of the struct, in its order", () => {
  const sales = Format.csv(FormatSchema.fields(Sale))
  const byHand = Format.csv({
    id: Format.integer(),
    city: Format.text(),
    channel: Format.choice({ shop: "shop", web: "web" }),
    amount: Format.decimal(),
    isPaid: Format.boolean(),
    currency: Format.choice({ EUR: "EUR" })
  })
  expect(sales).toEqual(byHand)
})

it("reads what may be null as absent", () => {
  const Person = Schema.Struct({
    name: Schema.String,
    age: Schema.NullOr(Schema.Int),
    kind: Schema.NullOr(Schema.Literals(["a", "b"]))
  })
  const decode = Format.decoder(Format.csv(FormatSchema.fields(Person)))
  const records = ["Ann,7,b", "Bob,,"].flatMap((line) => {
    const decoded = decode(line)
    return decoded._tag === "Records" ? decoded.records : []
  })
  expect(records).toEqual([
    { name: "Ann", age: 7, kind: "b" },
    { name: "Bob", age: null, kind: null }
  ])
  expect(records.every(Schema.is(Person))).toBe(true)
})

it("reads records of the schema's type", () => {
  const decoded = Format.decoder(Format.csv(FormatSchema.fields(Sale)))("7,Bonn,web,1.5,true,EUR")
  if (decoded._tag === "Fault") throw new Error(JSON.stringify(decoded.fault))
  const record: typeof Sale.Type | undefined = decoded.records[0]
  expect(record).toEqual({
    id: 7,
    city: "Bonn",
    channel: "web",
    amount: 1.5,
    isPaid: true,
    currency: "EUR"
  })
  expect(Schema.is(Sale)(record)).toBe(true)
})

const Buyer = Schema.Struct({
  id: Schema.Int,
  age: Schema.optional(Schema.Int),
  home: Schema.Struct({ city: Schema.String, isMain: Schema.NullOr(Schema.Boolean) })
})
const Order = Schema.Struct({
  item: Schema.String,
  tag: Schema.optional(Schema.Literals(["new", "used"])),
  buyer: Buyer
})

it("reads what a schema calls optional as undefined where it is missing", () => {
  const Person = Schema.Struct({
    name: Schema.String,
    age: Schema.optional(Schema.Int),
    nick: Schema.UndefinedOr(Schema.String)
  })
  const fields = FormatSchema.fields(Person)
  const csv = Format.decoder(Format.csv(fields))
  const json = Format.decoder(Format.ndjson(fields))
  const missing = [{ name: "Bob", age: undefined, nick: undefined }]
  expect(csv("Bob,,")).toStrictEqual({ _tag: "Records", records: missing })
  expect(json('{"name":"Bob"}')).toStrictEqual({ _tag: "Records", records: missing })
  expect(missing.every(Schema.is(Person))).toBe(true)
  // The schema takes no null, nor does the format.
  const expected = "no member, or a whole number"
  const fault = { field: "age", expected, at: 0 }
  expect(json('{"name":"Bob","age":null}')).toEqual({ _tag: "Fault", fault })
})

it("finds what structs inside hold under its path", () => {
  const decoded = Format.decoder(Format.ndjson(FormatSchema.fields(Order)))(
    '{"item":"pen","buyer":{"home":{"isMain":null,"city":"Ulm","zip":1},"id":7}}'
  )
  if (decoded._tag === "Fault") throw new Error(JSON.stringify(decoded.fault))
  expect(decoded.records).toStrictEqual([
    {
      item: "pen",
      tag: undefined,
      "buyer.id": 7,
      "buyer.age": undefined,
      "buyer.home.city": "Ulm",
      "buyer.home.isMain": null
    }
  ])
  const city: string | undefined = decoded.records[0]?.["buyer.home.city"]
  expect(city).toBe("Ulm")
})

it("law: takes the records that the schema takes, flat, and refuses the others", () => {
  const format = Format.ndjson(FormatSchema.fields(Order))
  const decode = Format.decoder(format)
  const is = Schema.is(Order)
  const flat = (value: object, path = ""): ReadonlyArray<readonly [string, unknown]> =>
    Object.entries(value).flatMap(([name, each]) =>
      typeof each === "object" && each !== null
        ? flat(each, `${path}${name}.`)
        : [[`${path}${name}`, each] as const]
    )
  const odd = fc.constantFrom<unknown>(null, "x", 1.5, true, {})
  const or = <A>(arbitrary: fc.Arbitrary<A>) =>
    fc.oneof(
      { arbitrary: arbitrary as fc.Arbitrary<unknown>, weight: 12 },
      { arbitrary: odd, weight: 1 }
    )
  const order = fc.record(
    {
      item: or(fc.string()),
      tag: or(fc.constantFrom("new", "used")),
      buyer: or(
        fc.record(
          {
            id: or(fc.integer()),
            age: or(fc.integer()),
            home: or(
              fc.record({ city: or(fc.string()), isMain: or(fc.constantFrom(true, false, null)) })
            )
          },
          { requiredKeys: ["id", "home"] }
        )
      )
    },
    { requiredKeys: ["item", "buyer"] }
  )
  const seen = { taken: 0, refused: 0 }
  fc.assert(
    fc.property(order, (value) => {
      const line = JSON.stringify(value)
      const decoded = decode(line)
      const parsed = FormatParser.parse(format, Buffer.from(line))
      expect(decoded._tag === "Records").toBe(is(value))
      if (decoded._tag === "Fault" || parsed._tag === "Fault") {
        seen.refused++
        expect(parsed).toEqual({ _tag: "Fault", line: 0, fault: { at: 0, ...parsedFault(parsed) } })
        expect(decoded).toMatchObject({ fault: parsedFault(parsed) })
        return
      }
      seen.taken++
      expect(decoded.records).toEqual([Object.fromEntries(flat(value))])
      expect(parsed.block.toObjects()).toStrictEqual(decoded.records)
    }),
    { numRuns: 500 }
  )
  expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(20)
})

const parsedFault = (parsed: FormatParser.Parsed): Pick<Format.Fault, "field" | "expected"> => {
  if (parsed._tag === "Block") throw new Error("the parser took what the format refuses")
  const { field, expected } = parsed.fault
  return { field, expected }
}

it.each([
  ["is decoded from something else", Schema.Struct({ a: Schema.FiniteFromString })],
  [
    "is a union of other",
    Schema.Struct({ a: Schema.NullOr(Schema.Union([Schema.Int, Schema.String])) })
  ],
  ["Cure: declare it as optional", Schema.Struct({ a: Schema.optionalKey(Schema.String) })],
  [
    "choose one of NullOr and optional",
    Schema.Struct({ a: Schema.optional(Schema.NullOr(Schema.String)) })
  ],
  [
    "make its fields optional instead",
    Schema.Struct({ a: Schema.optional(Schema.Struct({ b: Schema.String })) })
  ],
  ["has a dot in its name", Schema.Struct({ "a.b": Schema.String })],
  ['"a" is no plain struct', Schema.Struct({ a: Schema.Record(Schema.String, Schema.Int) })],
  [
    '"a.b" is decoded from something else',
    Schema.Struct({ a: Schema.Struct({ b: Schema.FiniteFromString }) })
  ],
  ["is a arrays", Schema.Struct({ a: Schema.Array(Schema.String) })],
  ["has a check", Schema.Struct({ a: Schema.String.check(Schema.isMinLength(3)) })],
  ["is no plain struct", Schema.String]
])("refuses what a line cannot hold: %s", (reason, schema) => {
  expect(() => FormatSchema.fields(schema)).toThrow(reason)
})

it("refuses a struct inside where lines hold no objects", () => {
  expect(() => Format.csv(FormatSchema.fields(Order))).toThrow("is a member of an object")
})
