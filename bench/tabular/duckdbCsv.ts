// CSV grouped by city by DuckDB, a database in C++ with threads: how far there is to go.
// `node duckdbCsv.ts <input> <output>`

import { writeFileSync } from "node:fs"
import { DuckDBInstance } from "@duckdb/node-api"

const [input = "", output = ""] = process.argv.slice(-2)
const connection = await (await DuckDBInstance.create(":memory:")).connect()
const reader = await connection.runAndReadAll(
  `select city, count(*) as rows, sum(amount) as amount, max(count) as most
   from read_csv('${input.replaceAll("'", "''")}') group by city`
)
const lines = reader
  .getRowObjectsJS()
  .map(({ city, rows, amount, most }) =>
    JSON.stringify({ city, rows: Number(rows), amount: Number(amount), most: Number(most) })
  )
writeFileSync(output, `${lines.join("\n")}\n`)
