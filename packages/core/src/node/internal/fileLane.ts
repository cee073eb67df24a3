// One file being read: opens it, keeps at most one read ahead of its consumer, and closes it on
// every way out. Plain callbacks and no Effect, so that a chunk which is already there costs no
// fiber step.
import type { FileError } from "../FileError.ts"
import type { CompressionOption } from "./compression.ts"
import { openInput } from "./decompressing.ts"
import * as fileErrors from "./fileErrors.ts"
import type { FileSystem, ReadHandle } from "./fileSystem.ts"
import type { InputPath } from "./inputPaths.ts"
import type { LineFault, Passed } from "./lineSplitter.ts"

/**
 * Opening → Reading ⇄ Ready → Closing → Closed. In Opening, Reading and Closing exactly one system
 * call is under way; in Ready complete lines or a fault wait in the splitter. `outcome` is the
 * failure, or undefined at the end of the file.
 */
export type LaneState =
  | { readonly _tag: "Opening" }
  | { readonly _tag: "Reading"; readonly handle: ReadHandle }
  | { readonly _tag: "Ready"; readonly handle: ReadHandle }
  | { readonly _tag: "Closing"; readonly outcome: FileError | undefined }
  | { readonly _tag: "Closed"; readonly outcome: FileError | undefined }

/**
 * Cuts what is read into chunks: the pure part of a lane. There are three: lines of text, blocks of
 * bytes, and regions of whole records in pooled segments.
 */
export interface Splitter<out C extends object> {
  readonly bytesRead: number
  readonly settled: boolean
  readonly exhausted: boolean
  readonly room: () => { readonly buffer: Buffer; readonly offset: number; readonly length: number }
  readonly filled: (count: number) => "more" | "ready" | "end"
  readonly take: () => C | LineFault
  /** Goes on behind a fault; absent where there are none. */
  readonly pass?: () => Passed
  /** Nothing more will be taken: lets go of what is held; absent where that is nobody's. */
  readonly release?: () => void
}

/** What could not be a line, where reading goes on behind it. */
export interface Passing {
  readonly error: FileError
  /** As much of it as was kept. */
  readonly text: string
}

/** How a file is read: as it lies there, and into what. */
export interface LaneFormat<C extends object> {
  readonly compression: CompressionOption
  /** Bytes asked for per read. */
  readonly chunkBytes: number
  /** Made once for each file. */
  readonly splitter: () => Splitter<C>
}

const isFault = (taken: object): taken is LineFault =>
  "_tag" in taken && (taken._tag === "InvalidUtf8" || taken._tag === "LineTooLong")

/** A file that is taken chunk by chunk. */
export class FileLane<C extends object> {
  readonly path: string
  state: LaneState = { _tag: "Opening" }
  private readonly regular: boolean
  private readonly splitter: Splitter<C>
  /** Called whenever the lane became Ready or Closed by itself. */
  private readonly changed: () => void
  /** What was passed over and not told yet. */
  private passed: Passing | undefined
  private onClosed: (() => void) | undefined

  constructor(
    fileSystem: FileSystem,
    input: InputPath,
    format: LaneFormat<C>,
    changed: () => void
  ) {
    this.path = input.path
    this.regular = input.regular
    this.splitter = format.splitter()
    this.changed = changed
    const { compression, chunkBytes } = format
    openInput(fileSystem, input.path, compression, chunkBytes, (error, handle) => {
      if (error !== undefined && error !== null) this.closed(this.failure(error))
      else if (this.onClosed !== undefined) this.close(handle, undefined)
      else this.readAhead(handle)
    })
  }

  private failure(cause: unknown): FileError {
    const byte = this.splitter.bytesRead
    return fileErrors.fromSystem("read", this.path, cause, byte === 0 ? undefined : byte)
  }

  // A loop and not a recursion where reads finish at once: one long line may take thousands of
  // them.
  private readAhead(handle: ReadHandle): void {
    this.state = { _tag: "Reading", handle }
    for (let more = true; more; ) {
      more = false
      let within = true
      const { buffer, offset, length } = this.splitter.room()
      handle.read(buffer, offset, length, (error, count) => {
        if (!this.took(handle, error, count)) return
        if (within) more = true
        else this.readAhead(handle)
      })
      within = false
    }
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
    const answer = this.splitter.filled(count)
    if (answer === "more") return true
    if (answer === "end") this.close(handle, undefined)
    else {
      this.state = { _tag: "Ready", handle }
      this.changed()
    }
    return false
  }

  /**
   * What waits in a Ready lane, or undefined when there was a fault. Starts the next read or
   * the close. A fault closes the file, unless it is `tolerant`: see `takePassed`.
   */
  take(tolerant = false): C | undefined {
    if (this.state._tag !== "Ready") return undefined
    const { handle } = this.state
    const taken = this.splitter.take()
    if (isFault(taken)) {
      const error = fileErrors.fromFault(this.path, taken)
      if (tolerant && this.splitter.pass !== undefined) this.pass(handle, error)
      else this.close(handle, error)
      return undefined
    }
    if (!this.splitter.settled) this.readAhead(handle)
    else if (this.splitter.exhausted) this.close(handle, undefined)
    return taken
  }

  private pass(handle: ReadHandle, error: FileError): void {
    const { text, next } = (this.splitter as Required<Splitter<C>>).pass()
    this.passed = { error, text }
    if (next === "more") this.readAhead(handle)
    else if (next === "end") this.close(handle, undefined)
  }

  /** What `take` passed over, once. */
  takePassed(): Passing | undefined {
    const { passed } = this
    this.passed = undefined
    return passed
  }

  private close(handle: ReadHandle, outcome: FileError | undefined): void {
    this.splitter.release?.()
    this.state = { _tag: "Closing", outcome }
    // Nothing can be lost by a failed close of a file that was only read.
    handle.close(() => this.closed(outcome))
  }

  private closed(outcome: FileError | undefined): void {
    this.splitter.release?.()
    this.state = { _tag: "Closed", outcome }
    // Taken before: whoever hears of the change may give the lane up, and is then answered there.
    const { onClosed } = this
    this.changed()
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
    // The read of a pipe may never end: its handle is closed when it does, and nobody waits for
    // that.
    const detached = inFlight && !this.regular
    this.onClosed = detached ? () => undefined : done
    if (detached || state._tag === "Closed") done()
    else if (state._tag === "Ready") this.close(state.handle, undefined)
  }
}
