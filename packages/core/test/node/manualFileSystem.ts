// A file system whose calls finish when the test says so, and which counts what was asked of it.
import * as Effect from "effect/Effect"
import type { FileSystem, ReadHandle, WriteHandle } from "../../src/node/internal/fileSystem.ts"

/** What has happened so far. */
export interface Log {
  reads: number
  writes: number
  opened: number
  closed: number
  renamed: Array<string>
  written: string
}

/**
 * The fake, its log, and `step`, which finishes the oldest call under way and tells whether there
 * was one.
 */
export interface Manual {
  readonly system: FileSystem
  readonly log: Log
  readonly step: () => boolean
  /** Calls under way. */
  readonly pending: () => number
  /** The next write answers with this error code. */
  failNextWrite: string | undefined
  /** Most bytes one write takes. */
  writeMax: number
}

type Later = (call: () => void) => void

const reader = (content: string, log: Log, later: Later): ReadHandle => {
  const bytes = Buffer.from(content)
  let at = 0
  return {
    read: (buffer, offset, length, done) => {
      log.reads++
      later(() => {
        const count = bytes.copy(buffer, offset, at, at + length)
        at += count
        done(undefined, count)
      })
    },
    close: (done) => {
      later(() => {
        log.closed++
        done(undefined)
      })
    }
  }
}

const writer = (manual: Manual, later: Later): WriteHandle => ({
  write: (buffer, offset, length, done) => {
    manual.log.writes++
    const count = Math.min(length, manual.writeMax)
    const bytes = Buffer.from(buffer.subarray(offset, offset + count))
    later(() => {
      const code = manual.failNextWrite
      manual.failNextWrite = undefined
      if (code !== undefined) return done(Object.assign(new Error(code), { code }), 0)
      manual.log.written += bytes.toString()
      done(undefined, count)
    })
  },
  close: (done) => {
    later(() => {
      manual.log.closed++
      done(undefined)
    })
  }
})

/** Builds one over files held in memory. `immediately` finishes every call at once. */
export const make = (files: Record<string, string>, immediately = false): Manual => {
  const calls: Array<() => void> = []
  const log: Log = { reads: 0, writes: 0, opened: 0, closed: 0, renamed: [], written: "" }
  const later: Later = (call) => {
    if (immediately) call()
    else calls.push(call)
  }
  const manual: Manual = {
    log,
    failNextWrite: undefined,
    writeMax: Number.POSITIVE_INFINITY,
    step: () => {
      const call = calls.shift()
      call?.()
      return call !== undefined
    },
    pending: () => calls.length,
    system: {
      info: (path) =>
        Effect.sync(() => (path in files ? { kind: "file", mode: 0o644 } : undefined)),
      realPath: Effect.succeed,
      glob: () => Effect.succeed(Object.keys(files).reverse()),
      makeDirectory: () => Effect.void,
      rename: (from, to) => Effect.sync(() => void log.renamed.push(`${from} -> ${to}`)),
      openRead: (path, done) =>
        later(() => {
          log.opened++
          done(undefined, reader(files[path] as string, log, later))
        }),
      // The path of a sink is opened at once, so that tests drive the writes only.
      openWrite: (_path, _mode, done) => {
        log.opened++
        done(undefined, writer(manual, later))
      },
      standardOutput: () => writer(manual, later)
    }
  }
  return manual
}
