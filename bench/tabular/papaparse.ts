// CSV grouped by city with papaparse over a stream. `node papaparse.ts <input> <output>`

import { createReadStream } from "node:fs"
import Papa from "papaparse"
import { CityTable } from "./CityTable.ts"

const [input = "", output = ""] = process.argv.slice(-2)
const table = new CityTable()
await new Promise<void>((resolve, reject) => {
  Papa.parse<Record<string, string>>(createReadStream(input), {
    header: true,
    chunk: ({ data }) => {
      for (const row of data)
        if (row.city !== undefined && row.city !== "")
          table.add(row.city, Number(row.amount), Number(row.count))
    },
    complete: () => resolve(),
    error: reject
  })
})
table.write(output)
