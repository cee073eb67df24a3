// What the types promise of formats: records are those of their fields, or of a schema.
import * as Format from "@sluice/core/Format"
import * as FormatSchema from "@sluice/core/FormatSchema"
import * as Schema from "effect/Schema"

/** True when two types are the same one. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

declare const same: <A, B>(equal: Same<A, B>) => void

type RecordOf<F> = F extends Format.Format<infer A> ? { [K in keyof A]: A[K] } : never

// What may be absent is null, or undefined, by name.
const people = Format.csv({
  name: Format.text(),
  age: Format.optional(Format.integer()),
  nick: Format.omittable(Format.text()),
  note: Format.skip()
})
same<
  RecordOf<typeof people>,
  { readonly name: string; readonly age: number | null; readonly nick: string | undefined }
>(true)

// A schema's struct gives the records of its type; what lies in structs inside has its path.
const Sale = Schema.Struct({
  city: Schema.String,
  amount: Schema.NullOr(Schema.Finite),
  channel: Schema.Literals(["shop", "web"]),
  buyer: Schema.Struct({
    id: Schema.Int,
    age: Schema.optional(Schema.Int),
    home: Schema.Struct({ isMain: Schema.Boolean })
  })
})
const sales = Format.ndjson(FormatSchema.fields(Sale))
same<
  RecordOf<typeof sales>,
  {
    readonly city: string
    readonly amount: number | null
    readonly channel: "shop" | "web"
    readonly "buyer.id": number
    readonly "buyer.age": number | undefined
    readonly "buyer.home.isMain": boolean
  }
>(true)

// error: Type 'Field<number>' is not assignable to type 'Field<string>'
export const texts: Format.Field<string> = FormatSchema.fields(Sale)["buyer.id"]

// error: Property 'buyer' does not exist
FormatSchema.fields(Sale).buyer
