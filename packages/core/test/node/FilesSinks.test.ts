// The file sinks on real files; where the order of I/O matters, on a file system the test steps by
// hand.

import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as Batch from "../../src/Batch.ts"
import * as Files from "../../src/node/Files.ts"
import { Override } from "../../src/node/internal/fileSystem.ts"
import * as RunMode from "../../src/RunMode.ts"
import * as drive from "./drive.ts"
import * as manualFileSystem from "./manualFileSystem.ts"

const place = Effect.map(drive.directory, (root) => (name: string) => path.join(root, name))

const opened = (sink: ReturnType<typeof Files.linesSink>, manual: manualFileSystem.Manual) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const writer = yield* sink.open.pipe(
      Effect.provideService(Scope.Scope, scope),
      Effect.provideService(Override, manual.system)
    )
    return { writer, close: Scope.close(scope, Exit.void) }
  })

describe("file sinks", () => {
  it.effect("write what a source reads back, at once or not, whatever the block size", () =>
    Effect.gen(function* () {
      const at = yield* place
      const records = Array.from({ length: 700 }, (_, i) => ({
        key: `é${i}`,
        text: "x".repeat(i % 90)
      }))
      const batches = [records.slice(0, 300), [], records.slice(300, 301), records.slice(301)]
      for (const [i, blockBytes] of [1, 100, 10_000, 1 << 20].entries()) {
        const out = at(`out${i}.ndjson`)
        const writing = drive.writeAll(Files.ndjsonSink(out, { blockBytes }), batches)
        yield* i % 2 === 0 ? writing : Effect.provideService(writing, RunMode.Deterministic, true)
        expect((yield* drive.readAll(Files.ndjson(out))).items).toEqual(records)
        expect(drive.openFiles(at(""))).toEqual([])
      }
    })
  )

  const flushed = (options: Files.FileSinkOptions) =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({})
      const opening = yield* Effect.forkChild(
        opened(Files.linesSink("out.txt", { atomic: false, ...options }), manual)
      )
      while (opening.pollUnsafe() === undefined) {
        manual.step()
        yield* Effect.yieldNow
      }
      const { writer, close } = yield* Fiber.join(opening)
      const write = (...lines: ReadonlyArray<string>) => drive.write(writer, lines)
      return { manual, write, close }
    })

  it.effect("write a full block, or else nothing before the end", () =>
    Effect.gen(function* () {
      const { manual, write } = yield* flushed({ blockBytes: 10_000 })
      yield* write("a".repeat(9_000))
      expect(manual.log.writes).toBe(0)
      yield* write("b".repeat(9_000))
      expect(manual.log.writes).toBe(1)
    })
  )

  it.effect("flush after each batch, what came during a write in one", () =>
    Effect.gen(function* () {
      const { manual, write } = yield* flushed({ flush: "batch" })
      yield* write("a")
      expect(manual.log.writes).toBe(1)
      yield* write("b")
      yield* write("c")
      expect(manual.log.writes).toBe(1)
      while (manual.step());
      expect(manual.log).toMatchObject({ writes: 2, written: "a\nb\nc\n" })
    })
  )

  it.effect("flush at the latest an interval after a record was taken, and tick for nothing", () =>
    Effect.gen(function* () {
      const { manual, write } = yield* flushed({ flush: { interval: "50 millis" } })
      yield* TestClock.adjust("1 hour")
      yield* write("a")
      yield* TestClock.adjust("30 millis")
      yield* write("b")
      yield* TestClock.adjust("19 millis")
      expect(manual.log.writes).toBe(0)
      yield* TestClock.adjust("1 millis")
      while (manual.step());
      expect(manual.log).toMatchObject({ writes: 1, written: "a\nb\n" })
      yield* TestClock.adjust("1 hour")
      expect(manual.log.writes).toBe(1)
      yield* write("c")
      yield* TestClock.adjust("50 millis")
      while (manual.step());
      expect(manual.log).toMatchObject({ writes: 2, written: "a\nb\nc\n" })
    })
  )

  it("refuse an interval out of range", () => {
    for (const interval of ["0 millis", "25 hours"] as const)
      expect(() => Files.linesSink("out.txt", { flush: { interval } })).toThrow(
        /flush.interval is \d+ ms. Cure: give a time from 1 millisecond to 24 hours/
      )
  })

  it.effect("give the file its name only at the end", () =>
    Effect.gen(function* () {
      const at = yield* place
      fs.writeFileSync(at("out.txt"), "before")
      fs.chmodSync(at("out.txt"), 0o600)
      fs.symlinkSync(at("out.txt"), at("link.txt"))
      yield* Effect.scoped(
        Effect.gen(function* () {
          const writer = yield* Files.linesSink(at("link.txt")).open
          yield* drive.write(writer, ["a", "b"])
          expect(fs.readFileSync(at("out.txt"), "utf8")).toBe("before")
          yield* writer.end ?? Effect.void
        })
      )
      expect(fs.readFileSync(at("out.txt"), "utf8")).toBe("a\nb\n")
      expect(fs.statSync(at("out.txt")).mode & 0o777).toBe(0o600)
      expect(fs.lstatSync(at("link.txt")).isSymbolicLink()).toBe(true)
      expect(fs.readdirSync(at("")).sort()).toEqual(["link.txt", "out.txt"])
    })
  )

  it.effect("make the directory when asked to, and only then", () =>
    Effect.gen(function* () {
      const at = yield* place
      const deep = at("a/b/c.txt")
      const refused = yield* Effect.flip(drive.writeAll(Files.linesSink(deep), [["x"]]))
      expect(String(refused)).toContain("does not exist")
      yield* drive.writeAll(Files.linesSink(deep, { makeDirectory: true }), [["x"]])
      expect(fs.readFileSync(deep, "utf8")).toBe("x\n")
    })
  )

  it.effect("leave the old file alone when the run is aborted, and close", () =>
    Effect.gen(function* () {
      const at = yield* place
      fs.writeFileSync(at("out.txt"), "before")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const writer = yield* Files.linesSink(at("out.txt"), { blockBytes: 1 }).open
          yield* drive.write(writer, ["a"])
        })
      )
      expect(fs.readFileSync(at("out.txt"), "utf8")).toBe("before")
      expect(fs.existsSync(at("out.txt.partial"))).toBe(true)
      expect(drive.openFiles(at(""))).toEqual([])
    })
  )

  it.effect("write in place when asked to, and an empty run makes an empty file", () =>
    Effect.gen(function* () {
      const at = yield* place
      yield* drive.writeAll(Files.linesSink(at("a.txt"), { atomic: false }), [])
      yield* drive.writeAll(Files.linesSink(at("b.txt")), [])
      expect(fs.readFileSync(at("a.txt"), "utf8") + fs.readFileSync(at("b.txt"), "utf8")).toBe("")
      expect(fs.readdirSync(at("")).sort()).toEqual(["a.txt", "b.txt"])
    })
  )

  it.effect("say what is wrong with the path, before any record", () =>
    Effect.gen(function* () {
      const at = yield* place
      fs.mkdirSync(at("d"))
      const failure = (file: string) => Effect.flip(Effect.scoped(Files.linesSink(file).open))
      expect((yield* failure(at("no/out.txt"))).message).toMatch(
        /the directory .*\/no does not exist\. Cure: create/
      )
      expect((yield* failure(at("d"))).reason).toBe("IsDirectory")
    })
  )

  it.effect("name a full device", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(drive.writeAll(Files.linesSink("/dev/full"), [["a"]]))
      expect(failure).toMatchObject({ _tag: "FileError", reason: "NoSpace", path: "/dev/full" })
      expect((failure as Files.FileError).message).toMatch(
        /no space left on the device\. Cure: free some space/
      )
    })
  )

  it.effect("say that writing is not permitted, and close nothing that was not opened", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({}, true)
      const denied = {
        ...manual.system,
        openWrite: (_path: string, _mode: number, done: (error: unknown, value: never) => void) =>
          done({ code: "EACCES" }, undefined as never)
      }
      const failure = yield* Effect.flip(
        Effect.scoped(Files.linesSink("out.txt").open).pipe(Effect.provideService(Override, denied))
      )
      expect(failure.message).toMatch(/permission denied\. Cure: .*atomic to false/)
      expect(manual.log.closed).toBe(0)
    })
  )
})

describe("file sinks, records they cannot take", () => {
  it.effect("name the records without JSON form and write all others of the batch", () =>
    Effect.gen(function* () {
      const at = yield* place
      const cycle: Record<string, unknown> = {}
      cycle["self"] = cycle
      yield* Effect.scoped(
        Effect.gen(function* () {
          const writer = yield* Files.ndjsonSink<unknown>(at("out.ndjson")).open
          const rejected = yield* Effect.flip(
            drive.write(writer, [1, cycle, 2, 10n, undefined, () => 1, 3])
          )
          if (rejected._tag !== "RecordsRejected") throw rejected
          expect(rejected.records.map((record) => record.index)).toEqual([1, 3, 4, 5])
          expect(String(rejected.records[2]?.cause)).toMatch(
            /type undefined has no JSON form\. Cure/
          )
          yield* drive.write(writer, [4])
          yield* writer.end ?? Effect.void
        })
      )
      expect(fs.readFileSync(at("out.ndjson"), "utf8")).toBe("1\n2\n3\n4\n")
    })
  )

  it.effect("name them also when the batch had to wait", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({})
      const { writer, close } = yield* opened(Files.linesSink("out.txt", { blockBytes: 1 }), manual)
      yield* drive.write(writer, ["a".repeat(9_000)])
      yield* drive.write(writer, ["b".repeat(9_000)])
      const waiting = yield* Effect.forkChild(
        Effect.flip(drive.write(writer, ["c", "d\ne", "f"])),
        { startImmediately: true }
      )
      expect(waiting.pollUnsafe()).toBeUndefined()
      manual.step()
      expect(yield* Fiber.join(waiting)).toMatchObject({
        _tag: "RecordsRejected",
        records: [{ index: 1 }]
      })
      const ending = yield* Effect.forkChild(writer.end ?? Effect.void, { startImmediately: true })
      while (manual.step());
      yield* Fiber.join(ending)
      yield* close
      expect(manual.log.written).toBe(`${"a".repeat(9_000)}\n${"b".repeat(9_000)}\nc\nf\n`)
    })
  )

  it.effect("check what an own encoder makes", () =>
    Effect.gen(function* () {
      const at = yield* place
      const sink = Files.ndjsonSink<number>(at("out.ndjson"), {
        encode: (n) => (n === 1 ? "a\nb" : `n${n}`)
      })
      const rejected = yield* Effect.flip(drive.writeAll(sink, [[0, 1]]))
      expect(rejected).toMatchObject({ _tag: "RecordsRejected", records: [{ index: 1 }] })
    })
  )
})

describe("file sinks, one write behind", () => {
  it.effect("take a second block while the first is written, and wait with the third", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({})
      const { writer, close } = yield* opened(
        Files.linesSink("out.txt", { blockBytes: 8_192 }),
        manual
      )
      const line = "x".repeat(8_192)
      expect(writer.write(Batch.make([line]))).toBeUndefined()
      expect(manual.log.writes).toBe(1)
      expect(writer.write(Batch.make([line]))).toBeUndefined()
      const wait = writer.write(Batch.make([line]))
      if (!Effect.isEffect(wait))
        throw new Error("two blocks wait already, so the third batch must wait")
      const waiting = yield* Effect.forkChild(wait, { startImmediately: true })
      expect([manual.log.writes, manual.pending()]).toEqual([1, 1])
      manual.step()
      yield* Fiber.join(waiting)
      expect([manual.log.writes, manual.pending()]).toEqual([2, 1])
      const ending = yield* Effect.forkChild(writer.end ?? Effect.void, { startImmediately: true })
      while (manual.step());
      yield* Fiber.join(ending)
      expect(manual.log).toMatchObject({ writes: 3, written: `${line}\n`.repeat(3), closed: 1 })
      expect(manual.log.renamed).toEqual(["out.txt.partial -> out.txt"])
      yield* close
      expect(manual.log.closed).toBe(1)
    })
  )

  it.effect("take nothing of a batch whose wait is interrupted", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({})
      const { writer } = yield* opened(Files.linesSink("out.txt", { blockBytes: 1 }), manual)
      yield* drive.write(writer, ["a".repeat(9_000)])
      yield* drive.write(writer, ["b".repeat(9_000)])
      const waiting = yield* Effect.forkChild(drive.write(writer, ["c"]), {
        startImmediately: true
      })
      yield* Fiber.interrupt(waiting)
      const ending = yield* Effect.forkChild(writer.end ?? Effect.void, { startImmediately: true })
      while (manual.step());
      yield* Fiber.join(ending)
      expect(manual.log.written).toBe(`${"a".repeat(9_000)}\n${"b".repeat(9_000)}\n`)
    })
  )

  it.effect("go on after a write that took only a part", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({}, true)
      manual.writeMax = 3
      yield* drive
        .writeAll(Files.linesSink("out.txt"), [["hello", "world"]])
        .pipe(Effect.provideService(Override, manual.system))
      expect(manual.log).toMatchObject({ writes: 4, written: "hello\nworld\n" })
    })
  )

  it.effect(
    "fail the next write and the end after a write failed, and do not publish the file",
    () =>
      Effect.gen(function* () {
        const manual = manualFileSystem.make({})
        const { writer, close } = yield* opened(
          Files.linesSink("out.txt", { blockBytes: 1 }),
          manual
        )
        yield* drive.write(writer, ["a".repeat(9_000)])
        manual.failNextWrite = "ENOSPC"
        manual.step()
        const failure = yield* Effect.flip(drive.write(writer, ["b"]))
        expect(failure).toMatchObject({ _tag: "FileError", reason: "NoSpace", path: "out.txt" })
        const ending = yield* Effect.forkChild(Effect.flip(writer.end ?? Effect.void), {
          startImmediately: true
        })
        while (manual.step());
        expect(yield* Fiber.join(ending)).toBe(failure)
        yield* close
        expect(manual.log).toMatchObject({ renamed: [], closed: 1 })
      })
  )

  it.effect("finish the write under way before they close on abort", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({})
      const { writer, close } = yield* opened(Files.linesSink("out.txt", { blockBytes: 1 }), manual)
      yield* drive.write(writer, ["a".repeat(9_000)])
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      expect(manual.log.closed).toBe(0)
      manual.step()
      expect(closing.pollUnsafe()).toBeUndefined()
      manual.step()
      yield* Fiber.join(closing)
      expect(manual.log).toMatchObject({ closed: 1, renamed: [] })
    })
  )

  it.effect("write to standard output without a file", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({}, true)
      yield* drive
        .writeAll(Files.linesSink("-"), [["a"]])
        .pipe(Effect.provideService(Override, manual.system))
      expect(manual.log).toMatchObject({ written: "a\n", opened: 0, renamed: [] })
    })
  )
})
