// `sluice run --policies` and `--blame`: a file in force, changed while the run goes on; and who
// held whom back.
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { sluice, start } from "./command.ts"

const fixture = (name: string): string => `test/fixtures/${name}.ts`

/** Processes are started one after the other, on a machine that may be busy. */
const patience = 30_000

let directory = ""

beforeAll(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), "sluice-policies-"))
})

afterAll(() => fs.rm(directory, { recursive: true, force: true }))

const policies = (tag: string): string => `
version: 1
errors:
  odd: { _tag: ${tag} }
flows:
  gentle: { _tag: CreditBased, initial: 64, replenishThreshold: 16 }
breakers:
  touchy: { errorThreshold: 1, throughputMin: 1000 }
`

describe("--policies", () => {
  it(
    "is in force, is read again when it changes, and a bad file changes nothing",
    async () => {
      const file = path.join(directory, "policies.yaml")
      await fs.writeFile(file, policies("DeadLetter"))
      const put = async (text: string): Promise<void> => {
        await fs.writeFile(`${file}.next`, text)
        await fs.rename(`${file}.next`, file)
      }
      const letters = path.join(directory, "letters.ndjson")
      const running = start([
        ...["run", fixture("policed"), "--policies", file, "--json"],
        ...["--dead-letters", letters, "--progress-interval", "50ms"]
      ])
      await running.errMatches(/records/)
      await put(policies("Nonsense"))
      await running.errMatches(/policies in force stay:\n {2}errors\.odd/)
      await put(policies("Ignore"))
      await running.errMatches(/version 2 of the policies is in force/)
      running.signal("SIGINT")
      const { out, exitCode } = await running.finished
      const result = JSON.parse(out)
      expect(exitCode).toBe(130)
      expect(result.status).toBe("stopped")
      expect(result.deadLetterCount).toBeGreaterThan(0)
      const [price] = result.stages.filter(
        (stage: { readonly stageId: string }) => stage.stageId === "price"
      )
      expect(price.recordsIn).toBe(price.recordsOut + price.deadLetters + price.dropped)
      expect(price.flow.statistics.credit_in_flight).toBe(0)
      expect(price.circuit).toBe("closed")
    },
    patience
  )

  it(
    "a file that is wrong from the start is a mistake in the call: file, place, reason",
    async () => {
      const file = path.join(directory, "wrong.yaml")
      await fs.writeFile(file, policies("DeadLetter").replace("64", "8"))
      const { exitCode, err } = await sluice("run", fixture("policed"), "--policies", file)
      expect(exitCode).toBe(2)
      expect(err).toContain(file)
      expect(err).toContain("flows.gentle: replenishThreshold 16 is above the initial credit 8")
      const missing = await sluice("run", fixture("policed"))
      expect(missing.exitCode).toBe(3)
      expect(missing.err).toContain("--policies FILE")
    },
    patience
  )
})

describe("--blame", () => {
  it(
    "says who held whom back, as a tree",
    async () => {
      const { exitCode, out } = await sluice("run", fixture("slowSink"), "--blame", "-q")
      expect(exitCode).toBe(0)
      expect(out).toContain("who held whom back; begin with store:")
      expect(out).toMatch(
        /numbers was held back .* by\n +└─ parse .*held back itself\n +└─ store busy/
      )
      const json = await sluice("run", fixture("slowSink"), "--blame", "-q", "--json")
      expect(JSON.parse(json.out).blame.causes[0].stageId).toBe("store")
    },
    patience
  )
})
