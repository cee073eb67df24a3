// CSV grouped by city with csv-parse over a stream. `node csvParse.ts <input> <output>`

import { createReadStream } from "node:fs"
import { parse } from "csv-parse"
import { CityTable } from "./CityTable.ts"

const [input = "", output = ""] = process.argv.slice(-2)
const table = new CityTable()
const rows = createReadStream(input, { highWaterMark: 1 << 18 }).pipe(parse({ columns: true }))
for await (const row of rows as AsyncIterable<Record<string, string>>)
  table.add(row.city as string, Number(row.amount), Number(row.count))
table.write(output)
