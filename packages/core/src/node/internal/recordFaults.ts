// What a reader of records says of bytes that are none: the error with its place, and the record's
// text as it stood in the file. Keeps a copy of a region where the parser changes what it reads.
import type { Parser, ParserHost } from "../../internal/format/generate.ts"
import { plainSeparator, quotedExpected } from "../../internal/format/quoted.ts"
import type * as Source from "../../Source.ts"
import type { FileError } from "../FileError.ts"
import * as fileErrors from "./fileErrors.ts"
import type { Framing } from "./framing.ts"
import type { Region } from "./regionSplitter.ts"

/** Bytes of a broken record that are kept. */
const keptBytesMax = 64 * 1_024

/** A record that was passed over. */
export interface Passed {
  readonly refused: Source.Refused
  /** Where the next one begins, and how many lines lie before that. */
  readonly next: number
  readonly lines: number
}

/** The record to pass over. */
export interface Passing {
  readonly path: string
  readonly at: number
  readonly lines: number
  readonly cause: FileError
  /** Its quotes are broken. */
  readonly isOpen: boolean
}

const none = Buffer.alloc(0)

/** The records of a file that are none. */
export class RecordFaults {
  private readonly framing: Framing
  private copy: Buffer = none
  private isCopied = false

  constructor(framing: Framing) {
    this.framing = framing
  }

  /** Keeps what the parser may change. */
  keep({ segment, from, to }: Region): void {
    this.isCopied = this.framing.isChanged
    if (!this.isCopied) return
    if (this.copy.length < to) this.copy = Buffer.allocUnsafeSlow(segment.bytes.length)
    this.copy.set(segment.bytes.subarray(from, to), from)
  }

  private raw({ segment }: Region): Buffer {
    return this.isCopied ? this.copy : (segment.bytes as Buffer)
  }

  /** Bytes from `from` on as they stood: looking for a closing quote changes what lies behind. */
  private restore({ segment, to }: Region, from: number): void {
    if (this.isCopied) segment.bytes.set(this.copy.subarray(from, to), from)
  }

  /** What is wrong at the parser's fault. */
  fault(region: Region, path: string, host: ParserHost, { faults }: Parser): FileError {
    const { field, expected } = faults[host.fault] as Parser["faults"][number]
    const byte = region.position + host.faultAt - region.from
    const found = this.shown(region, host.faultAt, expected === quotedExpected)
    const reason = new Error(`field ${field} should be ${expected}, found ${found}`)
    return fileErrors.invalidRecord(path, host.lines, byte, reason)
  }

  /** What stands at a place, which is one of the line made plain, unless its quotes are broken. */
  private shown(region: Region, at: number, isOpen: boolean): string {
    const { segment, to } = region
    const { separator } = this.framing
    const bytes = isOpen ? this.raw(region) : (segment.bytes as Buffer)
    const line = bytes.indexOf(10, at)
    const found = Buffer.from(bytes.subarray(at, Math.min(line < 0 ? to : line, to, at + 40)))
    if (separator !== undefined)
      for (const [i, byte] of found.entries()) if (byte === plainSeparator) found[i] = separator
    return JSON.stringify(segment.decode(found, 0, found.length))
  }

  /** What is wrong with a byte that is no text, in the record at `from`. */
  invalid(region: Region, path: string, from: number, byte: number, lines: number): FileError {
    const bytes = region.segment.bytes
    const fault = {
      _tag: "InvalidUtf8",
      line: lines + this.framing.breaks(bytes, from, byte),
      byte: region.position + byte - region.from,
      value: bytes[byte] as number
    } as const
    return fileErrors.fromFault(path, fault, "record")
  }

  /** Passes over the record at `at`. */
  pass(region: Region, { path, at, lines, cause, isOpen }: Passing): Passed {
    const bytes = this.raw(region)
    const next = this.framing.next(bytes, at, region.to)
    if (isOpen) this.restore(region, next)
    const whole = this.framing.record(bytes, at, next)
    const payload = Buffer.from(whole.buffer, whole.byteOffset, whole.length).toString(
      "utf8",
      0,
      Math.min(whole.length, keptBytesMax)
    )
    const refused = { payload, cause, provenance: { name: path, base: lines } }
    return { refused, next, lines: lines + 1 + this.framing.breaks(bytes, at, next - 1) }
  }
}
