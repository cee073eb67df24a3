// NDJSON filtered, projected and grouped by city with JSON.parse for each line of a chunk.
// `node jsonParse.ts <input> <output>`

import { createReadStream } from "node:fs"
import { CityTable } from "./CityTable.ts"

const [input = "", output = ""] = process.argv.slice(-2)
const table = new CityTable()

interface Sale {
  readonly city: string
  readonly channel: string
  readonly amount: number
  readonly count: number
}

const take = (line: string): void => {
  const { city, channel, amount, count } = JSON.parse(line) as Sale
  if (channel === "web" && amount >= 100) table.add(city, amount, count)
}

let rest = ""
const file = createReadStream(input, { encoding: "utf8", highWaterMark: 1 << 18 })
for await (const chunk of file as AsyncIterable<string>) {
  const text = rest + chunk
  let from = 0
  for (let to = text.indexOf("\n"); to >= 0; to = text.indexOf("\n", from)) {
    take(text.slice(from, to))
    from = to + 1
  }
  rest = text.slice(from)
}
if (rest !== "") take(rest)
table.write(output)
