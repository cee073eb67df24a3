// What the types promise of functions made of fields: inside a pipe the records stay what the
// pipeline says they are, whatever wider type a function takes.
import * as Batching from "@sluice/core/Batching"
import * as Channel from "@sluice/core/Channel"
import * as Fields from "@sluice/core/Fields"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"

/** True when two types are the same one. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

declare const same: <A, B>(equal: Same<A, B>) => void

interface Sale {
  readonly city: string
  readonly pieces: number
  readonly age: number | null
}

const sales = Pipeline.source("sales", Source.fromIterable<Sale>([]))
const isLarge = Fields.where(Fields.compare("pieces", ">", 1))

// A condition leaves the records what they are: made on the spot, or before.
const inline = sales.pipe(
  Pipeline.filter("large", Fields.where(Fields.compare("pieces", ">", 1))),
  Pipeline.filter("again", isLarge, { parallelism: 2 }),
  Pipeline.map("city", (sale) => sale.city)
)
same<typeof inline, Pipeline.Pipeline<string>>(true)

// A stage made outside of a pipe does so too.
const large = Pipeline.filter("large", isLarge)
const before = sales.pipe(large)
same<typeof before, Pipeline.Pipeline<Sale>>(true)

// So does any predicate of a wider type, and one of two.
const hasCity = (record: { readonly city: string }): boolean => record.city !== ""
declare const either: boolean
const wider = sales.pipe(
  Pipeline.filter("named", hasCity),
  Pipeline.filter("one of two", either ? hasCity : isLarge),
  Pipeline.filter("with options", hasCity, { onError: { fallback: (sale) => sale.pieces > 1 } })
)
same<typeof wider, Pipeline.Pipeline<Sale>>(true)

// A guard of a wider type narrows the records, and keeps their other fields.
const inBonn = (record: { readonly city: string }): record is { readonly city: "Bonn" } =>
  record.city === "Bonn"
const narrowed = sales.pipe(
  Pipeline.filter("in Bonn", inBonn),
  Pipeline.map("both", ({ city, pieces }) => ({ city, pieces }))
)
same<typeof narrowed, Pipeline.Pipeline<{ city: "Bonn"; pieces: number }>>(true)

// A field is of the record's type; of a record of several kinds it may be absent.
const cities = sales.pipe(Pipeline.map("city", Fields.of("city")))
same<typeof cities, Pipeline.Pipeline<string>>(true)
const kinds = Pipeline.source("kinds", Source.fromIterable<Sale | { readonly name: string }>([]))
const names = kinds.pipe(Pipeline.map("name", Fields.of("name")))
same<typeof names, Pipeline.Pipeline<string | undefined>>(true)

// Picked fields have new names and their own types, behind other stages, too.
const picked = sales.pipe(
  Pipeline.filter("large", isLarge),
  Pipeline.map("picked", Fields.pick({ where: "city", age: "age" })),
  Pipeline.filter("old", Fields.where(Fields.compare("age", ">", 30)))
)
same<typeof picked, Pipeline.Pipeline<{ readonly where: string; readonly age: number | null }>>(
  true
)

// Keys and rules of a wider type say nothing about the records either.
const parts = sales.pipe(Pipeline.partition("by city", ["a", "b"], Fields.of("city")))
same<typeof parts.a, Pipeline.Pipeline<Sale>>(true)
const routes = sales.pipe(Pipeline.branch("size", { large: isLarge, other: Pipeline.otherwise }))
same<typeof routes.large, Pipeline.Pipeline<Sale>>(true)
const ordered = sales.pipe(
  Pipeline.mapEffect("each", (sale) => Effect.succeed(sale.pieces), {
    ordering: Channel.partitionOrdered(Fields.of("city"))
  })
)
same<typeof ordered, Pipeline.Pipeline<number>>(true)
const batches = sales.pipe(
  Pipeline.batch(
    "tens",
    Batching.accumulated({
      initial: 0,
      add: (pieces, sale) => pieces + sale.pieces,
      complete: (pieces) => pieces > 10,
      window: "1 second"
    })
  )
)
same<typeof batches, Pipeline.Pipeline<Sale>>(true)

// What is no record has no fields.
const numbers = Pipeline.source("numbers", Source.fromIterable([1, 2, 3]))
// error: Type 'number' is not assignable to type 'object'
numbers.pipe(Pipeline.filter("large", isLarge))

// A predicate of other records is none of these.
// error: Property 'town' is missing in type 'Sale'
sales.pipe(Pipeline.filter("town", (record: { readonly town: string }) => record.town === ""))

// error: Property 'town' does not exist on type 'Sale'
sales.pipe(Pipeline.filter("town", (sale) => sale.town === ""))

// error: Property 'town' does not exist on type 'Sale'
sales.pipe(Pipeline.partition("by town", ["a", "b"], (sale) => sale.town))
