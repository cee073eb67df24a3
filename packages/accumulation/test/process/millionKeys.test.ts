// Memory as a user has it: a process of its own with a small heap.
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const program = fileURLToPath(new URL("./millionKeys.ts", import.meta.url))
const keys = 1_000_000

const run = async (keyLimit: number, lag: number) => {
  const args = ["-C", "sluice-source", "--max-old-space-size=256", program, `${keyLimit}`, `${lag}`]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout)
}

it("a million keys, 200,000 open at a time, complete in a heap of 256 MB", {
  timeout: 60_000
}, async () => {
  expect(await run(keys, 200_000)).toMatchObject({
    fragmentsIn: 2 * keys,
    fragmentsCompleted: 2 * keys,
    keysCompleted: keys,
    keysOpen: 0
  })
})

it("with room for few keys the oldest are given up, counted and named", {
  timeout: 60_000
}, async () => {
  const totals = await run(10_000, keys)
  expect(totals.fragmentsIn).toBe(2 * keys)
  expect(totals.keysCompleted).toBe(0)
  expect(totals.dropsByReason).toEqual({ "key-explosion": 2 * keys - 10_000, end: 10_000 })
})
