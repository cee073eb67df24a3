// Breaks core in ten places, one at a time, in a copy, and lets the kit look for it: no test was
// written for any of these. `node -C sluice-source bench/seededBugs.ts` prints the table of
// docs/seeded-bugs.md; exit code 1 when one is not found.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

interface Bug {
  readonly what: string
  /** File in packages/core/src, and the text that is replaced, which must stand there once. */
  readonly file: string
  readonly sound: string
  readonly broken: string
}

const bugs: ReadonlyArray<Bug> = [
  {
    what: "one retry too few",
    file: "internal/operators/attempt.ts",
    sound: "n <= retriesMax",
    broken: "n < retriesMax"
  },
  {
    what: "two records of one key in flight at once",
    file: "internal/operators/inFlight.ts",
    sound: "if (tail !== undefined) tail.follower",
    broken: "if (tail !== undefined && this.active >= this.options.concurrency) tail.follower"
  },
  {
    what: "an ordered result leaves before its call has ended",
    file: "internal/operators/inFlight.ts",
    sound: "(this.leaving[this.head] as Slot).done",
    broken: "this.leaving[this.head] !== undefined"
  },
  {
    what: "headers stay in place when a filter moves the records",
    file: "Batch.ts",
    sound: "column[positions[j] as number] as T",
    broken: "column[j] as T"
  },
  {
    what: "a channel does not give its room back",
    file: "internal/boundedBuffer.ts",
    sound: "    this.used -= batch.items.length\n",
    broken: ""
  },
  {
    what: "a record that no route takes is not counted as dropped",
    file: "internal/operators/branch.ts",
    sound: "if (port < 0) this.run.dropped(this.node.id, [payload])",
    broken: "if (port < 0) continue"
  },
  {
    what: "a last single partial is forgotten at the end of the input",
    file: "internal/operators/accumulate.ts",
    sound: 'if (batch === undefined) return "done"',
    broken: 'if (batch === undefined || batch.items.length === 1) return "done"'
  },
  {
    what: "a segment that ends does not close its operators",
    file: "internal/runtime/supervise.ts",
    sound: "segment.close,",
    broken: "Effect.void,"
  },
  {
    what: "a generated kernel skips the record behind a failed one",
    file: "internal/kernel/generate.ts",
    sound: "      i++;\n    }\n  }\n  out.length",
    broken: "      i += 2;\n    }\n  }\n  out.length"
  },
  {
    what: "a graceful stop forgets the rest of a chunk that was read",
    file: "internal/runtime/feed.ts",
    sound: "if (batch !== undefined) return this.hand(batch)",
    broken: "if (batch !== undefined && !this.segment.run.draining) return this.hand(batch)"
  }
]

const kit = fileURLToPath(new URL("..", import.meta.url))
const core = fileURLToPath(new URL("../../core/", import.meta.url))
const probeMsMax = 120_000

const linked = (target: string, link: string): void => {
  fs.mkdirSync(path.dirname(link), { recursive: true })
  fs.symlinkSync(fs.realpathSync(target), link)
}

/** A copy of core and of the kit, which sees that core only. */
const copied = (folder: string): void => {
  for (const [from, name] of [
    [core, "core"],
    [kit, "testkit"]
  ] as const) {
    for (const part of ["package.json", "src", "bench", "test"]) {
      const source = path.join(from, part)
      const target = path.join(folder, name, part)
      if (fs.existsSync(source)) fs.cpSync(source, target, { recursive: true })
    }
    linked(path.join(kit, "node_modules/effect"), path.join(folder, name, "node_modules/effect"))
  }
  linked(path.join(folder, "core"), path.join(folder, "testkit/node_modules/@sluice/core"))
}

const probed = (folder: string): ReadonlyArray<string> => {
  const args = ["-C", "sluice-source", "bench/probe.ts"]
  const cwd = path.join(folder, "testkit")
  const child = spawnSync(process.execPath, args, { cwd, encoding: "utf8", timeout: probeMsMax })
  if (child.error !== undefined) return [`never ends (${probeMsMax / 1_000} s)`]
  // 13: the run waits for something that will never come.
  if (child.status === 13)
    return [...child.stdout.trim().split("\n"), "the process ends in the midst of a run"]
  if (child.status !== 0) throw new Error(child.stderr)
  return child.stdout.split("\n").filter((line) => line !== "")
}

/** The file with its bug; throws where core has changed and the text is gone. */
const brokenText = (folder: string, bug: Bug): string => {
  const text = fs.readFileSync(path.join(folder, "core/src", bug.file), "utf8")
  if (text.split(bug.sound).length !== 2) throw new Error(`${bug.file}: not once: ${bug.sound}`)
  return text.replace(bug.sound, () => bug.broken)
}

const broken = (folder: string, bug: Bug): ReadonlyArray<string> => {
  const file = path.join(folder, "core/src", bug.file)
  const text = fs.readFileSync(file, "utf8")
  fs.writeFileSync(file, brokenText(folder, bug))
  try {
    return probed(folder)
  } finally {
    fs.writeFileSync(file, text)
  }
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-bugs-"))
try {
  copied(folder)
  for (const bug of bugs) brokenText(folder, bug)
  const sound = probed(folder)
  if (sound.length > 0) throw new Error(`the kit finds something in sound code: ${sound}`)
  console.log("| # | bug | in | found by |\n| --- | --- | --- | --- |")
  for (const [n, bug] of bugs.entries()) {
    const found = broken(folder, bug)
    const by = found.length === 0 ? "NOT FOUND" : found.join("; ").replaceAll("|", "\\|")
    console.log(`| ${n + 1} | ${bug.what} | \`${bug.file}\` | ${by} |`)
    if (found.length === 0) process.exitCode = 1
  }
} finally {
  fs.rmSync(folder, { recursive: true })
}
