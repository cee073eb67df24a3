// The sink to standard output, in a process of its own: all of it arrives, or it says that nobody
// reads.
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as path from "node:path"
import { describe, expect, it } from "vitest"

const script = path.join(import.meta.dirname, "fixtures/standardOutput.ts")

const run = async (mode: string, bytesWanted: number) => {
  const child = spawn(process.execPath, ["-C", "sluice-source", script, mode])
  let message = ""
  let bytes = 0
  child.stderr.on("data", (text) => {
    message += text
  })
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes >= bytesWanted) child.stdout.destroy()
  })
  const [code] = await once(child, "close")
  return { code, bytes, message }
}

describe.each(["asynchronous", "deterministic"])("standard output, %s", (mode) => {
  it("gets every line", async () => {
    const outcome = await run(mode, Number.POSITIVE_INFINITY)
    const bytes = Array.from({ length: 2_000 }, (_, i) => Buffer.byteLength(`line ${i} é\n`))
    const expected = bytes.reduce((sum, length) => sum + length, 0) * 100
    expect(outcome).toEqual({ code: 0, bytes: expected, message: "complete" })
  })

  it("fails with a clear message when its reader leaves", async () => {
    const outcome = await run(mode, 1)
    expect(outcome.code).toBe(0)
    expect(outcome.message).toMatch(/cannot write standard output.*that reads this output ended/)
  })
})
