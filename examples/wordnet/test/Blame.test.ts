// The demo with a slow sink: all nine files are held back, and the sink is named as the cause.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Blame from "@sluice/core/Blame"
import * as Parameters from "@sluice/core/Parameters"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import pipeline, { parameters } from "../pipeline.ts"
import { inputFiles } from "../src/Inputs.ts"

let directory = ""

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-blame-"))
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const blameWith = (writeDelay: number): Promise<Blame.Blame> => {
  const out = join(directory, `${writeDelay}.ndjson`)
  const values = { ...Parameters.defaults(parameters), out, writeDelay }
  const program = Effect.gen(function* () {
    const running = yield* Pipeline.start(pipeline(values))
    yield* running.result
    return running.blame()
  })
  return Effect.runPromise(Effect.scoped(program))
}

/** Hundreds of batches, each with a pause, on a machine that may be busy. */
const patience = 120_000

it(
  "a slow sink is the cause, and every file waited for it",
  async () => {
    const blame = await blameWith(20)
    expect(blame.causes[0]?.stageId).toBe("write")
    const all = blame.causes.reduce((sum, { micros }) => sum + micros, 0)
    expect(blame.causes[0]?.micros).toBeGreaterThan(all / 2)
    const waited = blame.heldBack.map(({ stageId }) => stageId)
    for (const { name } of inputFiles) expect(waited).toContain(name)
    expect(Blame.render(blame)).toMatch(/index\.sense was held back .* by\n├─ write busy/)
  },
  patience
)
