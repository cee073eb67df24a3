// Ctrl-C in the middle of every adapter: `sluice run` in a terminal of its own (`script`) with a
// small heap, on the files of compare.ts. What must hold: exit code 130, the output under its name,
// whole lines only and those of the input from its beginning, no partial file, no connection left.
// `node -C sluice-source adapters/interrupt.ts <file.ndjson> <file.csv> [part of a name]`
import { spawn } from "node:child_process"
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from "node:fs"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Readable } from "node:stream"
import * as zlib from "node:zlib"

const [ndjson = "", csv = "", part = ""] = process.argv.slice(2)
// Beside the NDJSON file its compressed forms are expected: .gz, .zst, .br. The CSV has the columns
// n and text, its texts in quotes.
const directory = mkdtempSync(join(tmpdir(), "sluice-interrupt-"))
const cli = new URL("../../apps/cli/src/main.ts", import.meta.url).pathname
const pipeline = new URL("./interrupted.ts", import.meta.url).pathname

/** Bytes of output after which the key is pressed. */
const enough = 2_000_000
const patienceMs = 30_000

interface Case {
  readonly name: string
  readonly input: string
  /** Extension of the output. */
  readonly extension: string
  /** Streams of others are written in place, and to their end. */
  readonly inPlace?: boolean
}

const cases = (url: string): ReadonlyArray<Case> => [
  { name: "lines", input: ndjson, extension: ".ndjson" },
  ...[".gz", ".zst", ".br"].flatMap((extension) => [
    { name: `lines, from ${extension}`, input: ndjson + extension, extension: ".ndjson" },
    { name: `lines, to ${extension}`, input: ndjson, extension: `.ndjson${extension}` }
  ]),
  { name: "csv", input: csv, extension: ".csv" },
  { name: "http", input: url, extension: ".ndjson" },
  { name: "queue", input: ndjson, extension: ".ndjson" },
  { name: "nodeStream", input: ndjson, extension: ".ndjson" },
  { name: "webStream", input: ndjson, extension: ".ndjson" },
  { name: "asyncIterable", input: ndjson, extension: ".ndjson" },
  { name: "stream", input: ndjson, extension: ".ndjson" },
  { name: "toNodeStream", input: ndjson, extension: ".ndjson", inPlace: true },
  { name: "toWebStream", input: ndjson, extension: ".ndjson", inPlace: true }
]

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0)

/**
 * Runs a command in a terminal, and presses Ctrl-C when `ready`; its exit code and what it said.
 */
const interrupted = async (
  environment: Record<string, string>,
  ready: () => boolean
): Promise<Outcome> => {
  const node = `${process.execPath} -C sluice-source --max-old-space-size=128`
  const terminal = spawn("script", ["-qefc", `${node} ${cli} run ${pipeline}`, "/dev/null"], {
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "pipe"]
  })
  let said = ""
  terminal.stdout.on("data", (text: Buffer) => {
    said = (said + text.toString()).slice(-2_000)
  })
  const ended = new Promise<number | null>((resolve) => terminal.on("exit", resolve))
  const late = Date.now() + patienceMs
  while (!ready() && terminal.exitCode === null && Date.now() < late) await pause(5)
  const pressedAt = Date.now()
  terminal.stdin.write("\x03")
  const stop = setTimeout(() => terminal.kill("SIGKILL"), patienceMs)
  const code = await ended
  clearTimeout(stop)
  return { code, said, ms: Date.now() - pressedAt }
}

const plain = (path: string): Readable => {
  const read = createReadStream(path)
  if (path.endsWith(".gz")) return read.pipe(zlib.createGunzip())
  if (path.endsWith(".zst")) return read.pipe(zlib.createZstdDecompress())
  return path.endsWith(".br") ? read.pipe(zlib.createBrotliDecompress()) : read
}

/** Lines of a text that is the beginning of the input; a text otherwise says what is wrong. */
const linesOf = async (path: string, input: string): Promise<number | string> => {
  const model = createReadStream(input)[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let [expected, lines, last] = [Buffer.alloc(0), 0, 10]
  for await (const chunk of plain(path) as AsyncIterable<Buffer>) {
    while (expected.length < chunk.length) {
      const next = await model.next()
      if (next.done === true) return "longer than the input"
      expected = Buffer.concat([expected, next.value])
    }
    if (!expected.subarray(0, chunk.length).equals(chunk)) return "not what the input begins with"
    expected = expected.subarray(chunk.length)
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
    last = chunk.at(-1) as number
  }
  await model.return?.()
  return last === 10 ? lines : "a line that is cut off"
}

const judge = async (one: Case, server: http.Server): Promise<string> => {
  const output = join(directory, `${one.name.replace(/\W+/g, "-")}${one.extension}`)
  const written = one.inPlace === true ? output : `${output}.partial`
  const adapter = one.name.split(",")[0] as string
  const environment = { ADAPTER: adapter, INPUT: one.input, OUTPUT: output }
  const wanted = one.extension === ".ndjson" || one.extension === ".csv" ? enough : enough / 20
  const { code, said, ms } = await interrupted(environment, () => sizeOf(written) > wanted)
  const faults: Array<string> = []
  if (code !== 130) faults.push(`exit code ${code}: ${said.slice(-300)}`)
  if (existsSync(`${output}.partial`)) faults.push("a partial file is left")
  const model = one.input.startsWith("http") ? ndjson : one.input.replace(/\.(gz|zst|br)$/, "")
  const lines = existsSync(output) ? await linesOf(output, model) : "no output"
  if (typeof lines === "string") faults.push(lines)
  await pause(50)
  const open = await new Promise<number>((resolve) =>
    server.getConnections((_, count) => resolve(count))
  )
  if (open > 0) faults.push(`${open} connections are open`)
  rmSync(output, { force: true })
  rmSync(`${output}.partial`, { force: true })
  return faults.length === 0 ? `ok, ${lines} lines, ended in ${ms} ms` : faults.join("; ")
}

const server = http.createServer((_, response) => createReadStream(ndjson).pipe(response))
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
for (const one of cases(url)) {
  if (!one.name.includes(part)) continue
  const verdict = await judge(one, server)
  if (!verdict.startsWith("ok")) process.exitCode = 1
  process.stdout.write(`${one.name}: ${verdict}\n`)
}
server.close()
rmSync(directory, { recursive: true })
