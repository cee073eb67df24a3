// Formats from schemas: the same fields as declared by hand, and a refusal of what no parser could
// check.
import * as Schema from "effect/Schema"
import { expect, it } from "vitest"
import * as Format from "../../src/Format.ts"
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

it.each([
  ["is decoded from something else", Schema.Struct({ a: Schema.FiniteFromString })],
  [
    "is a union of other",
    Schema.Struct({ a: Schema.NullOr(Schema.Union([Schema.Int, Schema.String])) })
  ],
  ["is a objects", Schema.Struct({ a: Schema.Struct({ b: Schema.String }) })],
  ["is a union of other things", Schema.Struct({ a: Schema.optional(Schema.String) })],
  ["is a arrays", Schema.Struct({ a: Schema.Array(Schema.String) })],
  ["has a check", Schema.Struct({ a: Schema.String.check(Schema.isMinLength(3)) })],
  ["are no plain struct", Schema.String]
])("refuses what a line cannot hold: %s", (reason, schema) => {
  expect(() => FormatSchema.fields(schema)).toThrow(reason)
})
