// Starts the command as a process of its own, from source, and waits for what it writes. No test
// sleeps.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
const root = fileURLToPath(new URL("..", import.meta.url))

/** A finished command. */
export interface Finished {
  readonly exitCode: number | null
  readonly out: string
  readonly err: string
}

/** A started command. */
export interface Started {
  readonly signal: (name: "SIGINT" | "SIGTERM") => void
  /** Resolves when stderr matches; rejects when the command ends first. */
  readonly errMatches: (pattern: RegExp) => Promise<void>
  /** What stderr has so far. */
  readonly err: () => string
  readonly finished: Promise<Finished>
}

/** Starts `sluice` with arguments; paths are relative to the package. */
export const start = (
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {}
): Started => {
  const child = spawn(process.execPath, ["-C", "sluice-source", main, ...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let out = ""
  let err = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text
  })
  const closed = once(child, "close")
  return {
    signal: (name) => void child.kill(name),
    err: () => err,
    errMatches: async (pattern) => {
      while (!pattern.test(err)) {
        const event = await Promise.race([once(child.stderr, "data"), closed.then(() => "closed")])
        if (event === "closed" && !pattern.test(err))
          throw new Error(`ended before ${pattern}: ${err}`)
      }
    },
    finished: closed.then(() => ({ exitCode: child.exitCode, out, err }))
  }
}

/** Runs `sluice` to its end. */
export const sluice = (...args: ReadonlyArray<string>): Promise<Finished> => start(args).finished
