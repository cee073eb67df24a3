// What `sluice run` tells besides its result: to Prometheus, to a collector, and what it keeps to
// itself.
import * as fs from "node:fs/promises"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { sluice, start } from "./command.ts"

const fixture = (name: string): string => `test/fixtures/${name}.ts`

/** Processes are started one after the other, on a machine that may be busy. */
const patience = 30_000

let directory = ""
let collector: Http.Server
let url = ""
const posts: Array<{ readonly path: string; readonly body: string }> = []

beforeAll(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), "sluice-telemetry-"))
  collector = Http.createServer((request, response) => {
    const parts: Array<Buffer> = []
    request.on("data", (part: Buffer) => parts.push(part))
    request.on("end", () => {
      posts.push({ path: request.url ?? "", body: Buffer.concat(parts).toString("latin1") })
      response.writeHead(200).end()
    })
  })
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve))
  url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
})

afterAll(async () => {
  collector.closeAllConnections()
  await new Promise((resolve) => collector.close(resolve))
  await fs.rm(directory, { recursive: true, force: true })
})

const secret = /correct-horse|battery-staple|orrect-h|ttery-st/

/** Everything the command wrote anywhere. */
const everything = async (...args: ReadonlyArray<string>) => {
  posts.length = 0
  const files = ["letters.ndjson", "trace.ndjson"].map((name) => path.join(directory, name))
  const [letters = "", trace = ""] = files
  const outcome = await sluice(
    ...["run", fixture("secrets"), "--otlp", url, "--dead-letters", letters, "--trace", trace],
    ...args
  )
  const written = await Promise.all(files.map((file) => fs.readFile(file, "utf8")))
  return { ...outcome, all: [outcome.out, outcome.err, ...written].join("\n") }
}

describe("--metrics", () => {
  it(
    "answers scrapes while the run goes on",
    async () => {
      const running = start(["run", fixture("endless"), "--metrics", "127.0.0.1:0"])
      await running.errMatches(/metrics at (http\S+)/)
      await running.errMatches(/records/)
      const at = running.err().match(/metrics at (http\S+)/)?.[1] ?? ""
      const text = await (await fetch(at)).text()
      expect(text).toMatch(
        /stage_records_in_total\{pipelineId="endless",stageId="out",stageKind="sink",[^}]+\} \d+/
      )
      expect(text).toContain("# TYPE stage_latency histogram")
      running.signal("SIGINT")
      expect((await running.finished).exitCode).toBe(130)
      await expect(fetch(at)).rejects.toThrow()
    },
    patience
  )

  it(
    "an address that cannot be used ends the command before anything runs",
    async () => {
      const taken = new URL(url).port
      const { exitCode, err, out } = await sluice(
        ...["run", fixture("numbers"), "--metrics", `127.0.0.1:${taken}`]
      )
      expect(exitCode).toBe(1)
      expect(out).toBe("")
      expect(err).toContain("another program listens there; choose another port")
      const wrong = await sluice("run", fixture("numbers"), "--metrics", "9464")
      expect(wrong.exitCode).toBe(2)
      expect(wrong.err).toContain("an address such as :9464")
    },
    patience
  )
})

describe("--otlp", () => {
  it(
    "exports spans, metrics and logs before the command ends",
    async () => {
      const { exitCode } = await everything()
      expect(exitCode).toBe(0)
      const of = (path: string): string =>
        posts
          .filter((post) => post.path === path)
          .map(({ body }) => body)
          .join("")
      expect(of("/v1/traces")).toMatch(/pipeline\.run/)
      expect(of("/v1/metrics")).toMatch(/stage_error_rate/)
      expect(of("/v1/logs")).toMatch(/checking/)
    },
    patience
  )
})

describe("--redact", () => {
  const ways = [
    ["--policy", "deadLetter"],
    ["--policy", "fail", "--json"]
  ]

  it.each(ways.map((args) => [args]))(
    "no output of any kind has a secret (%s)",
    async (args) => {
      const open = await everything(...args)
      expect(open.all).toMatch(secret)
      expect(posts.map(({ body }) => body).join("")).toMatch(secret)
      const closed = await everything(...args, "--redact", "password")
      expect(closed.exitCode).toBe(open.exitCode)
      expect(closed.all).toContain("[redacted]")
      expect(closed.all).not.toMatch(secret)
      expect(posts.length).toBeGreaterThan(0)
      expect(posts.map(({ body }) => body).join("")).not.toMatch(secret)
    },
    patience
  )

  it(
    "keys are not shown either",
    async () => {
      const args = ["run", fixture("pairs"), "--lonely", "2", "-q"]
      const open = await sluice(...args)
      expect(open.out).toMatch(/waits for/)
      const closed = await sluice(...args, "--redact", "password")
      expect(closed.out).toMatch(/\[redacted\] +\d+ %/)
    },
    patience
  )
})
