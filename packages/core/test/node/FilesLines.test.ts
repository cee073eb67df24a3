// Files.lines on real files, driven without an engine.

import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Files from "../../src/node/Files.ts"
import { Override } from "../../src/node/internal/fileSystem.ts"
import * as RunMode from "../../src/RunMode.ts"
import * as drive from "./drive.ts"
import * as manualFileSystem from "./manualFileSystem.ts"

const deterministic = Effect.provideService(RunMode.Deterministic, true)

describe("Files.lines", () => {
  it.effect("reads LF, CRLF, a byte order mark and a last line without a line break", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ "a.txt": "\ufeffone\r\ntwo €\n\nlast" })
      const read = yield* drive.readAll(Files.lines(at("a.txt")))
      expect(drive.located(read)).toEqual([
        "a.txt:1 one",
        "a.txt:2 two €",
        "a.txt:3 ",
        "a.txt:4 last"
      ])
      expect(read.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0)).toBe(
        fs.statSync(at("a.txt")).size
      )
    })
  )

  it.effect("gives no record for an empty file", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ "a.txt": "" })
      const read = yield* drive.readAll(Files.lines(at("a.txt")))
      expect([read.items, read.failure]).toEqual([[], undefined])
    })
  )

  it.effect("gives the same records for any chunk size, at once or not", () =>
    Effect.gen(function* () {
      const text = Array.from({ length: 400 }, (_, i) => `line ${i} ${"é".repeat(i % 13)}`)
      const at = yield* drive.withFiles({ "a.txt": text.join("\r\n") })
      for (const chunkBytes of [1, 2, 3, 7, 64, 1_000, 1 << 18]) {
        const source = Files.lines(at("a.txt"), { chunkBytes })
        const read = yield* drive.readAll(source)
        const again = yield* deterministic(drive.readAll(source))
        expect(read.items).toEqual(text)
        expect(again.chunks).toEqual(read.chunks)
      }
    })
  )

  it.effect("names path, line and byte of broken UTF-8, after the good lines", () =>
    Effect.gen(function* () {
      const bytes = Buffer.concat([
        Buffer.from("ok\né!\nx"),
        Buffer.from([0xc3, 0x28]),
        Buffer.from("\nrest\n")
      ])
      const at = yield* drive.withFiles({ "a.txt": bytes })
      const read = yield* drive.readAll(Files.lines(at("a.txt")))
      expect(read.items).toEqual(["ok", "é!"])
      expect(read.failure).toMatchObject({
        reason: "InvalidUtf8",
        path: at("a.txt"),
        line: 3,
        byte: 8
      })
      expect(read.failure?.message).toMatch(
        /a\.txt:3 \(byte 8\): byte 0xc3 is not valid UTF-8.*Cure: .*latin1/
      )
      const replaced = yield* drive.readAll(Files.lines(at("a.txt"), { invalid: "replace" }))
      expect(replaced.items).toEqual(["ok", "é!", "x\ufffd(", "rest"])
    })
  )

  it.effect("passes a line of 50 MB", () =>
    Effect.gen(function* () {
      const size = 50 * 1_000 * 1_000
      const at = yield* drive.withFiles({
        "a.txt": Buffer.concat([Buffer.alloc(size, "x"), Buffer.from("\nend\n")])
      })
      const read = yield* drive.readAll(Files.lines(at("a.txt")))
      expect(read.items.map((line) => line.length)).toEqual([size, 3])
    })
  )

  it.effect("refuses a longer line than allowed, naming file, line, limit and cure", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ "a.txt": `short\n${"x".repeat(100_000)}\nend\n` })
      const read = yield* drive.readAll(
        Files.lines(at("a.txt"), { lineBytesMax: 1_000, chunkBytes: 100 })
      )
      expect(read.items).toEqual(["short"])
      expect(read.failure).toMatchObject({ reason: "LineTooLong", line: 2, byte: 6 })
      expect(read.failure?.message).toMatch(
        /a\.txt:2 .*lineBytesMax = 1000 bytes.*Cure: raise lineBytesMax/
      )
    })
  )

  it.effect(
    "reads the matches of a glob in path order, chunks of one file each, skipping directories",
    () =>
      Effect.gen(function* () {
        const at = yield* drive.withFiles({
          "d/b.txt": "b1\nb2",
          "d/a.txt": "a1\n",
          "d/sub.txt/c": "no",
          "d/Z.txt": "z1"
        })
        const read = yield* drive.readAll(Files.lines(at("d/*.txt")))
        expect(read.failure).toBeUndefined()
        expect(drive.located(read)).toEqual([
          "Z.txt:1 z1",
          "a.txt:1 a1",
          "b.txt:1 b1",
          "b.txt:2 b2"
        ])
        const both = yield* drive.readAll(Files.lines([at("d/b.txt"), at("d/**/{a,b}.txt")]))
        expect(both.items).toEqual(["b1", "b2", "a1"])
        expect((yield* deterministic(drive.readAll(Files.lines(at("d/*.txt"))))).chunks).toEqual(
          read.chunks
        )
      })
  )

  it.effect("takes a name that exists as it is written, whatever glob characters it has", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ "a[1].txt": "literal", "a1.txt": "matched" })
      expect((yield* drive.readAll(Files.lines(at("a[1].txt")))).items).toEqual(["literal"])
    })
  )

  it.effect("says what is wrong with a path before it reads anything", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ "d/a.txt": "x" })
      const failure = (file: string) =>
        Effect.map(drive.readAll(Files.lines(file)), (read) => read.failure)
      expect((yield* failure(at("missing.txt")))?.message).toMatch(
        /missing\.txt: there is no such file\. Cure/
      )
      expect((yield* failure(at("d")))?.message).toMatch(/it is a directory\. Cure: name the file/)
      expect((yield* failure(at("d/a.txt/x")))?.reason).toBe("NotFound")
      const none = yield* failure(at("d/*.csv"))
      expect(none).toMatchObject({ reason: "NoMatch", path: at("d/*.csv") })
      expect(none?.message).toContain(process.cwd())
      const both = yield* drive.readAll(Files.lines([at("d/a.txt"), at("missing.txt")]))
      expect([both.items, both.failure?.reason]).toEqual([[], "NotFound"])
    })
  )

  it.effect("says that reading is not permitted", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({ "a.txt": "x" }, true)
      const denied = {
        ...manual.system,
        openRead: (_path: string, done: (error: unknown, value: never) => void) =>
          done({ code: "EACCES" }, undefined as never)
      }
      const read = yield* drive
        .readAll(Files.lines("a.txt"))
        .pipe(Effect.provideService(Override, denied))
      expect(read.failure?.message).toMatch(
        /a\.txt: permission denied\. Cure: give this user the right to read/
      )
    })
  )

  it.effect("fails where the device failed, after the lines before it, and closes", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({ "a.txt": "one\ntwo\nthree\n" }, true)
      const openRead: typeof manual.system.openRead = (file, done) =>
        manual.system.openRead(file, (error, handle) =>
          done(error, {
            ...handle,
            read: (buffer, offset, length, next) =>
              manual.log.reads < 2
                ? handle.read(buffer, offset, length, next)
                : next(Object.assign(new Error("EIO"), { code: "EIO" }), 0)
          })
        )
      const read = yield* drive
        .readAll(Files.lines("a.txt", { chunkBytes: 5 }))
        .pipe(Effect.provideService(Override, { ...manual.system, openRead }))
      expect(read.items).toEqual(["one", "two"])
      expect(read.failure).toMatchObject({ reason: "Io", path: "a.txt", byte: 10 })
      expect(manual.log.closed).toBe(1)
    })
  )

  it.effect("interleaves the chunks of several files and keeps each file's order", () =>
    Effect.gen(function* () {
      const names = ["a", "b", "c", "d", "e"]
      const content = (name: string) => Array.from({ length: 50 }, (_, i) => `${name}${i}`)
      const at = yield* drive.withFiles(
        Object.fromEntries(names.map((name) => [`${name}.txt`, content(name).join("\n")]))
      )
      const read = yield* drive.readAll(
        Files.lines(at("*.txt"), { parallelism: 3, chunkBytes: 32 })
      )
      for (const name of names)
        expect(read.items.filter((item) => item.startsWith(name))).toEqual(content(name))
      expect(read.items).toHaveLength(250)
      const order = read.chunks.map((chunk) => path.basename(chunk.provenance?.name ?? ""))
      expect(order.indexOf("c.txt")).toBeLessThan(order.lastIndexOf("a.txt"))
      expect(order.indexOf("d.txt")).toBeGreaterThan(order.lastIndexOf("a.txt"))
    })
  )

  it.effect("answers at once and alike every time in a deterministic run", () =>
    Effect.gen(function* () {
      const text = Array.from({ length: 500 }, (_, i) => `line ${i}`).join("\n")
      const at = yield* drive.withFiles({ "a.txt": text, "b.txt": text, "c.txt": text })
      const read = deterministic(
        drive.readAll(Files.lines(at("*.txt"), { parallelism: 2, chunkBytes: 128 }))
      )
      const first = yield* read
      expect(first.atOnce).toBe(first.chunks.length + 1)
      const order = first.chunks.map((chunk) => path.basename(chunk.provenance?.name ?? ""))
      expect(order.slice(0, 4)).toEqual(["a.txt", "b.txt", "a.txt", "b.txt"])
      expect((yield* read).chunks).toEqual(first.chunks)
    })
  )

  it("refuses options out of range where they are given", () => {
    expect(() => Files.lines("a", { parallelism: 0 })).toThrow(/parallelism is 0\. Cure/)
    expect(() => Files.lines("a", { lineBytesMax: 1e12 })).toThrow(/lineBytesMax/)
    expect(() => Files.lines("a", { chunkBytes: 1.5 })).toThrow(/chunkBytes/)
  })
})
