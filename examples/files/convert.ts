// Converts files of orders: `sluice run convert.ts --from 'in/*.ndjson.gz' --to orders.csv.zst`.
// Reads, checks and writes in bounded memory, whatever the size of the files.
import * as Parameters from "@sluice/core/Parameters"
import * as Pipeline from "@sluice/core/Pipeline"
import type { ReportFunction } from "@sluice/core/RunReport"
import { ordersIn, ordersTo } from "./src/Format.ts"

export const parameters = Parameters.define({
  from: { type: "string", default: "out/orders.ndjson", description: "File or pattern to read" },
  to: { type: "string", default: "out/converted.csv", description: "The file to write" }
})

type Values = Parameters.ParametersOf<typeof parameters>

export default ({ from, to }: Values) =>
  Pipeline.source("from", ordersIn(from)).pipe(
    Pipeline.sink("to", ordersTo(to)),
    Pipeline.named("convert")
  )

export const report: ReportFunction<Values> = (result) => ({
  rows: [["records converted", String(result.recordsOut)]],
  ok: true
})
