// A pipe, a socket or a terminal as a handle to read, a pipe as one to write: through the event
// loop, not on a thread that an unanswered call would hold, and the end of the process with it.
import type { Readable, Writable } from "node:stream"
import type { Done, ReadHandle, WriteHandle } from "./fileSystem.ts"

interface Wanted {
  readonly buffer: Buffer
  readonly offset: number
  readonly length: number
  readonly done: Done<number>
}

/** Reads a stream in paused mode; takes nothing before it is asked. */
export class StreamHandle implements ReadHandle {
  private readonly stream: Readable
  private wanted: Wanted | undefined
  /** Taken from the stream, but more than one read could hold. */
  private left: Buffer | undefined
  private outcome: { readonly error: unknown } | undefined

  constructor(stream: Readable) {
    this.stream = stream
    stream.on("readable", () => this.serve())
    stream.on("end", () => this.settle(undefined))
    stream.on("close", () => this.settle(undefined))
    stream.on("error", (error) => this.settle(error))
  }

  private settle(error: unknown): void {
    this.outcome ??= { error }
    this.serve()
  }

  readonly read = (buffer: Buffer, offset: number, length: number, done: Done<number>): void => {
    this.wanted = { buffer, offset, length, done }
    this.serve()
  }

  private serve(): void {
    const { wanted } = this
    if (wanted === undefined) return
    const bytes: Buffer | null = this.left ?? this.stream.read()
    if (bytes !== null) {
      const count = bytes.copy(wanted.buffer, wanted.offset, 0, wanted.length)
      this.left = count < bytes.length ? bytes.subarray(count) : undefined
      return this.answer(undefined, count)
    }
    if (this.outcome !== undefined) this.answer(this.outcome.error, 0)
  }

  private answer(error: unknown, count: number): void {
    const wanted = this.wanted
    this.wanted = undefined
    wanted?.done(error, count)
  }

  /** Answers a read under way with the end. */
  readonly cancel = (): void => this.settle(undefined)

  readonly close = (done: Done<void>): void => {
    if (this.stream.closed) return done(undefined, undefined)
    this.stream.once("close", () => done(undefined, undefined))
    this.stream.destroy()
  }
}

/** Writes a pipe, one write at a time. */
export class PipeHandle implements WriteHandle {
  private readonly stream: Writable
  private failure: { readonly error: unknown } | undefined

  constructor(stream: Writable) {
    this.stream = stream
    stream.on("error", (error) => {
      this.failure ??= { error }
    })
  }

  readonly write = (buffer: Buffer, offset: number, length: number, done: Done<number>): void => {
    if (this.failure !== undefined) return done(this.failure.error, 0)
    this.stream.write(buffer.subarray(offset, offset + length), (error) =>
      done(error ?? undefined, length)
    )
  }

  readonly close = (done: Done<void>): void => {
    if (this.stream.closed) return done(this.failure?.error, undefined)
    this.stream.once("close", () => done(this.failure?.error, undefined))
    this.stream.end(() => this.stream.destroy())
  }
}
