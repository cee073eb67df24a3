// Drives sources and sinks as an engine would, without one; and temporary directories that vanish
// with the test.

import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Batch from "../../src/Batch.ts"
import type * as Sink from "../../src/Sink.ts"
import type * as Source from "../../src/Source.ts"

/** A fresh directory, removed with the scope. */
export const directory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "sluice-files-"))),
  (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
)

/** A fresh directory with these files; answers the path of a name in it. */
export const withFiles = (files: Record<string, string | Buffer>) =>
  Effect.map(directory, (root) => {
    for (const [name, content] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
      fs.writeFileSync(path.join(root, name), content)
    }
    return (name: string) => path.join(root, name)
  })

/** What was read until the end, or until the failure. */
export interface Read<A, E> {
  readonly chunks: ReadonlyArray<Source.Chunk<A>>
  readonly items: ReadonlyArray<A>
  readonly failure: E | undefined
  /** How many pulls answered without an Effect. */
  readonly atOnce: number
}

/** Opens, reads all, closes. */
export const readAll = <A, E>(source: Source.Source<A, E>): Effect.Effect<Read<A, E>> => {
  const chunks: Array<Source.Chunk<A>> = []
  let atOnce = 0
  const result = (failure: E | undefined): Read<A, E> => ({
    chunks,
    items: chunks.flatMap((chunk) => chunk.items),
    failure,
    atOnce
  })
  return Effect.gen(function* () {
    const reader = yield* source.open
    for (;;) {
      const pulled = reader.pull()
      if (!Effect.isEffect(pulled)) atOnce++
      const chunk = Effect.isEffect(pulled) ? yield* pulled : pulled
      if (chunk === undefined) return result(undefined)
      chunks.push(chunk)
    }
  }).pipe(
    Effect.scoped,
    Effect.catch((failure) => Effect.succeed(result(failure)))
  )
}

/** `path:line record` for every record. */
export const located = (read: Read<string, unknown>): ReadonlyArray<string> =>
  read.chunks.flatMap((chunk) =>
    chunk.items.map((item, i) => {
      const { name = "", base = 0 } = chunk.provenance ?? {}
      return `${path.basename(name)}:${base + i + 1} ${item}`
    })
  )

/** One batch to a writer; fails with what it throws. */
export const write = <A, E>(writer: Sink.SinkWriter<A, E>, items: ReadonlyArray<A>) =>
  Effect.suspend(() => {
    try {
      return writer.write(Batch.make(items)) ?? Effect.void
    } catch (thrown) {
      return Effect.fail(thrown as Sink.RecordsRejected)
    }
  })

/** Opens, writes all batches, ends, closes. */
export const writeAll = <A, E>(sink: Sink.Sink<A, E>, batches: ReadonlyArray<ReadonlyArray<A>>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const writer = yield* sink.open
      for (const batch of batches) yield* write(writer, batch)
      yield* writer.end ?? Effect.void
    })
  )

/** Names of the open files of this process that lie under `root`. */
export const openFiles = (root: string): ReadonlyArray<string> =>
  fs.readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const name = fs.readlinkSync(`/proc/self/fd/${fd}`)
      return name.startsWith(root) ? [name] : []
    } catch {
      // The descriptor of the listing itself is gone by now.
      return []
    }
  })
