// Text into one file: collects blocks of bytes and writes them, one write at a time, the next block
// filling meanwhile. Memory is two blocks, each as large as the greatest batch it ever held. Plain
// callbacks and no Effect.
import type { FileError } from "../FileError.ts"
import * as fileErrors from "./fileErrors.ts"
import type { WriteHandle } from "./fileSystem.ts"

/**
 * Idle ⇄ Writing → Failed, or Idle → Closing → Closed. In Writing and Closing one system call is
 * under way.
 */
export type WriterState =
  | { readonly _tag: "Idle" }
  | { readonly _tag: "Writing" }
  | { readonly _tag: "Failed"; readonly error: FileError }
  | { readonly _tag: "Closing" }
  | { readonly _tag: "Closed"; readonly error: FileError | undefined }

// Strings are joined to pieces of this many characters before they become bytes: one call per
// record would cost as much as encoding a short one, and longer pieces leave the cache.
const pieceChars = 8_192

/** Writes what was added, in order. */
export class BlockWriter {
  state: WriterState = { _tag: "Idle" }
  private readonly path: string
  private readonly handle: WriteHandle
  private readonly blockBytes: number
  private piece = ""
  private filling: Buffer
  private spare: Buffer
  private used = 0
  /** Bytes the system took. */
  private written = 0
  private readonly waiting: Array<() => void> = []

  constructor(path: string, handle: WriteHandle, blockBytes: number) {
    this.path = path
    this.handle = handle
    this.blockBytes = blockBytes
    this.filling = Buffer.allocUnsafeSlow(blockBytes)
    this.spare = Buffer.allocUnsafeSlow(blockBytes)
  }

  /** A system call is under way. */
  get busy(): boolean {
    return this.state._tag === "Writing" || this.state._tag === "Closing"
  }

  /** A block or more waits to be written. */
  get full(): boolean {
    return this.used >= this.blockBytes
  }

  /** Adds text; never waits. Ask `full` and `busy` between batches. */
  add(text: string): void {
    this.piece += text
    if (this.piece.length >= pieceChars) this.encodePiece()
  }

  /** The block as it is filled by whoever writes bytes; `grow` makes room in it. */
  get bytes(): Buffer {
    if (this.piece !== "") this.encodePiece()
    return this.filling
  }

  /** Bytes in the block. */
  get length(): number {
    if (this.piece !== "") this.encodePiece()
    return this.used
  }

  /** Says how far the block is filled. */
  advance(used: number): void {
    this.used = used
  }

  /** The block with room for so many bytes behind `used`. */
  grow(used: number, room: number): Buffer {
    this.used = used
    if (used + room > this.filling.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.filling.length * 2, used + room))
      this.filling.copy(grown, 0, 0, used)
      this.filling = grown
    }
    return this.filling
  }

  /** Adds bytes as they are; never waits. */
  addBytes(bytes: Uint8Array): void {
    if (this.piece !== "") this.encodePiece()
    this.grow(this.used, bytes.length).set(bytes, this.used)
    this.used += bytes.length
  }

  private encodePiece(): void {
    const text = this.piece
    this.piece = ""
    let room = text.length * 3
    if (this.used + room > this.filling.length) room = Buffer.byteLength(text, "utf8")
    this.used += this.grow(this.used, room).write(text, this.used, "utf8")
  }

  /** Starts writing what was added, if there is anything and no write is under way. */
  flush(): void {
    if (this.state._tag !== "Idle") return
    if (this.piece !== "") this.encodePiece()
    if (this.used === 0) return
    const block = this.filling
    const length = this.used
    this.filling = this.spare
    this.spare = block
    this.used = 0
    this.write(block, 0, length)
  }

  // The system may take less than it was given; the loop, and not a recursion, serves calls that
  // finish at once.
  private write(block: Buffer, from: number, end: number): void {
    this.state = { _tag: "Writing" }
    let offset = from
    for (let more = true; more; ) {
      more = false
      let within = true
      this.handle.write(block, offset, end - offset, (error, count) => {
        if (error !== undefined && error !== null) return this.fail(error)
        offset += count
        this.written += count
        if (offset >= end) return this.settle({ _tag: "Idle" })
        if (within) more = true
        else this.write(block, offset, end)
      })
      within = false
    }
  }

  private fail(cause: unknown): void {
    this.settle({ _tag: "Failed", error: this.failure(cause) })
  }

  private failure(cause: unknown): FileError {
    return fileErrors.fromSystem("write", this.path, cause, this.written)
  }

  private settle(state: WriterState): void {
    this.state = state
    for (const resume of this.waiting.splice(0)) resume()
  }

  /** Runs `then` once no system call is under way. */
  whenSettled(then: () => void): void {
    if (this.busy) this.waiting.push(then)
    else then()
  }

  /** Closes the file; only when settled. A failure of an earlier write stays the outcome. */
  close(): void {
    const before = this.state
    if (before._tag === "Closed" || this.busy) return
    this.state = { _tag: "Closing" }
    this.handle.close((error) => {
      const failed = error === undefined || error === null ? undefined : this.failure(error)
      this.settle({ _tag: "Closed", error: before._tag === "Failed" ? before.error : failed })
    })
  }

  /** The failure so far. */
  get error(): FileError | undefined {
    return this.state._tag === "Failed" || this.state._tag === "Closed"
      ? this.state.error
      : undefined
  }
}
