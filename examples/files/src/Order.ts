// The records of the example: orders with everything that makes files awkward in them. The n-th
// order is always the same.
import * as Schema from "effect/Schema"

export const Order = Schema.Struct({
  id: Schema.Number,
  customer: Schema.String,
  amount: Schema.Number,
  city: Schema.String,
  note: Schema.optionalKey(Schema.String)
})

/** An order. */
export type Order = (typeof Order)["Type"]

/** The columns of a CSV file of orders. */
export const columns = ["id", "customer", "amount", "city", "note"] as const

const cities = ["Köln", "Zürich", "Łódź", "Paris", "Brno"] as const
const notes = ['say "hello", then go', "two\nlines", "ring, twice", undefined, undefined] as const

/** The n-th order. */
export const orderAt = (n: number): Order => {
  const note = notes[(n * 13) % notes.length]
  const order = {
    id: n,
    customer: `customer ${(n * 7_919) % 100_003}`,
    amount: ((n * 104_729) % 1_000_000) / 100,
    city: cities[n % cities.length] as string
  }
  return note === undefined ? order : { ...order, note }
}
