// When file sources read and close: on a file system that the test steps by hand.

import * as fs from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Files from "../../src/node/Files.ts"
import { Override } from "../../src/node/internal/fileSystem.ts"
import * as drive from "./drive.ts"
import * as manualFileSystem from "./manualFileSystem.ts"

describe("Files.lines, its handles", () => {
  const many = `${"0123456789\n".repeat(1_000)}`

  it.effect("closes every file at the end, on failure and when left early", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ "a.txt": many, "b.txt": `${many}\xff`, "c.txt": many })
      const root = at("")
      fs.appendFileSync(at("b.txt"), Buffer.from([0xff]))
      yield* drive.readAll(Files.lines(at("a.txt")))
      expect(drive.openFiles(root)).toEqual([])
      const failed = yield* drive.readAll(
        Files.lines(at("*.txt"), { parallelism: 3, chunkBytes: 64 })
      )
      expect(failed.failure?.reason).toBe("InvalidUtf8")
      expect(drive.openFiles(root)).toEqual([])
      yield* Effect.scoped(
        Effect.gen(function* () {
          const reader = yield* Files.lines(at("*.txt"), { parallelism: 3, chunkBytes: 64 }).open
          const pulled = reader.pull()
          if (Effect.isEffect(pulled)) yield* pulled
          expect(drive.openFiles(root).length).toBeGreaterThan(0)
        })
      )
      expect(drive.openFiles(root)).toEqual([])
    })
  )

  it.effect("waits for the read under way before it closes, when interrupted in it", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({ "a.txt": many })
      const fiber = yield* drive
        .readAll(Files.lines("a.txt", { chunkBytes: 64 }))
        .pipe(
          Effect.provideService(Override, manual.system),
          Effect.forkChild({ startImmediately: true })
        )
      manual.step()
      expect(manual.log).toMatchObject({ opened: 1, reads: 1, closed: 0 })
      const interrupting = yield* Fiber.interrupt(fiber).pipe(
        Effect.forkChild({ startImmediately: true })
      )
      expect(interrupting.pollUnsafe()).toBeUndefined()
      expect(manual.pending()).toBe(1)
      manual.step()
      expect(manual.log).toMatchObject({ reads: 1, closed: 0 })
      expect(interrupting.pollUnsafe()).toBeUndefined()
      manual.step()
      yield* Fiber.join(interrupting)
      expect(manual.log).toMatchObject({ reads: 1, closed: 1 })
    })
  )

  it.effect("closes a file whose opening was under way, when interrupted in it", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({ "a.txt": many })
      const scope = yield* Scope.make()
      const source = Files.lines("a.txt")
      const reader = yield* source.open.pipe(
        Effect.provideService(Scope.Scope, scope),
        Effect.provideService(Override, manual.system)
      )
      const pulled = reader.pull()
      expect(Effect.isEffect(pulled)).toBe(true)
      const closing = yield* Scope.close(scope, Exit.void).pipe(
        Effect.forkChild({ startImmediately: true })
      )
      while (manual.step());
      yield* Fiber.join(closing)
      expect(manual.log).toMatchObject({ opened: 1, reads: 0, closed: 1 })
    })
  )

  it.effect("ends the scope only when every file is closed, also after one of them failed", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({ "a.txt": `${"x".repeat(20)}\n`, "b.txt": many })
      const source = Files.lines(["a.txt", "b.txt"], {
        parallelism: 2,
        lineBytesMax: 10,
        chunkBytes: 30
      })
      const reading = yield* drive
        .readAll(source)
        .pipe(
          Effect.provideService(Override, manual.system),
          Effect.forkChild({ startImmediately: true })
        )
      while (reading.pollUnsafe() === undefined && manual.step());
      expect((yield* Fiber.join(reading)).failure?.reason).toBe("LineTooLong")
      expect(manual.log).toMatchObject({ opened: 2, closed: 2 })
      expect(manual.pending()).toBe(0)
    })
  )

  it.effect.each(["no line break at the end", "a line break at the end\n", ""])(
    "closes a file of %j",
    (text) =>
      Effect.gen(function* () {
        const manual = manualFileSystem.make({ "a.txt": text }, true)
        yield* drive
          .readAll(Files.lines("a.txt"))
          .pipe(Effect.provideService(Override, manual.system))
        expect(manual.log).toMatchObject({ opened: 1, closed: 1 })
      })
  )

  it.effect("reads one chunk ahead of a slow consumer and no more", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({ "a.txt": many })
      const scope = yield* Scope.make()
      const reader = yield* Files.lines("a.txt", { chunkBytes: 110 }).open.pipe(
        Effect.provideService(Scope.Scope, scope),
        Effect.provideService(Override, manual.system)
      )
      const first = reader.pull()
      if (!Effect.isEffect(first))
        throw new Error("nothing was read yet, so the first pull must wait")
      const waiting = yield* Effect.forkChild(first, { startImmediately: true })
      while (manual.step());
      expect((yield* Fiber.join(waiting))?.items).toHaveLength(10)
      expect(manual.log.reads).toBe(2)
      while (manual.step());
      expect(manual.log.reads).toBe(2)
      const second = reader.pull()
      expect(Effect.isEffect(second)).toBe(false)
      expect(manual.log.reads).toBe(3)
      const closing = yield* Scope.close(scope, Exit.void).pipe(
        Effect.forkChild({ startImmediately: true })
      )
      while (manual.step());
      yield* Fiber.join(closing)
    })
  )
})
