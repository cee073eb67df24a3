// Files of a declared format as a source reader: regions of bytes, parsed into blocks of views.
// One file after the other. A fault names file, line, byte, field and reason; what stood before it
// goes out first.
import { isAscii } from "node:buffer"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { frameField } from "../../internal/format/frames.ts"
import type { Parser, ParserHost } from "../../internal/format/generate.ts"
import { quotedExpected } from "../../internal/format/quoted.ts"
import * as PoolTracker from "../../PoolTracker.ts"
import { SegmentPool } from "../../SegmentPool.ts"
import type * as Source from "../../Source.ts"
import * as Telemetry from "../../Telemetry.ts"
import type { Needs } from "../../Views.ts"
import { asItems, SheetPool, ViewBlock } from "../../Views.ts"
import type { FileError } from "../FileError.ts"
import * as fileErrors from "./fileErrors.ts"
import { FileLane } from "./fileLane.ts"
import * as fileSystem from "./fileSystem.ts"
import type { Framing } from "./framing.ts"
import type { InputPath } from "./inputPaths.ts"
import { expand } from "./inputPaths.ts"
import { RecordFaults } from "./recordFaults.ts"
import type { Region } from "./regionSplitter.ts"
import { RegionSplitter } from "./regionSplitter.ts"

/** Records of one block at most: their columns stay in the second-level cache. */
const rowsMax = 512

/** How files are read. */
export interface ReadOptions {
  readonly chunkBytes: number
  readonly recordBytesMax: number
  readonly invalid: "fail" | "replace"
  readonly framing: Framing
  /** A byte order mark may begin a file. */
  readonly hasMark: boolean
  /** Reads the first line of a file, when it is a header: the parser, or what is wrong. */
  readonly header: ((line: string) => Parser | string) | undefined
}

const asciiText = (bytes: Uint8Array, from: number, to: number): string =>
  (bytes as Buffer).toString("latin1", from, to)

const utf8Text = (bytes: Uint8Array, from: number, to: number): string =>
  (bytes as Buffer).toString("utf8", from, to)

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
  private readonly host: ParserHost = {
    lines: 0,
    fault: -1,
    faultAt: 0,
    isWide: false
  }
  private opened = 0
  private lane: FileLane<Region> | undefined
  private region: Region | undefined
  private at = 0
  private end = 0
  /** A failure that waits until what stood before it has gone out. */
  private pending: FileError | undefined
  /** The first byte of the region that is no text, behind the records before `end`; or -1. */
  private invalidAt = -1
  private readonly faults: RecordFaults
  private tolerant = false
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
    this.faults = new RecordFaults(options.framing)
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

  /** From now on what is no record is handed over, and reading goes on behind it. */
  readonly goOn = (): void => {
    this.tolerant = true
    if (this.region !== undefined) this.faults.keep(this.region)
  }

  /** The next block of the region at hand, or what stands there and is none. */
  private parse(): Source.Chunk<unknown> | undefined {
    const { host } = this
    while (this.region !== undefined && this.pending === undefined) {
      const { region } = this
      const { path } = this.lane as FileLane<Region>
      const sheet = this.sheets.rent(region.segment)
      const from = this.at
      const line = host.lines
      if (from < this.end)
        this.at = this.parser.parse(region.segment.bytes, from, this.end, sheet, rowsMax, host)
      if (host.isWide) this.widen(region)
      const plain = host.lines - line === sheet.rows
      const refused = this.stopped(region, path)
      const bytes = this.at - from
      if (this.at >= this.end && this.invalidAt < 0) this.leave()
      if (sheet.rows === 0) {
        sheet.release()
        if (refused !== undefined) return { items: [], bytes, provenance: undefined, refused }
        continue
      }
      const provenance = plain ? { name: path, base: line } : undefined
      const chunk = { items: asItems(new ViewBlock(sheet, 0, sheet.rows)), bytes, provenance }
      return refused === undefined ? chunk : { ...chunk, refused }
    }
    return undefined
  }

  /** What stopped the parser, if anything did: passed over where that is allowed. */
  private stopped(region: Region, path: string): ReadonlyArray<Source.Refused> | undefined {
    const { host, faults, parser } = this
    const fault = parser.faults[host.fault]
    // Nobody knows where the next frame begins.
    const isLost = fault?.field === frameField
    const isOpen = fault?.expected === quotedExpected
    let error: FileError
    if (host.fault >= 0) error = faults.fault(region, path, host, parser)
    else if (this.at < this.end || this.invalidAt < 0) return undefined
    else error = faults.invalid(region, path, this.at, this.invalidAt, host.lines)
    host.fault = -1
    if (!this.tolerant || isLost) {
      this.pending = error
      return undefined
    }
    const { lines } = host
    const passed = faults.pass(region, { path, at: this.at, lines, cause: error, isOpen })
    this.at = passed.next
    host.lines = passed.lines
    if (this.invalidAt >= 0 && this.at > this.invalidAt) this.limit(region)
    return [passed.refused]
  }

  /** Escapes in ASCII stood for other characters. */
  private widen({ segment }: Region): void {
    segment.decode = utf8Text
    this.host.isWide = false
  }

  private leave(): void {
    this.region?.segment.release()
    this.region = undefined
  }

  /** Opens the next file, whose first read begins; false when there is none. */
  private openNext(): boolean {
    const input = this.inputs[this.opened++]
    if (input === undefined) return false
    this.host.lines = 0
    const { framing, recordBytesMax } = this.options
    const { pool } = this
    const splitter = () => new RegionSplitter({ pool, boundary: framing.boundary, recordBytesMax })
    const format = { compression: "auto", chunkBytes: pool.segmentBytes, splitter } as const
    this.lane = new FileLane(this.system, input, format, () => this.waiter?.())
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

  private enter(lane: FileLane<Region>): void {
    const region = lane.take() as Region
    this.region = region
    this.at = region.from
    this.end = region.to
    this.invalidAt = -1
    if (region.tooLong) {
      const { recordBytesMax: lineBytesMax } = this.options
      const line = this.host.lines
      const byte = region.position
      const fault = { _tag: "LineTooLong", line, byte, lineBytesMax } as const
      this.pending = fileErrors.fromFault(lane.path, fault, "record")
      return
    }
    this.inspect(region)
    const { region: read } = this
    if (read === undefined) return
    if (read.position === 0) this.readHeader(read, lane.path)
    if (this.tolerant) this.faults.keep(read)
  }

  /** Passes over the header of a file, or refuses it. */
  private readHeader(region: Region, path: string): void {
    const { header, framing } = this.options
    if (header === undefined) return
    const { bytes } = region.segment
    const next = framing.next(bytes, this.at, region.to)
    if (this.invalidAt >= 0 && this.invalidAt < next) {
      this.pending = this.faults.invalid(region, path, this.at, this.invalidAt, 0)
      return
    }
    // A file of a byte order mark alone holds as much as an empty one.
    if (this.at === region.to) return
    const line = region.segment.decode(bytes, this.at, next).replace(/\r?\n$/, "")
    const found = header(line)
    if (typeof found === "string") this.pending = fileErrors.invalidHeader(path, found)
    else this.parser = found
    this.host.lines = 1 + framing.breaks(bytes, this.at, next - 1)
    this.at = next
  }

  /** Learns what text the region holds, and passes over a byte order mark. */
  private inspect(region: Region): void {
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
      this.options.hasMark &&
      bytes[from] === 0xef &&
      bytes[from + 1] === 0xbb &&
      bytes[from + 2] === 0xbf
    )
      this.at = from + 3
    this.limit(region)
    if (this.invalidAt >= 0 && this.options.invalid === "replace") this.replace(region)
  }

  /** Looks for bytes that are no text: what stands before them is read first. */
  private limit(region: Region): void {
    const { framing } = this.options
    const { bytes } = region.segment
    this.invalidAt = framing.invalid(bytes, this.at, region.to)
    this.end = this.invalidAt < 0 ? region.to : framing.boundary(bytes, this.at, this.invalidAt)
  }

  /** Puts U+FFFD where bytes are no text: the bytes are then those of the text that was read. */
  private replace(region: Region): void {
    const bytes = region.segment.bytes as Buffer
    const mended = Buffer.from(bytes.toString("utf8", this.at, region.to))
    const segment = this.pool.rent(mended.length)
    segment.bytes.set(mended)
    segment.decode = utf8Text
    this.leave()
    this.region = { ...region, segment, from: 0, to: mended.length }
    this.at = 0
    this.end = mended.length
    this.invalidAt = -1
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
