// The strategies under load patterns: conservation and bounds hold in each tick, and the committed
// curves are those of this code.
import { existsSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { files, folder } from "../simulation/files.ts"
import { patterns } from "../simulation/patterns.ts"
import { run } from "../simulation/run.ts"
import { strategies } from "../simulation/strategies.ts"

describe("simulation", () => {
  for (const make of strategies)
    it(`${make().name} loses nothing, stays bounded and recovers from a stall`, () => {
      const runs = patterns.map((pattern) => run(make(), pattern))
      for (const { pattern, done, points } of runs) {
        expect(done, pattern).toBeGreaterThan(0)
        expect(points.at(-1)!.throughput, pattern).toBeGreaterThan(0)
      }
    })

  it("notices a strategy that loses records, and one whose queue grows", () => {
    const make = strategies[0]!
    const forgetful = { ...make(), processed: () => {} }
    expect(() => run(forgetful, patterns[0]!)).toThrow(/8 records held where 0 should be/)
    const narrow = { ...make(), bound: 499 }
    expect(() => run(narrow, patterns[3]!)).toThrow(/500 records queued, at most 499/)
  })

  for (const [name, content] of files())
    it(`docs/flow-control/${name} equals a fresh run`, () => {
      const path = new URL(name, folder)
      expect(existsSync(path) ? readFileSync(path, "utf8") : "no file").toBe(content)
    })
})
