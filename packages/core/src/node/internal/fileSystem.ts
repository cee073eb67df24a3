// The few system calls that file sources and sinks need, behind one seam: asynchronous, or
// synchronous for runs that must not depend on I/O timing. Both call back; the synchronous one
// before it returns. Tests put their own in its place.

import type * as NodeFs from "node:fs"
import type { Writable } from "node:stream"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as RunMode from "../../RunMode.ts"
import { PipeHandle, StreamHandle } from "./streamHandle.ts"

// An import of it as a module reads every export, and that of streams loads all of Node's streams:
// a tenth of what it takes to start.
const fs = process.getBuiltinModule("node:fs")

/** Called exactly once, with an error or a value. */
export type Done<A> = (error: unknown, value: A) => void

/** An open file to read from its start. */
export interface ReadHandle {
  /** Answers how many bytes came, 0 at the end. One read at a time. */
  readonly read: (buffer: Buffer, offset: number, length: number, done: Done<number>) => void
  readonly close: (done: Done<void>) => void
  /** Answers a read under way at once; absent where reads always end soon. */
  readonly cancel?: () => void
}

/** An open file to write to its end. */
export interface WriteHandle {
  /** Answers how many bytes were taken, which may be fewer. One write at a time. */
  readonly write: (buffer: Buffer, offset: number, length: number, done: Done<number>) => void
  readonly close: (done: Done<void>) => void
}

/** What a path names. */
export interface PathInfo {
  readonly kind: "file" | "directory" | "other"
  readonly mode: number
}

/** The seam. Effects fail with what the system call threw. */
export interface FileSystem {
  /** Undefined when nothing is there. */
  readonly info: (path: string) => Effect.Effect<PathInfo | undefined, unknown>
  readonly realPath: (path: string) => Effect.Effect<string, unknown>
  readonly glob: (pattern: string) => Effect.Effect<ReadonlyArray<string>, unknown>
  /** Makes a directory with those above it; one that is there is no failure. */
  readonly makeDirectory: (path: string) => Effect.Effect<void, unknown>
  readonly rename: (from: string, to: string) => Effect.Effect<void, unknown>
  readonly openRead: (path: string, done: Done<ReadHandle>) => void
  /** A named pipe that nobody reads is an error, ENXIO. */
  readonly openWrite: (path: string, mode: number, done: Done<WriteHandle>) => void
  readonly standardOutput: () => WriteHandle
  /** True where every call is finished when it returns. */
  readonly immediate?: boolean
}

const kindOf = (stats: NodeFs.Stats): PathInfo => ({
  kind: stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other",
  mode: stats.mode & 0o777
})

// A failed call hands over no value; callers look at the error first.
const nothing = undefined as never

const attempt = <A>(call: () => A, done: Done<A>): void => {
  let value: A
  try {
    value = call()
  } catch (error) {
    done(error, nothing)
    return
  }
  done(undefined, value)
}

// By callbacks: Node loads its promises of files when somebody asks for them, and takes longer for
// that than for all that is opened here.
const called = <A>(
  call: (done: (error: Error | null, value: A) => void) => void
): Effect.Effect<A, unknown> =>
  Effect.callback((resume) => {
    try {
      call((error, value) => resume(error === null ? Effect.succeed(value) : Effect.fail(error)))
    } catch (error) {
      resume(Effect.fail(error))
    }
  })

const immediate = <A>(call: () => A): Effect.Effect<A, unknown> =>
  Effect.try({ try: call, catch: (error) => error })

const isMissing = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT"

const infoOrMissing = (stats: Effect.Effect<NodeFs.Stats, unknown>) =>
  stats.pipe(
    Effect.map((found): PathInfo | undefined => kindOf(found)),
    Effect.catch((error) => (isMissing(error) ? Effect.succeed(undefined) : Effect.fail(error)))
  )

// Node writes to a pipe or file behind standard output before `write` returns; a closed reader
// arrives as an event, which without a listener would end the process.
const standardOutput = (immediately: boolean): WriteHandle => {
  const stream = process.stdout
  let failure: Error | undefined
  const listen = (error: Error): void => {
    failure = error
  }
  stream.on("error", listen)
  return {
    write: (buffer, offset, length, done) => {
      if (failure !== undefined) return done(failure, 0)
      const bytes = Buffer.from(buffer.subarray(offset, offset + length))
      if (!immediately) {
        stream.write(bytes, (error) => done(error ?? undefined, length))
        return
      }
      stream.write(bytes)
      done(undefined, length)
    },
    close: (done) => {
      stream.write("", (error) => {
        const outcome = failure ?? error ?? undefined
        // The event of a failure may come after its callback, so then the listener stays.
        if (outcome === undefined) stream.off("error", listen)
        done(outcome)
      })
    }
  }
}

/** Stands for standard input, as a path to read. */
export const standardInput = "-"

// Opening a named pipe nobody writes to would hold a thread until somebody does, and the end of the
// process with it. Opened so, it waits as a stream does; files do not know the flag.
const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC, O_NONBLOCK = 0 } = fs.constants
const withoutWaiting = O_RDONLY | O_NONBLOCK
const writeWithoutWaiting = O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK

const pipeOf = (fd: number): Writable => {
  // Loaded when there is a pipe: every millisecond of a start counts.
  const { Socket } = process.getBuiltinModule("node:net")
  return new Socket({ fd, readable: false, writable: true })
}

// A read of a pipe may never be answered: it must not hold one of the few threads for files, which
// the process joins before it ends.
const openDescriptor = (fd: number, done: Done<ReadHandle>, path?: string): void => {
  fs.fstat(fd, (failed, stats) => {
    if (failed !== null) return done(failed, nothing)
    if (path !== undefined && stats.isCharacterDevice()) return openDevice(fd, path, done)
    if (fd === 0 && !stats.isFile()) return done(undefined, new StreamHandle(process.stdin))
    if (stats.isFIFO() || stats.isSocket()) {
      // Loaded when there is a pipe: every millisecond of a start counts.
      const { Socket } = process.getBuiltinModule("node:net")
      return done(undefined, new StreamHandle(new Socket({ fd, readable: true })))
    }
    done(undefined, onThreads(fd))
  })
}

const onThreads = (fd: number): ReadHandle => ({
  read: (buffer, offset, length, next) =>
    fs.read(fd, buffer, offset, length, null, (error, count) => next(error, count)),
  close: (next) => fs.close(fd, (error) => next(error))
})

// A device that was opened without waiting answers that nothing is there yet.
const openDevice = (fd: number, path: string, done: Done<ReadHandle>): void =>
  fs.close(fd, () =>
    fs.open(path, "r", (failed, opened) => {
      if (failed !== null) return done(failed, nothing)
      done(undefined, onThreads(opened))
    })
  )

/** Work is done by the system while the program goes on. */
export const asynchronous: FileSystem = {
  info: (path) => infoOrMissing(called<NodeFs.Stats>((done) => fs.stat(path, done))),
  realPath: (path) => called<string>((done) => fs.realpath.native(path, done)),
  glob: (pattern) => called<ReadonlyArray<string>>((done) => fs.glob(pattern, done)),
  makeDirectory: (path) =>
    Effect.asVoid(called<string | undefined>((done) => fs.mkdir(path, { recursive: true }, done))),
  rename: (from, to) =>
    called<void>((done) => fs.rename(from, to, (error) => done(error, undefined))),
  openRead: (path, done) => {
    if (path === standardInput) return openDescriptor(0, done)
    fs.open(path, withoutWaiting, (failed, fd) => {
      if (failed !== null) return done(failed, nothing)
      openDescriptor(fd, done, path)
    })
  },
  openWrite: (path, mode, done) =>
    fs.open(path, writeWithoutWaiting, mode, (failed, fd) => {
      if (failed !== null) return done(failed, nothing)
      fs.fstat(fd, (unknown, stats) => {
        if (unknown === null && stats.isFIFO()) return done(undefined, new PipeHandle(pipeOf(fd)))
        done(undefined, {
          write: (buffer, offset, length, next) =>
            fs.write(fd, buffer, offset, length, null, (error, count) => next(error, count)),
          close: (next) => fs.close(fd, (error) => next(error))
        })
      })
    }),
  standardOutput: () => standardOutput(false)
}

/** Every call is finished when it returns. */
export const synchronous: FileSystem = {
  immediate: true,
  info: (path) => infoOrMissing(immediate(() => fs.statSync(path))),
  realPath: (path) => immediate(() => fs.realpathSync(path)),
  glob: (pattern) => immediate(() => fs.globSync(pattern)),
  makeDirectory: (path) => Effect.asVoid(immediate(() => fs.mkdirSync(path, { recursive: true }))),
  rename: (from, to) => immediate(() => fs.renameSync(from, to)),
  openRead: (path, done) =>
    attempt(() => {
      const fd = path === standardInput ? 0 : fs.openSync(path, "r")
      return {
        read: (buffer: Buffer, offset: number, length: number, next: Done<number>) =>
          attempt(() => fs.readSync(fd, buffer, offset, length, null), next),
        close: (next: Done<void>) => attempt(() => fs.closeSync(fd), next)
      }
    }, done),
  openWrite: (path, mode, done) =>
    attempt(() => {
      const fd = fs.openSync(path, "w", mode)
      return {
        write: (buffer: Buffer, offset: number, length: number, next: Done<number>) =>
          attempt(() => fs.writeSync(fd, buffer, offset, length, null), next),
        close: (next: Done<void>) => attempt(() => fs.closeSync(fd), next)
      }
    }, done),
  standardOutput: () => standardOutput(true)
}

/** Put another file system in place of Node's; undefined means Node's, as the run mode asks for. */
export const Override: Context.Reference<FileSystem | undefined> = Context.Reference<
  FileSystem | undefined
>("@sluice/core/node/FileSystem", { defaultValue: () => undefined })

/** The file system of this run. */
export const current: Effect.Effect<FileSystem> = Effect.gen(function* () {
  const override = yield* Override
  if (override !== undefined) return override
  return (yield* RunMode.Deterministic) ? synchronous : asynchronous
})
