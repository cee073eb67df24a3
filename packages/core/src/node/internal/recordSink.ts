// A sink of one text per record, whatever the text is made from. Owns the file's life: opened
// beside its name, renamed into place at the end, closed on abort. Records that have no text are
// named to the engine; the others of their batch are taken.

import { basename, dirname } from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Batch from "../../Batch.ts"
import * as Sink from "../../Sink.ts"
import type { FileError } from "../FileError.ts"
import { BlockWriter } from "./blockWriter.ts"
import { compressed } from "./compressing.ts"
import type { CompressionOption } from "./compression.ts"
import { encodeEach, rejectAll } from "./encodeEach.ts"
import * as fileErrors from "./fileErrors.ts"
import type { Flush } from "./fileOptions.ts"
import * as fileSystem from "./fileSystem.ts"

/** What a file sink needs besides the path. */
export interface RecordSinkOptions<A> {
  readonly label: string
  /** The line of a record without its line break; throws for a record that has none. */
  readonly encode: (record: A) => string
  /** Writes what stands in the place of payloads as bytes; false when these are payloads. */
  readonly writeViews?: (writer: BlockWriter, items: unknown) => boolean
  /** Instead of `encode`: the bytes of a record, which end where they end. */
  readonly bytesOf?: (record: A) => Uint8Array
  /** The first line, written also where no record follows. */
  readonly head?: string
  readonly atomic: boolean
  readonly blockBytes: number
  readonly flush: Flush
  readonly makeDirectory: boolean
  /** Default "auto". */
  readonly compression?: CompressionOption
}

type Encoding<A> = Pick<RecordSinkOptions<A>, "encode" | "bytesOf" | "writeViews">

interface Target {
  readonly handle: fileSystem.WriteHandle
  /** Moves the finished file to its name. */
  readonly publish: Effect.Effect<void, FileError>
}

const nameOf = (path: string): string => (path === "-" ? "standard output" : path)

const failed = (path: string) => (cause: unknown) => fileErrors.fromSystem("write", path, cause)

const openFile = (
  system: fileSystem.FileSystem,
  path: string,
  mode: number
): Effect.Effect<fileSystem.WriteHandle, FileError> =>
  Effect.callback((resume) =>
    system.openWrite(path, mode, (error, handle) => {
      const missed = error !== undefined && error !== null
      resume(missed ? Effect.fail(failed(path)(error)) : Effect.succeed(handle))
    })
  )

/** Between two looks whether somebody reads a named pipe by now. */
const readerMs = 50

/** A file that is opened where it is. A named pipe waits for its reader, and can be given up. */
const openInPlace = (
  system: fileSystem.FileSystem,
  path: string
): Effect.Effect<fileSystem.WriteHandle, FileError> =>
  openFile(system, path, 0o666).pipe(
    Effect.catchIf(
      ({ cause }) => fileErrors.codeOf(cause) === "ENXIO",
      () => Effect.andThen(Effect.interruptible(Effect.sleep(readerMs)), openInPlace(system, path))
    )
  )

const openTarget = <A>(
  system: fileSystem.FileSystem,
  path: string,
  { atomic, makeDirectory }: RecordSinkOptions<A>
) =>
  Effect.gen(function* () {
    if (path === "-")
      return { handle: system.standardOutput(), publish: Effect.void } satisfies Target
    if (makeDirectory) {
      yield* Effect.mapError(system.makeDirectory(dirname(path)), failed(path))
    }
    const info = yield* Effect.mapError(system.info(path), failed(path))
    if (info?.kind === "directory") return yield* Effect.fail(failed(path)({ code: "EISDIR" }))
    if (!atomic || info?.kind === "other") {
      const handle = yield* openInPlace(system, path)
      return { handle, publish: Effect.void } satisfies Target
    }
    // Behind a symbolic link the file is replaced, not the link.
    const place =
      info === undefined ? path : yield* Effect.mapError(system.realPath(path), failed(path))
    const partial = `${place}.partial`
    const handle = yield* openFile(system, partial, info?.mode ?? 0o666)
    return {
      handle,
      publish: Effect.mapError(system.rename(partial, place), failed(path))
    } satisfies Target
  })

const settled = (writer: BlockWriter): Effect.Effect<void> =>
  Effect.callback((resume) => writer.whenSettled(() => resume(Effect.void)))

const checked = (writer: BlockWriter): Effect.Effect<void, FileError> =>
  Effect.suspend(() => (writer.error === undefined ? Effect.void : Effect.fail(writer.error)))

const closed = (writer: BlockWriter): Effect.Effect<void> =>
  Effect.andThen(
    settled(writer),
    Effect.suspend(() => {
      writer.close()
      return settled(writer)
    })
  )

// The others of the batch are in the block when this throws.
const encodeAll = <A>(
  writer: BlockWriter,
  batch: Batch.Batch<A>,
  { encode, bytesOf, writeViews }: Encoding<A>
): void => {
  const { items } = batch
  if (writeViews?.(writer, items) === true) {
    if (writer.full) writer.flush()
    return
  }
  const add =
    bytesOf === undefined
      ? (record: A) => writer.add(encode(record) + "\n")
      : (record: A) => writer.addBytes(bytesOf(record))
  rejectAll(writer, encodeEach(items, add))
  if (writer.full) writer.flush()
}

// A batch is taken as a whole after the wait, so that a wait cut short by a time limit has taken
// nothing of it.
const writeAfterWait = (writer: BlockWriter, take: () => void) =>
  settled(writer).pipe(
    Effect.andThen(Effect.sync(() => writer.flush())),
    Effect.andThen(checked(writer)),
    Effect.andThen(Effect.try({ try: take, catch: (refusal) => refusal as Sink.RecordsRejected }))
  )

const writerOf = <A>(
  writer: BlockWriter,
  publish: Effect.Effect<void, FileError>,
  encode: Encoding<A>
): Sink.SinkWriter<A, FileError> => ({
  write: (batch) => {
    if (writer.error !== undefined) return Effect.fail(writer.error)
    if (!(writer.full && writer.busy)) return encodeAll(writer, batch, encode)
    return writeAfterWait(writer, () => encodeAll(writer, batch, encode))
  },
  end: Effect.uninterruptible(
    settled(writer).pipe(
      Effect.andThen(Effect.sync(() => writer.flush())),
      Effect.andThen(closed(writer)),
      Effect.andThen(checked(writer)),
      Effect.andThen(publish)
    )
  )
})

/** Writes what was added once no write is under way; asked again meanwhile, it does so once. */
const flusherOf = (writer: BlockWriter): (() => void) => {
  let due = false
  return () => {
    if (due) return
    due = true
    writer.whenSettled(() => {
      due = false
      writer.flush()
    })
  }
}

/** What was added is written after each batch, once no write is under way. */
const flushingEach = <A>(
  writer: BlockWriter,
  inner: Sink.SinkWriter<A, FileError>
): Sink.SinkWriter<A, FileError> => {
  const flush = flusherOf(writer)
  return {
    ...inner,
    write: (batch) => {
      let wait: ReturnType<typeof inner.write>
      try {
        wait = inner.write(batch)
      } finally {
        flush()
      }
      return wait === undefined ? undefined : Effect.ensuring(wait, Effect.sync(flush))
    }
  }
}

/**
 * What was added is written at the latest `ms` later: the first batch behind a flush starts a timer
 * of its own, so that nothing ticks while nothing comes.
 */
const flushingWithin = <A>(
  writer: BlockWriter,
  inner: Sink.SinkWriter<A, FileError>,
  ms: number,
  scope: Scope.Scope
): Sink.SinkWriter<A, FileError> => {
  let armed = false
  const flush = flusherOf(writer)
  const fire = Effect.sync(() => {
    armed = false
    flush()
  })
  const arm = Effect.suspend(() => {
    if (armed) return Effect.void
    armed = true
    return Effect.asVoid(Effect.forkIn(Effect.andThen(Effect.sleep(ms), fire), scope))
  })
  return {
    ...inner,
    write: (batch) => {
      if (armed) return inner.write(batch)
      const write = Effect.suspend(() => inner.write(batch) ?? Effect.void)
      return Effect.andThen(arm, write)
    }
  }
}

const flushing = <A>(
  writer: BlockWriter,
  inner: Sink.SinkWriter<A, FileError>,
  flush: Flush,
  scope: Scope.Scope
): Sink.SinkWriter<A, FileError> => {
  switch (flush._tag) {
    case "Full":
      return inner
    case "Batch":
      return flushingEach(writer, inner)
    case "Interval":
      return flushingWithin(writer, inner, flush.ms, scope)
  }
}

/** Builds the sink. */
export const make = <A>(path: string, options: RecordSinkOptions<A>): Sink.Sink<A, FileError> =>
  Sink.make(
    `${options.label}(${basename(nameOf(path))})`,
    Effect.gen(function* () {
      const system = yield* fileSystem.current
      const { writer, publish } = yield* Effect.acquireRelease(
        Effect.map(openTarget(system, path, options), ({ handle, publish }) => ({
          writer: new BlockWriter(
            nameOf(path),
            compressed(system, handle, path, options.compression ?? "auto"),
            options.blockBytes
          ),
          publish
        })),
        ({ writer }) => closed(writer)
      )
      if (options.head !== undefined) writer.add(`${options.head}\n`)
      const inner = writerOf(writer, publish, options)
      return flushing(writer, inner, options.flush, yield* Effect.scope)
    })
  )
