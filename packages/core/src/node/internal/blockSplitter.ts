// Bytes in, blocks out as they were read: the splitter of byte sources. Each block is a buffer of
// its own, so a stage may keep it.

/** One block of a file. */
export interface BytesChunk {
  readonly bytes: Uint8Array
  /** Which block of the file it is, from 0. */
  readonly index: number
}

/** Hands each read over as it is. */
export class BlockSplitter {
  private readonly chunkBytes: number
  private buffer: Buffer
  private used = 0
  private index = 0
  private atEnd = false
  /** Offset in the file of the next byte to read. */
  bytesRead = 0

  constructor(chunkBytes: number) {
    this.chunkBytes = chunkBytes
    this.buffer = Buffer.alloc(0)
  }

  /** No further byte is wanted. */
  get settled(): boolean {
    return this.atEnd
  }

  /** Settled with nothing left to take. */
  get exhausted(): boolean {
    return this.atEnd && this.used === 0
  }

  readonly room = () => {
    this.buffer = Buffer.allocUnsafeSlow(this.chunkBytes)
    return { buffer: this.buffer, offset: 0, length: this.chunkBytes }
  }

  readonly filled = (count: number): "ready" | "end" => {
    this.bytesRead += count
    this.used = count
    if (count > 0) return "ready"
    this.atEnd = true
    return "end"
  }

  readonly take = (): BytesChunk => {
    // A short read must not hold the memory of a long one.
    const whole = this.used === this.buffer.length
    const bytes = whole ? this.buffer : Buffer.from(this.buffer.subarray(0, this.used))
    this.used = 0
    return { bytes, index: this.index++ }
  }
}
