// Files of a declared format as a source reader: regions of bytes, parsed into blocks of views.
// One file after the other. A fault names file, line, byte, field and reason; what stood before it
// goes out first.
import { isAscii, isUtf8 } from "node:buffer"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Parser, ParserHost } from "../../internal/format/generate.ts"
import * as PoolTracker from "../../PoolTracker.ts"
import { SegmentPool } from "../../SegmentPool.ts"
import type * as Source from "../../Source.ts"
import * as Telemetry from "../../Telemetry.ts"
import type { Needs } from "../../Views.ts"
import { asItems, SheetPool, ViewBlock } from "../../Views.ts"
import type { FileError } from "../FileError.ts"
import type { Boundary, Region } from "./byteLane.ts"
import { ByteLane } from "./byteLane.ts"
import * as fileErrors from "./fileErrors.ts"
import * as fileSystem from "./fileSystem.ts"
import type { InputPath } from "./inputPaths.ts"
import { expand } from "./inputPaths.ts"
import { firstInvalid } from "./utf8.ts"

/** Records of one block at most: their columns stay in the second-level cache. */
const rowsMax = 2_048

/** How files are read. */
export interface ReadOptions {
  readonly chunkBytes: number
  readonly recordBytesMax: number
  readonly invalid: "fail" | "replace"
  readonly boundary: Boundary
  /** Reads the first line of a file, when it is a header: the parser, or what is wrong. */
  readonly header: ((line: string) => Parser | string) | undefined
}

const asciiText = (bytes: Uint8Array, from: number, to: number): string =>
  (bytes as Buffer).toString("latin1", from, to)

const utf8Text = (bytes: Uint8Array, from: number, to: number): string =>
  (bytes as Buffer).toString("utf8", from, to)

/** Where the last whole line ends. */
export const afterLastLine = (bytes: Uint8Array, from: number, to: number): number => {
  const last = (bytes as Buffer).subarray(from, to).lastIndexOf(10)
  return last < 0 ? from : from + last + 1
}

type Pulled = Source.Chunk<unknown> | undefined

/** Reads `inputs` in order. */
export class RecordReader implements Source.SourceReader<unknown, FileError> {
  private readonly system: fileSystem.FileSystem
  private readonly inputs: ReadonlyArray<InputPath>
  private readonly options: ReadOptions
  /** Of the file at hand. */
  private parser: Parser
  private readonly sheets: SheetPool
  readonly pool: SegmentPool
  private readonly host: ParserHost = { lines: 0, fault: -1, faultAt: 0 }
  private opened = 0
  private lane: ByteLane | undefined
  private region: Region | undefined
  private at = 0
  private end = 0
  /** A failure that waits until what stood before it has gone out. */
  private pending: FileError | undefined
  /** The failure that follows the last good line of the region. */
  private invalid: FileError | undefined
  private waiter: (() => void) | undefined

  constructor(
    system: fileSystem.FileSystem,
    inputs: ReadonlyArray<InputPath>,
    options: ReadOptions,
    parser: Parser,
    needs: Needs,
    tracker: PoolTracker.PoolTracker | undefined
  ) {
    this.system = system
    this.inputs = inputs
    this.options = options
    this.parser = parser
    this.sheets = new SheetPool(parser.layout, needs)
    this.pool = new SegmentPool({
      name: "records",
      segmentBytes: options.chunkBytes,
      freeMax: 3,
      tracker,
      allocate: (length) => Buffer.allocUnsafeSlow(length)
    })
    this.openNext()
  }

  readonly pull = (): Pulled | Effect.Effect<Pulled, FileError> => {
    for (;;) {
      const chunk = this.parse()
      if (chunk !== undefined) return chunk
      const next = this.advance()
      if (next === "waiting") return this.wait()
      if (next === "end") return undefined
      if (next !== "more") return Effect.fail(next)
    }
  }

  /** The next block of the region at hand. */
  private parse(): Source.Chunk<unknown> | undefined {
    const { region, host, lane } = this
    while (region !== undefined && this.at < this.end && this.pending === undefined) {
      const { segment } = region
      const sheet = this.sheets.rent(segment)
      const from = this.at
      const line = host.lines
      this.at = this.parser.parse(segment.bytes, from, this.end, sheet, rowsMax, host)
      if (host.fault >= 0) this.pending = this.faultError(region, (lane as ByteLane).path)
      if (this.at >= this.end) {
        this.pending ??= this.invalid
        this.leave()
      }
      if (sheet.rows === 0) {
        sheet.release()
        if (this.pending !== undefined) break
        continue
      }
      const plain = host.lines - line === sheet.rows
      return {
        items: asItems(new ViewBlock(sheet, 0, sheet.rows)),
        bytes: this.at - from,
        provenance: plain ? { name: (lane as ByteLane).path, base: line } : undefined
      }
    }
    return undefined
  }

  private leave(): void {
    this.region?.segment.release()
    this.region = undefined
  }

  private faultError(region: Region, path: string): FileError {
    const { host, parser } = this
    const { field, expected } = parser.faults[host.fault] as Parser["faults"][number]
    const byte = region.position + host.faultAt - region.from
    const found = this.shown(region, host.faultAt)
    const reason = new Error(`field ${field} should be ${expected}, found ${found}`)
    return fileErrors.invalidRecord(path, host.lines, byte, reason)
  }

  private shown(region: Region, at: number): string {
    const line = (region.segment.bytes as Buffer).indexOf(10, at)
    const end = Math.min(line < 0 ? region.to : line, region.to, at + 40)
    return JSON.stringify(region.segment.decode(region.segment.bytes, at, end))
  }

  /** Opens the next file, whose first read begins; false when there is none. */
  private openNext(): boolean {
    const input = this.inputs[this.opened++]
    if (input === undefined) return false
    this.host.lines = 0
    this.lane = new ByteLane(this.system, input, {
      pool: this.pool,
      boundary: this.options.boundary,
      recordBytesMax: this.options.recordBytesMax,
      changed: () => this.waiter?.()
    })
    return true
  }

  /** Goes on to the next region or file. */
  private advance(): "more" | "waiting" | "end" | FileError {
    if (this.pending !== undefined) {
      this.leave()
      return this.pending
    }
    const { lane } = this
    if (lane === undefined) return this.openNext() ? "more" : "end"
    const { state } = lane
    if (state._tag === "Closed") {
      this.lane = undefined
      return state.outcome ?? "more"
    }
    if (state._tag !== "Ready") return "waiting"
    this.enter(lane)
    return "more"
  }

  private enter(lane: ByteLane): void {
    const { tooLong } = lane
    const region = lane.take() as Region
    this.region = region
    this.at = region.from
    this.end = region.to
    if (tooLong) {
      const { recordBytesMax: lineBytesMax } = this.options
      const line = this.host.lines
      this.pending = fileErrors.fromFault(lane.path, {
        _tag: "LineTooLong",
        line,
        byte: region.position,
        lineBytesMax
      })
      return
    }
    this.inspect(region, lane.path)
    if (region.position === 0 && this.pending === undefined) this.readHeader(lane.path)
  }

  /** Passes over the header of a file, or refuses it. */
  private readHeader(path: string): void {
    const { header } = this.options
    if (header === undefined) return
    const { segment } = this.region as Region
    const bytes = segment.bytes as Buffer
    const end = bytes.indexOf(10, this.at)
    const next = end < 0 || end >= this.end ? this.end : end + 1
    const line = segment.decode(bytes, this.at, next).replace(/\r?\n$/, "")
    const found = header(line)
    if (typeof found === "string")
      this.pending = fileErrors.invalidRecord(path, 0, 0, new Error(found))
    else this.parser = found
    this.host.lines = 1
    this.at = next
  }

  /** Learns what text the region holds, and passes over a byte order mark. */
  private inspect(region: Region, path: string): void {
    const { segment, from, to, position } = region
    const bytes = segment.bytes as Buffer
    const whole = bytes.subarray(from, to)
    if (isAscii(whole)) {
      segment.decode = asciiText
      return
    }
    segment.decode = utf8Text
    if (
      position === 0 &&
      bytes[from] === 0xef &&
      bytes[from + 1] === 0xbb &&
      bytes[from + 2] === 0xbf
    )
      this.at = from + 3
    if (isUtf8(whole)) return
    if (this.options.invalid === "replace") this.replace(region)
    else this.refuse(region, path)
  }

  /** Puts U+FFFD where bytes are no text: the bytes are then those of the text that was read. */
  private replace(region: Region): void {
    const bytes = region.segment.bytes as Buffer
    const mended = Buffer.from(bytes.toString("utf8", this.at, region.to))
    const segment = this.pool.rent(mended.length)
    segment.bytes.set(mended)
    segment.decode = utf8Text
    this.leave()
    this.region = { segment, from: 0, to: mended.length, position: region.position }
    this.at = 0
    this.end = mended.length
  }

  private refuse(region: Region, path: string): void {
    const bytes = region.segment.bytes as Buffer
    const byte = region.from + firstInvalid(bytes.subarray(region.from, region.to))
    const start = byte === 0 ? 0 : bytes.lastIndexOf(10, byte - 1) + 1
    let line = this.host.lines
    for (let i = bytes.indexOf(10); i >= 0 && i < start; i = bytes.indexOf(10, i + 1)) line++
    this.end = Math.max(start, this.at)
    const value = bytes[byte] as number
    this.invalid = fileErrors.fromFault(path, {
      _tag: "InvalidUtf8",
      line,
      byte: region.position + byte - region.from,
      value
    })
    if (this.at >= this.end) this.pending = this.invalid
  }

  private wait(): Effect.Effect<Pulled, FileError> {
    return Effect.callback<Pulled, FileError>((resume) => {
      this.waiter = () => {
        const state = this.lane?.state._tag
        if (state !== "Ready" && state !== "Closed") return
        this.waiter = undefined
        const pulled = this.pull()
        resume(Effect.isEffect(pulled) ? pulled : Effect.succeed(pulled))
      }
      this.waiter()
      return Effect.sync(() => {
        this.waiter = undefined
      })
    })
  }

  /** Closes whatever is open. */
  abandon(done: () => void): void {
    this.waiter = undefined
    this.opened = this.inputs.length
    this.leave()
    if (this.lane === undefined) done()
    else this.lane.abandon(done)
  }
}

/** Opens the files in the scope: at its end they are closed, after reads under way. */
export const openRecords = (
  patterns: ReadonlyArray<string>,
  options: ReadOptions,
  parser: Parser,
  needs: Needs
): Effect.Effect<RecordReader, FileError, Scope.Scope> =>
  Effect.gen(function* () {
    const system = yield* fileSystem.current
    const inputs = yield* expand(system, patterns)
    const tracker = yield* PoolTracker.Current
    const reader = yield* Effect.acquireRelease(
      Effect.sync(() => new RecordReader(system, inputs, options, parser, needs, tracker)),
      (opened) => Effect.callback<void>((resume) => opened.abandon(() => resume(Effect.void)))
    )
    yield* Telemetry.watchPool(() => reader.pool.statistics())
    return reader
  })
