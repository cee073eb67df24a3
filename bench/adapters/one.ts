// One adapter in this process: `node one.ts <name> <inputs as JSON>` prints what came of it.
import * as Effect from "effect/Effect"
import type { Inputs } from "./adapters.ts"
import { adapters } from "./adapters.ts"

const [name = "", inputs = "{}"] = process.argv.slice(2)
const adapter = adapters[name]
if (adapter === undefined) throw new Error(`no adapter "${name}"`)
const startedAt = performance.now()
const work = adapter(JSON.parse(inputs) as Inputs)
const { recordsOut } = await Effect.runPromise(Effect.scoped(work))
const seconds = (performance.now() - startedAt) / 1_000
const peakMegabytes = process.resourceUsage().maxRSS / 1_000
process.stdout.write(JSON.stringify({ recordsOut, seconds, peakMegabytes }))
process.exit(0)
