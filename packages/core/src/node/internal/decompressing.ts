// A compressed file as one that is not: the same handle, bytes decompressed on the way. Reads the
// file only while somebody waits for bytes, so what is held is one block of each side. Damage is an
// error of the read that meets it, after the bytes before it.
import type { Compression, CompressionOption, Engine } from "./compression.ts"
import { codecOf, compressionOf, Damaged } from "./compression.ts"
import type { Done, FileSystem, ReadHandle } from "./fileSystem.ts"
import { SteppedCodec } from "./steppedCodec.ts"

const inputBytes = 65_536

interface Wanted {
  readonly buffer: Buffer
  readonly offset: number
  readonly length: number
  readonly done: Done<number>
}

/** Decompresses on zlib's threads while the program goes on. */
class Decompressing implements ReadHandle {
  private readonly inner: ReadHandle
  private readonly compression: Exclude<Compression, "none">
  private readonly chunkBytes: number
  private readonly input = Buffer.allocUnsafeSlow(inputBytes)
  private engine: Engine
  private wanted: Wanted | undefined
  /** Decompressed, but more than one read could take. */
  private left: Buffer | undefined
  private failure: { readonly error: unknown } | undefined
  private finished = false
  private inputEnded = false
  /** The input buffer is being filled or consumed. */
  private busy = false
  /** What the engine was given last, and how much altogether. */
  private given: Buffer = Buffer.alloc(0)
  private fed = 0
  private compressedBytes = 0

  readonly cancel?: () => void

  constructor(inner: ReadHandle, compression: Exclude<Compression, "none">, chunkBytes: number) {
    this.inner = inner
    if (inner.cancel !== undefined) this.cancel = inner.cancel
    this.compression = compression
    this.chunkBytes = chunkBytes
    this.engine = this.start()
  }

  private start(): Engine {
    const engine = codecOf(this.compression).decompress(this.chunkBytes)
    engine.on("readable", () => this.serve())
    engine.on("end", () => this.frameEnded(engine))
    engine.on("error", (error) =>
      this.fail(new Damaged(this.compression, this.compressedBytes, error))
    )
    return engine
  }

  readonly read = (buffer: Buffer, offset: number, length: number, done: Done<number>): void => {
    this.wanted = { buffer, offset, length, done }
    this.serve()
  }

  private answer(error: unknown, count: number): void {
    const wanted = this.wanted
    this.wanted = undefined
    wanted?.done(error, count)
  }

  private fail(error: unknown): void {
    this.failure ??= { error }
    this.serve()
  }

  private serve(): void {
    const { wanted } = this
    if (wanted === undefined) return
    const bytes: Buffer | null = this.left ?? this.engine.read()
    if (bytes !== null) {
      const count = bytes.copy(wanted.buffer, wanted.offset, 0, wanted.length)
      this.left = count < bytes.length ? bytes.subarray(count) : undefined
      return this.answer(undefined, count)
    }
    if (this.failure !== undefined) return this.answer(this.failure.error, 0)
    if (this.finished) return this.answer(undefined, 0)
    this.feed()
  }

  private feed(): void {
    if (this.busy || this.inputEnded) return
    this.busy = true
    this.inner.read(this.input, 0, inputBytes, (error, count) => {
      if (error !== undefined && error !== null) {
        this.busy = false
        return this.fail(error)
      }
      if (count > 0) {
        this.compressedBytes += count
        return this.give(this.input.subarray(0, count))
      }
      this.busy = false
      this.inputEnded = true
      this.engine.end()
      this.serve()
    })
  }

  private give(bytes: Buffer): void {
    const { engine } = this
    this.given = bytes
    this.fed += bytes.length
    engine.write(bytes, () => {
      // An engine that ended within these bytes was replaced; the rest is with the next one.
      if (engine !== this.engine) return
      this.busy = false
      this.serve()
    })
  }

  // Zlib stops at the end of a zstd frame and forgets what it was given behind it, which may be the
  // next frame. Gzip's members it goes through by itself.
  private frameEnded(engine: Engine): void {
    const rest = this.fed - engine.bytesWritten
    if (this.compression !== "zstd" || rest <= 0) {
      this.finished = true
      return this.serve()
    }
    this.fed = 0
    this.engine = this.start()
    this.give(this.given.subarray(this.given.length - rest))
    if (this.inputEnded) this.engine.end()
  }

  readonly close = (done: Done<void>): void => {
    this.engine.destroy()
    this.inner.close(done)
  }
}

/** The same in steps that are over when they return: for runs that must not depend on timing. */
class Stepping implements ReadHandle {
  private readonly inner: ReadHandle
  private readonly compression: Exclude<Compression, "none">
  private readonly input = Buffer.allocUnsafeSlow(inputBytes)
  private codec: SteppedCodec
  /** What of the input is not decompressed yet. */
  private from = 0
  private to = 0
  private compressedBytes = 0
  private inputEnded = false
  private finished = false

  constructor(inner: ReadHandle, compression: Exclude<Compression, "none">) {
    this.inner = inner
    this.compression = compression
    this.codec = this.start()
  }

  private start(): SteppedCodec {
    return new SteppedCodec(codecOf(this.compression).decompress(inputBytes), this.compression)
  }

  readonly read = (buffer: Buffer, offset: number, length: number, done: Done<number>): void => {
    for (;;) {
      if (this.finished) return done(undefined, 0)
      if (this.from === this.to && !this.inputEnded) {
        return this.load(() => this.read(buffer, offset, length, done), done)
      }
      let made: number
      try {
        made = this.step(buffer, offset, length)
      } catch (error) {
        return done(new Damaged(this.compression, this.compressedBytes, error), 0)
      }
      if (made > 0) return done(undefined, made)
    }
  }

  private step(output: Buffer, offset: number, room: number): number {
    const { input, from, to, inputEnded } = this
    const ends = { input, from, length: to - from, output, offset, room }
    const { taken, made } = this.codec.step(ends, inputEnded)
    this.from += taken
    const roomLeft = made < room
    if (inputEnded && roomLeft) this.finished = true
    // What zlib leaves although there is room stands behind the end: the next frame of zstd.
    else if (roomLeft && this.from < to) this.next()
    return made
  }

  private next(): void {
    if (this.compression !== "zstd") {
      this.finished = true
      return
    }
    this.codec.close()
    this.codec = this.start()
  }

  private load(then: () => void, done: Done<number>): void {
    this.inner.read(this.input, 0, inputBytes, (error, count) => {
      if (error !== undefined && error !== null) return done(error, 0)
      this.from = 0
      this.to = count
      this.compressedBytes += count
      this.inputEnded = count === 0
      then()
    })
  }

  readonly close = (done: Done<void>): void => {
    this.codec.close()
    this.inner.close(done)
  }
}

/** Opens a file to read what it holds, decompressed as its name or the option says. */
export const openInput = (
  system: FileSystem,
  path: string,
  option: CompressionOption,
  chunkBytes: number,
  done: Done<ReadHandle>
): void => {
  const compression = compressionOf(path, option)
  system.openRead(path, (error, handle) => {
    const failed = error !== undefined && error !== null
    if (failed || compression === "none") return done(error, handle)
    done(
      undefined,
      system.immediate === true
        ? new Stepping(handle, compression)
        : new Decompressing(handle, compression, chunkBytes)
    )
  })
}
