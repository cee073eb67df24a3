// Sales as CSV or NDJSON, the same for the same number of megabytes: 5,000 cities, one row in fifty
// with a quoted note. `node generate.ts csv|ndjson <megabytes> <path>`

import { once } from "node:events"
import { createWriteStream } from "node:fs"

const [kind, megabytes, path] = process.argv.slice(2)
if (path === undefined) throw new Error("usage: node generate.ts csv|ndjson <megabytes> <path>")

let state = 1
const random = (below: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

const cities = Array.from({ length: 5_000 }, (_, i) => `city-${(i * 7_919) % 5_000}`)
const channels = ["shop", "web", "phone"] as const

const row = (id: number): string => {
  const city = cities[random(cities.length)] as string
  const channel = channels[random(3)] as string
  // Quarters are exact in binary: sums do not depend on their order.
  const amount = random(40_000) / 4
  const count = 1 + random(9)
  const note = random(50) === 0 ? `said ""yes"", twice` : `note ${random(1_000)}`
  if (kind === "csv") {
    const shown = note.includes('"') ? `"${note}"` : note
    return `${id},${city},${channel},${amount},${count},${shown}\n`
  }
  return `${JSON.stringify({ id, city, channel, amount, count, note })}\n`
}

const file = createWriteStream(path)
if (kind === "csv") file.write("id,city,channel,amount,count,note\n")
const bytesMax = Number(megabytes) * 1e6
for (let id = 0, bytes = 0; bytes < bytesMax; ) {
  let block = ""
  while (block.length < 1 << 18) block += row(id++)
  bytes += block.length
  if (!file.write(block)) await once(file, "drain")
}
file.end()
await once(file, "finish")
