import { writeSync } from "node:fs"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as Differential from "@sluice/testkit/Differential"

const from = Number(process.argv[2]),
  to = Number(process.argv[3])
for (let n = from; n < to; n++) {
  const seed = `kit/${n}`
  const plan = Differential.plan(seed)
  for (const [name, subject] of [
    ["sync", Differential.reference],
    ["async", { makeEngine: () => AsyncEngine.make() }]
  ] as const) {
    const t0 = performance.now()
    writeSync(1, `\r${n} ${name} `)
    const found = await Differential.replay(plan, { ...subject, seed })
    const took = performance.now() - t0
    if (took > 500) console.log(n, name, Math.round(took), plan.steps.map((s) => s.op).join(" "))
    if (found.length > 0) console.log(n, name, found)
  }
}
