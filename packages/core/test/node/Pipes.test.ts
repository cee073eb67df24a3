// Pipes and standard input: read as they come, given up at once, and no thread is left waiting for
// a read that nobody answers, so that the process can end.
import { execFileSync, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as zlib from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import * as Files from "../../src/node/Files.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import { settle } from "../watchedSource.ts"
import { directory, openFiles, readAll } from "./drive.ts"

const until = (holds: () => boolean) =>
  Effect.gen(function* () {
    for (let turn = 0; turn < 20_000 && !holds(); turn++) yield* settle
    expect(holds()).toBe(true)
  })

/** A named pipe with its writing end open; the test writes. */
const pipe = Effect.gen(function* () {
  const at = path.join(yield* directory, "pipe")
  execFileSync("mkfifo", [at])
  // Open for both, so that opening waits for nobody.
  const fd = yield* Effect.acquireRelease(
    Effect.sync(() => fs.openSync(at, "r+")),
    (opened) => Effect.sync(() => fs.closeSync(opened))
  )
  return { at, write: (bytes: string | Buffer) => fs.writeSync(fd, Buffer.from(bytes)) }
})

describe("a named pipe", () => {
  for (const mode of ["graceful", "abort"] as const) {
    it.effect(`is given up at once, ${mode}; what was read is delivered`, () =>
      Effect.gen(function* () {
        const { at, write } = yield* pipe
        const out: Array<string> = []
        const closed = Pipeline.source("in", Files.lines(at)).pipe(
          Pipeline.sink("out", Sink.collectInto(out))
        )
        write("a\nb\nhalf")
        const running = yield* Pipeline.start(closed)
        yield* until(() => out.length === 2)
        write("\nc\n")
        yield* until(() => out.length === 4)
        yield* running.stop(mode)
        const { status } = yield* running.result
        expect(status).toBe(mode === "graceful" ? "stopped" : "aborted")
        expect(out).toEqual(["a", "b", "half", "c"])
        // The test holds the writing end.
        yield* until(() => openFiles(at).length === 1)
      })
    )
  }

  for (const mode of ["graceful", "abort"] as const) {
    it.effect(`that nobody writes to is given up at once, ${mode}`, () =>
      Effect.gen(function* () {
        const at = path.join(yield* directory, "pipe")
        execFileSync("mkfifo", [at])
        const closed = Pipeline.source("in", Files.lines(at)).pipe(Pipeline.sink("out", Sink.drain))
        const running = yield* Pipeline.start(closed)
        yield* until(() => openFiles(at).length === 1)
        yield* running.stop(mode)
        const { status } = yield* running.result
        expect(status).toBe(mode === "graceful" ? "stopped" : "aborted")
        yield* until(() => openFiles(at).length === 0)
      })
    )
  }

  it.effect("that nobody reads is given up by an abort, and written once somebody does", () =>
    Effect.gen(function* () {
      const at = path.join(yield* directory, "pipe")
      execFileSync("mkfifo", [at])
      const closed = () =>
        Pipeline.source("in", Source.fromIterable(["a", "b"])).pipe(
          Pipeline.sink("out", Files.linesSink(at))
        )
      const given = yield* Pipeline.start(closed())
      yield* settle
      yield* given.stop("abort")
      expect((yield* given.result).status).toBe("aborted")
      const running = yield* Pipeline.start(closed())
      const fd = fs.openSync(at, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
      expect((yield* running.result).status).toBe("completed")
      expect(fs.readFileSync(fd, "utf8")).toBe("a\nb\n")
      fs.closeSync(fd)
    }).pipe(TestClock.withLive)
  )

  it.effect("is read from its first writer on", () =>
    Effect.gen(function* () {
      const at = path.join(yield* directory, "pipe")
      execFileSync("mkfifo", [at])
      const out: Array<string> = []
      const closed = Pipeline.source("in", Files.lines(at)).pipe(
        Pipeline.sink("out", Sink.collectInto(out))
      )
      const running = yield* Pipeline.start(closed)
      yield* until(() => openFiles(at).length === 1)
      fs.writeFileSync(at, "a\nb\n")
      expect((yield* running.result).status).toBe("completed")
      expect(out).toEqual(["a", "b"])
    })
  )

  it.effect("holds compressed data", () =>
    Effect.gen(function* () {
      const { at, write } = yield* pipe
      const out: Array<string> = []
      const closed = Pipeline.source("in", Files.lines(at, { compression: "gzip" })).pipe(
        Pipeline.sink("out", Sink.collectInto(out))
      )
      write(zlib.gzipSync("a\nb\nc\n", { finishFlush: zlib.constants.Z_SYNC_FLUSH }))
      const running = yield* Pipeline.start(closed)
      yield* until(() => out.length === 3)
      yield* running.stop("graceful")
      yield* Effect.exit(running.result)
      expect(out).toEqual(["a", "b", "c"])
      yield* until(() => openFiles(at).length === 1)
    })
  )
})

const program = path.join(import.meta.dirname, "fixtures", "standardInput.ts")
const run = (mode: string) => spawn(process.execPath, ["-C", "sluice-source", program, mode])

const ended = (child: ReturnType<typeof run>) =>
  Effect.callback<{ readonly code: number | null; readonly out: string }>((resume) => {
    let out = ""
    child.stdout.on("data", (bytes: Buffer) => {
      out += bytes.toString()
    })
    child.stderr.on("data", (bytes: Buffer) => {
      out += bytes.toString()
    })
    child.on("close", (code) => resume(Effect.succeed({ code, out })))
  })

describe("standard input", () => {
  it.live("is read to its end", () =>
    Effect.gen(function* () {
      const child = run("all")
      child.stdin.end("a\nb\nc")
      expect(yield* ended(child)).toEqual({ code: 0, out: "a\nb\nc\n" })
    })
  )

  it.live("is let go of by a run that stops, and the program ends by itself", () =>
    Effect.gen(function* () {
      const child = run("first")
      child.stdin.write("a\n")
      // Nobody ends the input: the program must not wait for it.
      expect(yield* ended(child)).toEqual({ code: 0, out: "a\nstopped\n" })
    })
  )

  it.effect("that is a file is read as a file", () =>
    Effect.gen(function* () {
      const at = path.join(yield* directory, "in.txt")
      fs.writeFileSync(at, "x\ny\n")
      const input = fs.openSync(at, "r")
      const out = execFileSync(process.execPath, ["-C", "sluice-source", program, "all"], {
        stdio: [input, "pipe", "inherit"]
      })
      fs.closeSync(input)
      expect(out.toString()).toBe("x\ny\n")
      const { items } = yield* readAll(Files.lines(at))
      expect(items).toEqual(["x", "y"])
    })
  )
})
