// A file that is compressed as it is written: the same handle, bytes compressed on the way, as one
// member or frame that every reader knows. Waits for the file where it is slower than the
// compression; what is held is one block of each side.
import type { Compression, CompressionOption, Engine } from "./compression.ts"
import { codecOf, compressionOf } from "./compression.ts"
import type { Done, FileSystem, WriteHandle } from "./fileSystem.ts"
import { SteppedCodec } from "./steppedCodec.ts"

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

const outputBytes = 65_536

/** The same in steps that are over when they return: for runs that must not depend on timing. */
class Stepping implements WriteHandle {
  private readonly inner: WriteHandle
  private readonly codec: SteppedCodec
  private readonly output = Buffer.allocUnsafeSlow(outputBytes)
  private failure: { readonly error: unknown } | undefined

  constructor(inner: WriteHandle, compression: Exclude<Compression, "none">) {
    this.inner = inner
    this.codec = new SteppedCodec(codecOf(compression).compress(), compression)
  }

  readonly write = (buffer: Buffer, offset: number, length: number, done: Done<number>): void =>
    this.give(buffer, offset, length, false, (error) => done(error, length))

  /** Compresses a run of bytes and writes what comes of it; with `last` all that is left. */
  private give(
    input: Buffer,
    from: number,
    length: number,
    last: boolean,
    done: (error: unknown) => void
  ): void {
    const { output, codec } = this
    const ends = { input, from, length, output, offset: 0, room: outputBytes }
    const { taken, made } = codec.step(ends, last)
    writeAll(this.inner, output.subarray(0, made), (error) => {
      if (error !== undefined && error !== null) {
        this.failure = { error }
        return done(error)
      }
      if (made < outputBytes) return done(undefined)
      this.give(input, from + taken, length - taken, last, done)
    })
  }

  /** Completes the file; of one that failed, only closes. */
  readonly close = (done: Done<void>): void => {
    const end = (): void => {
      this.codec.close()
      this.inner.close((error) => done(this.failure?.error ?? error, undefined))
    }
    if (this.failure === undefined) this.give(this.output, 0, 0, true, end)
    else end()
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
    ? new Stepping(handle, compression)
    : new Compressing(handle, codecOf(compression).compress())
}
