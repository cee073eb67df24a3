// One file being read as bytes: whole records of it lie in a pooled segment while the next one is
// being filled. The part of a record that a read cut off is copied to the start of the next
// segment, and nothing else is ever copied. Closes the file on every way out. Plain callbacks and
// no Effect.
import type { Segment, SegmentPool } from "../../SegmentPool.ts"
import type { FileError } from "../FileError.ts"
import { openInput } from "./decompressing.ts"
import * as fileErrors from "./fileErrors.ts"
import type { FileSystem, ReadHandle } from "./fileSystem.ts"
import type { InputPath } from "./inputPaths.ts"

/** Whole records in a segment. Whoever takes it owns the segment. */
export interface Region {
  readonly segment: Segment
  readonly from: number
  readonly to: number
  /** Offset in the file of the byte at `from`. */
  readonly position: number
}

/** Where the last whole record among `bytes[from, to)` ends; `from` where none does. */
export type Boundary = (bytes: Uint8Array, from: number, to: number) => number

/**
 * Opening → Reading ⇄ Ready → Closing → Closed. In Opening, Reading and Closing exactly one system
 * call is under way; in Ready a region waits.
 */
export type ByteLaneState =
  | { readonly _tag: "Opening" }
  | { readonly _tag: "Reading"; readonly handle: ReadHandle }
  | { readonly _tag: "Ready"; readonly handle: ReadHandle }
  | { readonly _tag: "Closing"; readonly outcome: FileError | undefined }
  | { readonly _tag: "Closed"; readonly outcome: FileError | undefined }

/** What a lane is told. */
export interface ByteLaneOptions {
  readonly pool: SegmentPool
  readonly boundary: Boundary
  /** Longest record. */
  readonly recordBytesMax: number
  /** Called whenever the lane became Ready or Closed by itself. */
  readonly changed: () => void
}

/** A file whose records are taken region by region. */
export class ByteLane {
  readonly path: string
  state: ByteLaneState = { _tag: "Opening" }
  /** Bytes copied because a read cut a record off. */
  copied = 0
  private readonly regular: boolean
  private readonly options: ByteLaneOptions
  private segment: Segment | undefined
  /** Bytes present in the segment, and the end of the last whole record among them. */
  private used = 0
  private complete = 0
  /** Offset in the file of the first byte of the segment. */
  private position = 0
  private atEnd = false
  private onClosed: (() => void) | undefined

  constructor(fileSystem: FileSystem, input: InputPath, options: ByteLaneOptions) {
    this.path = input.path
    this.regular = input.regular
    this.options = options
    openInput(fileSystem, input.path, "auto", options.pool.segmentBytes, (error, handle) => {
      if (error !== undefined && error !== null) this.closed(this.failure(error))
      else if (this.onClosed !== undefined) this.close(handle, undefined)
      else this.readOn(handle)
    })
  }

  private failure(cause: unknown): FileError {
    const byte = this.position + this.used
    return fileErrors.fromSystem("read", this.path, cause, byte === 0 ? undefined : byte)
  }

  // A loop and not a recursion where reads finish at once.
  private readOn(handle: ReadHandle): void {
    this.state = { _tag: "Reading", handle }
    for (let more = true; more; ) {
      more = false
      let within = true
      const segment = this.room()
      const buffer = segment.bytes as Buffer
      handle.read(buffer, this.used, buffer.length - this.used, (error, count) => {
        if (!this.took(handle, error, count)) return
        if (within) more = true
        else this.readOn(handle)
      })
      within = false
    }
  }

  /** The segment with room for a read; a record longer than a segment gets a larger one. */
  private room(): Segment {
    const { pool } = this.options
    const { segment } = this
    if (segment === undefined) {
      this.segment = pool.rent()
      return this.segment
    }
    if (this.used < segment.bytes.length) return segment
    const larger = pool.rent(segment.bytes.length * 2)
    larger.bytes.set(segment.bytes.subarray(0, this.used))
    this.copied += this.used
    segment.release()
    this.segment = larger
    return larger
  }

  // True when the next read should follow.
  private took(handle: ReadHandle, error: unknown, count: number): boolean {
    if (error !== undefined && error !== null) {
      this.close(handle, this.failure(error))
      return false
    }
    if (this.onClosed !== undefined) {
      this.close(handle, undefined)
      return false
    }
    if (count === 0) {
      this.atEnd = true
      this.complete = this.used
      if (this.used === 0) this.close(handle, undefined)
      else this.ready(handle)
      return false
    }
    this.used += count
    const bytes = (this.segment as Segment).bytes
    this.complete = this.options.boundary(bytes, 0, this.used)
    if (this.complete === 0 && this.used <= this.options.recordBytesMax) return true
    this.ready(handle)
    return false
  }

  private ready(handle: ReadHandle): void {
    this.state = { _tag: "Ready", handle }
    this.options.changed()
  }

  /** True when the region to be taken holds no whole record: it is longer than allowed. */
  get tooLong(): boolean {
    return this.complete === 0
  }

  /** The region of a Ready lane; starts the next read, or the close. */
  take(): Region | undefined {
    if (this.state._tag !== "Ready") return undefined
    const { handle } = this.state
    const segment = this.segment as Segment
    const { complete, used, position } = this
    this.segment = undefined
    this.used = 0
    this.position += complete
    const tail = used - complete
    if (tail > 0 && complete > 0) {
      const next = this.options.pool.rent(tail + 1)
      next.bytes.set(segment.bytes.subarray(complete, used))
      this.copied += tail
      this.segment = next
      this.used = tail
    }
    if (this.atEnd || complete === 0) this.close(handle, undefined)
    else this.readOn(handle)
    return { segment, from: 0, to: complete, position }
  }

  private close(handle: ReadHandle, outcome: FileError | undefined): void {
    this.letGo()
    this.state = { _tag: "Closing", outcome }
    // Nothing can be lost by a failed close of a file that was only read.
    handle.close(() => this.closed(outcome))
  }

  private letGo(): void {
    this.segment?.release()
    this.segment = undefined
  }

  private closed(outcome: FileError | undefined): void {
    this.letGo()
    this.state = { _tag: "Closed", outcome }
    // Taken before: whoever hears of the change may give the lane up, and is then answered there.
    const { onClosed } = this
    this.options.changed()
    onClosed?.()
  }

  /** Gives the file up; `done` runs once it is closed, after a system call under way. */
  abandon(done: () => void): void {
    const { state } = this
    if (state._tag === "Reading" && state.handle.cancel !== undefined) {
      this.onClosed = done
      return state.handle.cancel()
    }
    const inFlight = state._tag === "Reading" || state._tag === "Opening"
    // The read of a pipe may never end: its handle is closed when it does, and nobody waits.
    const detached = inFlight && !this.regular
    this.onClosed = detached ? () => undefined : done
    if (detached || state._tag === "Closed") done()
    else if (state._tag === "Ready") this.close(state.handle, undefined)
  }
}
