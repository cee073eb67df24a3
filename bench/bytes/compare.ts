// Lines and NDJSON of one file by several ways, in MB/s, each in a fresh process, interleaved:
//   node -C sluice-source bytes/compare.ts <file.ndjson> [rounds]

import { statSync } from "node:fs"
import { runNode } from "../src/Child.ts"
import { interleave, median } from "../src/Rounds.ts"

const [path = "", rounds = "3"] = process.argv.slice(2)
const one = new URL("one.ts", import.meta.url).pathname
const { ways } = JSON.parse((await runNode([one, "", path], [])).stdout) as { ways: Array<string> }
const results = await interleave(ways, Number(rounds), (way) => runNode([one, way, path], []))
const megabytes = statSync(path).size / 1e6

for (const kind of ["lines", "NDJSON"]) {
  const outputs = ways
    .filter((way) => way.startsWith(kind))
    .flatMap((way) => results.get(way)!.map(({ stdout }) => stdout))
  if (new Set(outputs).size > 1) throw new Error(`${kind}: ${[...new Set(outputs)].join("")}`)
}
console.log(`| ${megabytes.toFixed(0)} MB | MB/s | peak RSS MB |\n|---|--:|--:|`)
for (const way of ways) {
  const runs = results.get(way)!
  const speed = megabytes / median(runs.map(({ seconds }) => seconds))
  const rss = median(runs.map(({ rssMaxMb }) => rssMaxMb))
  console.log(`| ${way} | ${speed.toFixed(0)} | ${rss.toFixed(0)} |`)
}
