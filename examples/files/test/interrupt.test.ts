// Ctrl-C midway, as a person sees it: exit code 130, one message, and a file of whole records with
// everything in it that was read.
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as zlib from "node:zlib"
import { expect, it } from "vitest"
import { orderAt } from "../src/Order.ts"

const examples = path.join(import.meta.dirname, "..")
// From source: the tests run before the build.
const command = path.join(examples, "../../apps/cli/src/main.ts")

const text = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `${JSON.stringify(orderAt(from + i))}\n`).join("")

const outputs = [
  ["orders.ndjson", (bytes: Buffer) => bytes.toString()],
  ["orders.ndjson.gz", (bytes: Buffer) => zlib.gunzipSync(bytes).toString()],
  ["orders.ndjson.zst", (bytes: Buffer) => zlib.zstdDecompressSync(bytes).toString()]
] as const

for (const [name, textOf] of outputs) {
  it(`${name}: Ctrl-C keeps what was read, whole`, async () => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-interrupt-"))
    const to = path.join(root, name)
    const child = spawn(
      process.execPath,
      ["-C", "sluice-source", "--max-old-space-size=128", command, "run", "convert.ts"].concat([
        "--from",
        "-",
        "--to",
        to,
        "--progress-interval",
        "20ms"
      ]),
      { cwd: examples }
    )
    let told = ""
    let interrupted = false
    child.stderr.on("data", (bytes: Buffer) => {
      told += bytes.toString()
      // All that was sent has arrived, and the input goes on: it is silent, not over.
      if (interrupted || !told.includes("5,000 delivered")) return
      interrupted = true
      child.stdin.write('{"id":5000,"customer":"half a rec')
      child.kill("SIGINT")
    })
    // A command that ended early says why below.
    child.stdin.on("error", () => undefined)
    child.stdin.write(text(0, 5_000))
    const code = await new Promise((resolve) => child.on("close", resolve))
    const messages = told.split("\n").filter((line) => line.startsWith("sluice:"))
    expect(code, told).toBe(130)
    expect(messages).toEqual([
      "sluice: interrupted, draining what was read; Ctrl-C once more aborts"
    ])
    expect(textOf(fs.readFileSync(to))).toBe(text(0, 5_000))
    expect(fs.readdirSync(root)).toEqual([name])
    fs.rmSync(root, { recursive: true })
  }, 30_000)
}
