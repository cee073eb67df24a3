// Breaks core, one place at a time, in a copy, and lets the kit look for it. No test was written
// for any of the first ten, nor for those of the byte path; those between were missed at first.
// `node -C sluice-source bench/seededBugs.ts` prints the tables of docs/seeded-bugs.md; exit code 1
// when one is not found.
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
    what: "a wake-up that came before the wait is forgotten",
    file: "internal/runtime/wakeup.ts",
    sound: "      this.signalled = false\n      return resume(Effect.void)\n",
    broken: "      this.signalled = false\n"
  },
  {
    what: "headers stay in place when a filter moves the records",
    file: "Batch.ts",
    sound: "column[positions[j] as number] as T",
    broken: "column[j] as T"
  },
  {
    what: "a dead letter forgets its attempts",
    file: "internal/runtime/rejections.ts",
    sound: "attempts: rejection.attempts ?? 1",
    broken: "attempts: 1"
  },
  {
    what: "results of effects bear the number of the record before",
    file: "internal/operators/slotEmitter.ts",
    sound: "positions[items.length] = slot.position",
    broken: "positions[items.length] = Math.max(0, slot.position - 1)"
  },
  {
    what: "records are numbered anew with each batch of a chunk",
    file: "internal/runtime/feed.ts",
    sound: "this.seq += count",
    broken: "this.seq += from === 0 ? count : 0"
  },
  {
    what: "a source whose readers are gone is not told",
    file: "internal/runtime/supervise.ts",
    sound: "unread.segment.release()",
    broken: "unread.segment.setStatus"
  },
  {
    what: "a generated kernel skips the record behind a failed one",
    file: "internal/kernel/generate.ts",
    sound: "break; }\n      i++;",
    broken: "break; }\n      i += 2;"
  },
  {
    what: "a custom stage that fails is not closed",
    file: "internal/runtime/feedProcess.ts",
    sound: "Effect.ensuring(restore(Stream.runForEachArray(output, write)), stage.close)",
    broken: "Effect.andThen(restore(Stream.runForEachArray(output, write)), stage.close)"
  },
  {
    what: "a sink is offered again what it has taken",
    file: "internal/operators/endings.ts",
    sound: "const rest = isRejection(failed.cause) ? named(batch, failed.cause) : batch",
    broken: "const rest = batch"
  },
  {
    what: "a segment that ends leaves its timer running",
    file: "internal/runtime/segment.ts",
    sound: "const stopTimer = timer === undefined ? Effect.void : Fiber.interrupt(timer.fiber)",
    broken: "const stopTimer = Effect.void"
  }
]

/** Bugs that the kit let pass when they were first tried: it looks closer since. */
const missed: ReadonlyArray<Bug> = [
  {
    what: "a full buffer drops a whole batch where a part would do",
    file: "internal/boundedBuffer.ts",
    sound: "const gone = Math.min(count, excess)",
    broken: "const gone = excess > 0 ? count : 0"
  },
  {
    what: "the wait between attempts grows one attempt too soon",
    file: "internal/operators/attempt.ts",
    sound: "(policy.factor ?? 2) ** (n - 1)",
    broken: "(policy.factor ?? 2) ** n"
  },
  {
    what: "timers of keys are looked at only when something else is due",
    file: "internal/operators/accumulate.ts",
    sound: "const due = this.instance.pending() || this.instance.deadline() <= this.run.now()",
    broken: "const due = this.instance.pending()"
  },
  {
    what: "one call more than the concurrency, where calls wait for their key",
    file: "internal/operators/inFlight.ts",
    sound: "else if (this.active < this.concurrency) this.launch(slot)",
    broken: "else if (this.active <= this.concurrency) this.launch(slot)"
  }
]

/** Bugs where records are bytes, chosen before it was known what finds them. */
const bytePath: ReadonlyArray<Bug> = [
  {
    what: "a filter on views moves the numbers it keeps to the start of the sheet",
    file: "internal/views/columnData.ts",
    sound: 'if (_tag === "Number") moveEntries(this.value, rows, to)',
    broken: 'if (_tag === "Number") moveEntries(this.value, rows, 0)'
  },
  {
    what: "the dead letter of a function on rows has another row's record",
    file: "internal/rows/rowStage.ts",
    sound: "recordAt(this.sheet as Sheet, this.from + position)",
    broken: "recordAt(this.sheet as Sheet, position)"
  },
  {
    what: "a stage where views end does not give the block back",
    file: "internal/operators/viewStage.ts",
    sound: "  const items = block.toObjects()\n  block.release()\n",
    broken: "  const items = block.toObjects()\n"
  },
  {
    what: "a part of a block has no share of its bytes",
    file: "Views.ts",
    sound: "if (to < this.length) this.sheet.retain()",
    broken: ""
  },
  {
    what: "records behind a function on rows have the places of the block before",
    file: "internal/rows/rowStage.ts",
    sound: "positions[j] = (positions[j] as number) - block.from",
    broken: "positions[j] = positions[j] as number"
  },
  {
    what: "a filter on rows keeps the computed columns of records it drops",
    file: "internal/rows/rowStage.ts",
    sound: "for (const data of fresh.values()) data.compact(rows, from)",
    broken: ""
  }
]

const kit = fileURLToPath(new URL("..", import.meta.url))
const core = fileURLToPath(new URL("../../core/", import.meta.url))
const probeMsMax = 180_000

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
  const lines = child.stdout.split("\n").filter((line) => line !== "")
  if (child.error !== undefined) return [...lines, `never ends (${probeMsMax / 1_000} s)`]
  // 13: the run waits for something that will never come.
  if (child.status === 13) return [...lines, "the process ends in the midst of a run"]
  if (child.status !== 0) throw new Error(child.stderr)
  return lines
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
  const all = [...bugs, ...missed, ...bytePath]
  for (const bug of all) brokenText(folder, bug)
  const sound = probed(folder)
  if (sound.length > 0) throw new Error(`the kit finds something in sound code: ${sound}`)
  const head = "| # | bug | in | found by |\n| --- | --- | --- | --- |"
  console.log(head)
  for (const [n, bug] of all.entries()) {
    if (n === bugs.length) console.log(`\nMissed at first:\n\n${head}`)
    if (n === bugs.length + missed.length) console.log(`\nIn the byte path:\n\n${head}`)
    const found = broken(folder, bug)
    const by = found.length === 0 ? "NOT FOUND" : found.join("; ").replaceAll("|", "\\|")
    console.log(`| ${n + 1} | ${bug.what} | \`${bug.file}\` | ${by} |`)
    if (found.length === 0) process.exitCode = 1
  }
} finally {
  fs.rmSync(folder, { recursive: true })
}
