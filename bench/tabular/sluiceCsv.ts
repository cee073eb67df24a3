// CSV grouped by city with Sluice: `node sluiceCsv.ts [objects] <input> <output>`. With `objects`
// the key is a plain function, so the same pipeline runs on objects.

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

const sales = Format.csv({
  id: Format.integer(),
  city: Format.text(),
  channel: Format.choice({ shop: "shop", web: "web", phone: "phone" }),
  amount: Format.decimal(),
  count: Format.integer(),
  note: Format.text()
})

const perCity = Accumulate.make({
  ...Aggregate.of({
    city: Aggregate.key,
    rows: Aggregate.count,
    amount: Aggregate.sum("amount"),
    most: Aggregate.max("count")
  }),
  key: isObjects ? (sale: object) => (sale as { city: string }).city : Fields.joined("city"),
  complete: Complete.never,
  timeBoundWaived: "the input ends"
})

await Effect.runPromise(
  Pipeline.run(
    Pipeline.source("sales", Records.files(input, sales)).pipe(
      Pipeline.accumulate("per-city", perCity),
      Pipeline.sink("write", Records.ndjsonSink(output))
    )
  )
)
