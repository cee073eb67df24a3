// Bytes in, lines out: the pure part of reading lines. It owns one buffer that reads fill and
// complete lines leave. However the input is cut into reads, the lines, their places and the first
// fault are the same. It does no I/O.
//
//   buffer: [ complete lines … \n | tail of the next line | room for one read ]
//           0                     complete                used
import { isAscii, isUtf8 } from "node:buffer"
import { firstInvalid } from "./utf8.ts"

/** How bytes become text. */
export interface LineFormat {
  readonly encoding: "utf8" | "latin1"
  readonly invalid: "fail" | "replace"
  /** Longest line without its line break. */
  readonly lineBytesMax: number
  /** Bytes asked for per read. */
  readonly chunkBytes: number
  /**
   * Bytes decoded into one string. V8 keeps the whole string alive for each piece cut out of it, so
   * this bounds what one retained line costs.
   */
  readonly textBytes: number
  /**
   * False: the text is handed over as it is, in `texts`, for formats with line breaks of their own.
   */
  readonly split?: boolean
}

/** Complete lines of one file. */
export interface TextChunk {
  readonly lines: ReadonlyArray<string>
  /** The text these lines were cut from, in pieces that end with a line. */
  readonly texts: ReadonlyArray<string>
  /** Position of the first line in the file (0-based). */
  readonly line: number
  /** Bytes of the file these lines took, with line breaks and a byte order mark. */
  readonly bytes: number
  /** Offset in the file of the first byte of line `i`; undefined where broken text was replaced. */
  readonly byteOf: (i: number) => number | undefined
}

/** What cannot be a line; `line` and `byte` are 0-based places in the file. */
export type LineFault =
  | {
      readonly _tag: "InvalidUtf8"
      readonly line: number
      readonly byte: number
      readonly value: number
    }
  | {
      readonly _tag: "LineTooLong"
      readonly line: number
      readonly byte: number
      readonly lineBytesMax: number
    }

/** What was passed over: the start of its text, and what the splitter wants next. */
export interface Passed {
  readonly text: string
  readonly next: "more" | "ready" | "end"
}

const lineFeed = 10
const carriageReturn = 13
/** Bytes of a line that is passed over and kept, for whoever asks what stood there. */
const passedBytesMax = 4_096

const noLines: ReadonlyArray<string> = []

/**
 * State of one file's text. `room` and `filled` alternate while it wants more; `take` empties it.
 */
export class LineSplitter {
  private readonly format: LineFormat
  private buffer: Buffer
  /** Bytes present. */
  private used = 0
  /** End of the last complete line, 0 when there is none. */
  private complete = 0
  /** Offset in the file of `buffer[0]`. */
  private position = 0
  /** Lines handed over so far. */
  private line = 0
  private atEnd = false
  private fault: LineFault | undefined
  /** The rest of a line that is too long goes by until its line break. */
  private passing = false

  constructor(format: LineFormat) {
    this.format = format
    this.buffer = Buffer.allocUnsafeSlow(format.chunkBytes * 2)
  }

  /** Offset in the file of the next byte to read. */
  get bytesRead(): number {
    return this.position + this.used
  }

  /** No further byte is wanted: the end of the file or a fault was met. */
  get settled(): boolean {
    return this.atEnd || this.fault !== undefined
  }

  /** Settled with nothing left to take. */
  get exhausted(): boolean {
    return this.fault === undefined && this.atEnd && this.used === 0
  }

  /**
   * Where the next read goes. Only after `filled` answered "more" or `take` emptied the complete
   * lines.
   */
  room(): { readonly buffer: Buffer; readonly offset: number; readonly length: number } {
    const { chunkBytes } = this.format
    const standard = chunkBytes * 2
    const capacity = this.buffer.length
    if (this.used + chunkBytes > capacity) this.resize(capacity * 2)
    else if (capacity > standard && this.used + chunkBytes <= standard) this.resize(standard)
    return { buffer: this.buffer, offset: this.used, length: chunkBytes }
  }

  private resize(capacity: number): void {
    const next = Buffer.allocUnsafeSlow(capacity)
    this.buffer.copy(next, 0, 0, this.used)
    this.buffer = next
  }

  /**
   * `count` bytes were read into the room, 0 at the end of the file. "ready": take; "more": read
   * on; "end": nothing left.
   */
  filled(count: number): "more" | "ready" | "end" {
    if (count === 0) {
      this.atEnd = true
      return this.used > 0 ? "ready" : "end"
    }
    if (this.passing) return this.passOn(count)
    const added = this.buffer.subarray(this.used, this.used + count)
    const last = added.lastIndexOf(lineFeed)
    if (last >= 0) this.complete = this.used + last + 1
    this.used += count
    if (this.complete > 0) return "ready"
    // One byte more than the limit may still be the first half of a CRLF.
    if (this.used <= this.format.lineBytesMax + 1) return "more"
    this.fault = this.tooLong(0, 0)
    return "ready"
  }

  /**
   * The complete lines (at the end of the file also the last one without a line break), or the
   * fault that comes next.
   */
  take(): TextChunk | LineFault {
    if (this.fault !== undefined) return this.fault
    const wanted = this.atEnd ? this.used : this.complete
    const end = this.checked(wanted)
    if (end === 0 && this.fault !== undefined) return this.fault
    const chunk = this.decode(end)
    const lines = this.format.split === false ? this.breaksBefore(end) : chunk.lines.length
    this.buffer.copyWithin(0, end, this.used)
    this.used -= end
    this.position += end
    this.line += lines
    this.complete = 0
    return chunk
  }

  /** Goes on behind the fault that `take` gave: the line is passed over, its places are counted. */
  pass(): Passed {
    this.fault = undefined
    const present = this.buffer.subarray(0, this.used)
    // However the input is cut, so much of a line that is too long is there when it is noticed.
    const kept = Math.min(this.format.lineBytesMax, passedBytesMax)
    const text = present.toString("utf8", 0, Math.min(this.lengthOfFirst(present), kept))
    const found = present.indexOf(lineFeed)
    this.passing = found < 0 && !this.atEnd
    this.drop(found < 0 ? this.used : found + 1)
    if (!this.passing) this.line++
    return { text, next: this.wants() }
  }

  private lengthOfFirst(present: Buffer): number {
    const found = present.indexOf(lineFeed)
    if (found < 0) return present.length
    return found > 0 && present[found - 1] === carriageReturn ? found - 1 : found
  }

  private drop(count: number): void {
    this.buffer.copyWithin(0, count, this.used)
    this.used -= count
    this.position += count
    this.complete = this.buffer.subarray(0, this.used).lastIndexOf(lineFeed) + 1
  }

  private wants(): "more" | "ready" | "end" {
    if (this.complete > 0 || (this.atEnd && this.used > 0)) return "ready"
    return this.atEnd ? "end" : "more"
  }

  /** `count` more bytes behind what is passed over, which ends with its line break. */
  private passOn(count: number): "more" | "ready" | "end" {
    this.used += count
    const found = this.buffer.subarray(0, this.used).indexOf(lineFeed)
    if (found >= 0) {
      this.passing = false
      this.line++
    }
    this.drop(found < 0 ? this.used : found + 1)
    return this.wants()
  }

  private breaksBefore(end: number): number {
    let count = 0
    for (let at = this.buffer.indexOf(lineFeed); at >= 0 && at < end; count++)
      at = this.buffer.indexOf(lineFeed, at + 1)
    return count
  }

  private tooLong(line: number, from: number): LineFault {
    const { lineBytesMax } = this.format
    return { _tag: "LineTooLong", line: this.line + line, byte: this.position + from, lineBytesMax }
  }

  // The end of the good lines among the first `end` bytes; what follows them is kept as the fault.
  private checked(end: number): number {
    const { encoding, invalid, lineBytesMax } = this.format
    const checkText =
      encoding === "utf8" && invalid === "fail" && !isUtf8(this.buffer.subarray(0, end))
    if (!checkText && end <= lineBytesMax) return end
    let from = 0
    for (let line = 0; from < end; line++) {
      const found = this.buffer.indexOf(lineFeed, from)
      const broken = found >= 0 && found < end
      const stop = broken ? found : end
      this.fault = this.faultIn(line, from, stop, broken, checkText)
      if (this.fault !== undefined) return from
      from = broken ? found + 1 : end
    }
    return end
  }

  private faultIn(
    line: number,
    from: number,
    stop: number,
    broken: boolean,
    checkText: boolean
  ): LineFault | undefined {
    const returns = broken && stop > from && this.buffer[stop - 1] === carriageReturn
    if (stop - from - (returns ? 1 : 0) > this.format.lineBytesMax) return this.tooLong(line, from)
    if (!checkText) return undefined
    const at = firstInvalid(this.buffer.subarray(from, stop))
    if (at < 0) return undefined
    const value = this.buffer[from + at] as number
    return { _tag: "InvalidUtf8", line: this.line + line, byte: this.position + from + at, value }
  }

  private decode(end: number): TextChunk {
    const from = this.markLength(end)
    if (from === end)
      return { lines: noLines, texts: [], line: this.line, bytes: end, byteOf: () => undefined }
    const whole = this.buffer.subarray(from, end)
    const oneByte = this.format.encoding === "latin1" || isAscii(whole)
    const encoding = oneByte ? "latin1" : "utf8"
    const texts: Array<string> = []
    for (let start = from; start < end; ) {
      const stop = this.blockEnd(start, end)
      texts.push(this.buffer.toString(encoding, start, stop))
      start = stop
    }
    const lines =
      this.format.split === false ? noLines : splitAll(texts, whole.includes(carriageReturn))
    const exact = oneByte || this.format.invalid === "fail" || isUtf8(whole)
    const byteOf = exact ? locator(texts, this.position + from, oneByte) : () => undefined
    return { lines, texts, line: this.line, bytes: end, byteOf }
  }

  private markLength(end: number): number {
    if (this.position > 0 || this.format.encoding !== "utf8" || end < 3) return 0
    const buffer = this.buffer
    return buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? 3 : 0
  }

  private blockEnd(start: number, end: number): number {
    if (end - start <= this.format.textBytes) return end
    const last = this.buffer.subarray(start, start + this.format.textBytes).lastIndexOf(lineFeed)
    if (last >= 0) return start + last + 1
    const next = this.buffer.indexOf(lineFeed, start + this.format.textBytes)
    return next < 0 || next >= end ? end : next + 1
  }
}

const splitAll = (texts: ReadonlyArray<string>, returns: boolean): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const text of texts) {
    let from = 0
    for (;;) {
      const at = text.indexOf("\n", from)
      if (at < 0) break
      const cut = returns && at > from && text.charCodeAt(at - 1) === carriageReturn ? at - 1 : at
      lines.push(text.slice(from, cut))
      from = at + 1
    }
    if (from < text.length) lines.push(from === 0 ? text : text.slice(from))
  }
  return lines
}

// Offsets are wanted only when a record is refused, so they are counted then and not kept.
const locator =
  (texts: ReadonlyArray<string>, base: number, oneByte: boolean) =>
  (wanted: number): number => {
    let left = wanted
    let offset = base
    for (const text of texts) {
      let from = 0
      while (left > 0) {
        const at = text.indexOf("\n", from)
        if (at < 0) break
        from = at + 1
        left--
      }
      const passed = left === 0 ? text.slice(0, from) : text
      offset += oneByte ? passed.length : Buffer.byteLength(passed, "utf8")
      if (left === 0) break
    }
    return offset
  }
