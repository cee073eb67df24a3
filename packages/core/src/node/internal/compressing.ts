// A file that is compressed as it is written: the same handle, bytes compressed on the way, as one
// member or frame that every reader knows. Waits for the file where it is slower than the
// compression; what is held is one block of each side.
import type { Compression, CompressionOption, Engine } from "./compression.ts"
import { codecOf, compressionOf } from "./compression.ts"
import type { Done, FileSystem, WriteHandle } from "./fileSystem.ts"

/** Writes all of `bytes`; the system may take less at once. */
const writeAll = (
  handle: WriteHandle,
  bytes: Buffer,
  done: (error: unknown) => void,
  from = 0
): void => {
  if (from >= bytes.length) return done(undefined)
  handle.write(bytes, from, bytes.length - from, (error, count) => {
    if (error !== undefined && error !== null) return done(error)
    writeAll(handle, bytes, done, from + count)
  })
}

/** Compresses on zlib's threads while the program goes on. */
class Compressing implements WriteHandle {
  private readonly inner: WriteHandle
  private readonly engine: Engine
  private failure: { readonly error: unknown } | undefined
  private writing = false
  private ended = false
  /** Called whenever something was written, failed or ended. */
  private changed: (() => void) | undefined

  constructor(inner: WriteHandle, engine: Engine) {
    this.inner = inner
    this.engine = engine
    engine.on("readable", () => this.drain())
    engine.on("end", () => {
      this.ended = true
      this.changed?.()
    })
    engine.on("error", (error) => this.fail(error))
  }

  private fail(error: unknown): void {
    this.failure ??= { error }
    this.changed?.()
  }

  private drain(): void {
    if (this.writing || this.failure !== undefined) return
    const bytes: Buffer | null = this.engine.read()
    if (bytes === null) return this.changed?.()
    this.writing = true
    writeAll(this.inner, bytes, (error) => {
      this.writing = false
      if (error === undefined) this.drain()
      else this.fail(error)
    })
  }

  // The engine calls back when it has taken the bytes and their output was taken from it, so the
  // block may be filled anew.
  readonly write = (buffer: Buffer, offset: number, length: number, done: Done<number>): void => {
    const settle = (): void => {
      if (this.failure === undefined) return
      this.changed = undefined
      done(this.failure.error, 0)
    }
    this.changed = settle
    if (this.failure !== undefined) return settle()
    this.engine.write(buffer.subarray(offset, offset + length), () => {
      if (this.failure !== undefined || this.changed !== settle) return
      this.changed = undefined
      done(undefined, length)
    })
  }

  /** Completes the file; of one that failed, only closes. */
  readonly close = (done: Done<void>): void => {
    const settle = (): void => {
      if (this.writing || (this.failure === undefined && !this.ended)) return
      this.changed = undefined
      this.engine.destroy()
      this.inner.close((error) => done(this.failure?.error ?? error, undefined))
    }
    this.changed = settle
    if (this.failure === undefined) this.engine.end()
    settle()
  }
}

/** All at once when closed, for runs that must not depend on timing: the whole is in memory. */
class Compressed implements WriteHandle {
  private readonly inner: WriteHandle
  private readonly compression: Exclude<Compression, "none">
  private readonly parts: Array<Buffer> = []

  constructor(inner: WriteHandle, compression: Exclude<Compression, "none">) {
    this.inner = inner
    this.compression = compression
  }

  readonly write = (buffer: Buffer, offset: number, length: number, done: Done<number>): void => {
    this.parts.push(Buffer.from(buffer.subarray(offset, offset + length)))
    done(undefined, length)
  }

  readonly close = (done: Done<void>): void => {
    const bytes = codecOf(this.compression).compressSync(Buffer.concat(this.parts))
    writeAll(this.inner, bytes, (failure) =>
      this.inner.close((error) => done(failure ?? error, undefined))
    )
  }
}

/** A handle that compresses as the name or the option says; `handle` itself where that is none. */
export const compressed = (
  system: FileSystem,
  handle: WriteHandle,
  path: string,
  option: CompressionOption
): WriteHandle => {
  const compression = compressionOf(path, option)
  if (compression === "none") return handle
  return system.immediate === true
    ? new Compressed(handle, compression)
    : new Compressing(handle, codecOf(compression).compress())
}
