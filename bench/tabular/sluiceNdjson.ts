// NDJSON filtered, projected and grouped by city with Sluice: `node sluiceNdjson.ts [objects]
// <input> <output>`. With `objects` the filter is a plain function, so the pipeline runs on
// objects.

import * as Accumulate from "@sluice/accumulation/Accumulate"
import * as Aggregate from "@sluice/accumulation/Aggregate"
import * as Complete from "@sluice/accumulation/Complete"
import * as Fields from "@sluice/core/Fields"
import * as Format from "@sluice/core/Format"
import * as Records from "@sluice/core/node/Records"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Effect from "effect/Effect"

const isObjects = process.argv.includes("objects")
const [input = "", output = ""] = process.argv.slice(-2)

const sales = Format.ndjson({
  city: Format.text(),
  channel: Format.choice({ shop: "shop", web: "web", phone: "phone" }),
  amount: Format.decimal(),
  count: Format.integer()
})

const perTown = Accumulate.make({
  ...Aggregate.of({
    city: Aggregate.key,
    rows: Aggregate.count,
    amount: Aggregate.sum("paid"),
    most: Aggregate.max("count")
  }),
  key: Fields.joined("town"),
  complete: Complete.never,
  timeBoundWaived: "the input ends"
})

const { all, compare, equals } = Fields
const isLargeWeb = isObjects
  ? (sale: { readonly channel: string; readonly amount: number }) =>
      sale.channel === "web" && sale.amount >= 100
  : Fields.where(all(equals("channel", "web"), compare("amount", ">=", 100)))

await Effect.runPromise(
  Pipeline.run(
    Pipeline.source("sales", Records.files(input, sales)).pipe(
      Pipeline.filter("large", isLargeWeb),
      Pipeline.map("paid", Fields.pick({ town: "city", paid: "amount", count: "count" })),
      Pipeline.accumulate("per-town", perTown),
      Pipeline.sink("write", Records.ndjsonSink(output))
    )
  )
)
