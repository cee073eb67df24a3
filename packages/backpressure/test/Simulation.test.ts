// The strategies under load patterns: conservation and bounds hold in each tick, and the committed
// curves are those of this code.
import { existsSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { openingsMax, runCircuit, services } from "../simulation/circuit.ts"
import { files, folder } from "../simulation/files.ts"
import { patterns } from "../simulation/patterns.ts"
import { decisionsMax, runRegulator, scenes } from "../simulation/regulator.ts"
import { run } from "../simulation/run.ts"
import { strategies } from "../simulation/strategies.ts"
import { transition } from "../src/internal/circuitBreaker.ts"

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

  it("a circuit spares a service that is down, and lets one that is well alone", () => {
    const [healthy, outage, quick, slow, flapping, recovery] = services.map((one) =>
      runCircuit(one)
    )
    expect(healthy).toMatchObject({ opened: 0, rejected: 0 })
    // Errors AND latency: one of them alone does not open it.
    expect(quick).toMatchObject({ opened: 0 })
    expect(slow).toMatchObject({ opened: 0 })
    for (const bad of [outage, recovery]) {
      expect(bad?.rejected).toBeGreaterThan(1_500)
      expect(bad?.points.at(-1)?.state).toBe("Closed")
    }
    expect(flapping?.opened).toBeLessThanOrEqual(openingsMax)
  })

  it("notices a circuit that closes without evidence", () => {
    const eager = (...[state, event]: Parameters<typeof transition>) => {
      const [next, actions] = transition(state, event)
      if (next.phase._tag !== "HalfOpen") return [next, actions] as const
      return transition(next, { _tag: "Reset", atMs: event.atMs })
    }
    expect(() => runCircuit(services[1]!, eager)).toThrow(/closed after 0 good trials/)
  })

  it("the regulator answers each row of the table, restores credits, and rests", () => {
    const [calm, filling, idle, spilling, noise] = scenes.map(runRegulator)
    expect(calm?.decisions).toEqual([])
    expect(filling?.sizes.at(-1)).toBeLessThan(256)
    expect(idle?.sizes.at(-1)).toBeGreaterThan(256)
    expect(Math.min(...(spilling?.credits ?? []))).toBe(500)
    expect(spilling?.credits.at(-1)).toBe(1_000)
    // Smaller for a while, and as before once that is over.
    expect(Math.min(...(spilling?.sizes ?? []))).toBeLessThan(256)
    expect(spilling?.sizes.at(-1)).toBe(256)
    expect(noise?.decisions.length).toBeLessThanOrEqual(decisionsMax)
  })

  for (const [name, content] of files())
    it(`docs/flow-control/${name} equals a fresh run`, () => {
      const path = new URL(name, folder)
      expect(existsSync(path) ? readFileSync(path, "utf8") : "no file").toBe(content)
    })
})
