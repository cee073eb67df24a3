// Makes a file of orders, as large as asked for: `sluice run generate.ts --megabytes 300 --out
// orders.csv.gz`. The name says the format and the compression; the size is that of the text.
import * as Parameters from "@sluice/core/Parameters"
import * as Pipeline from "@sluice/core/Pipeline"
import type { ReportFunction } from "@sluice/core/RunReport"
import * as Source from "@sluice/core/Source"
import { ordersTo } from "./src/Format.ts"
import { orderAt } from "./src/Order.ts"

export const parameters = Parameters.define({
  megabytes: { type: "integer", default: 10, min: 1, description: "Size of the text, as NDJSON" },
  out: { type: "string", default: "out/orders.ndjson", description: "The file to write" }
})

type Values = Parameters.ParametersOf<typeof parameters>

const chunkRecords = 1_024

/** Orders until their JSON is so long. */
function* orders(charactersMax: number) {
  let [n, written] = [0, 0]
  while (written < charactersMax) {
    const chunk = Array.from({ length: chunkRecords }, () => orderAt(n++))
    // Orders are alike in length: one tells enough about its chunk.
    written += chunk.length * (JSON.stringify(chunk[0]).length + 1)
    yield chunk
  }
}

export default ({ megabytes, out }: Values) =>
  Pipeline.source("orders", Source.fromChunks(orders(megabytes * 1_000_000))).pipe(
    Pipeline.sink("out", ordersTo(out)),
    Pipeline.named("generate")
  )

export const report: ReportFunction<Values> = (result, { megabytes }) => ({
  rows: [["megabytes written", megabytes.toFixed(1)]],
  ok: result.recordsOut > 0
})
