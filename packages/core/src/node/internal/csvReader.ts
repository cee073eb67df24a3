// Rows of CSV files from their text: one parser for each file, its header where it has one, and the
// place of every row. The rows before a fault are handed over before the failure.
import * as Effect from "effect/Effect"
import type { CsvFault, CsvGrammar, CsvRows, Row } from "../../internal/csvText.ts"
import { CsvText } from "../../internal/csvText.ts"
import type * as Source from "../../Source.ts"
import type { FileError } from "../FileError.ts"
import { invalidRow } from "./fileErrors.ts"
import type { FileChunk, PassedIn, TextOf, Texts } from "./fileLines.ts"
import { nothingBut, refusedOf } from "./fileLines.ts"

/** What becomes of a row; throws for one that does not fit. */
export type Decode<A> = (row: Row) => A

/** How files are read. */
export interface CsvReaderOptions<A> extends CsvGrammar {
  /** Takes the header's cells, where the files have headers, and answers what decodes the rest. */
  readonly decode:
    | { readonly _tag: "Header"; readonly decoderOf: (header: Row) => Decode<A> }
    | { readonly _tag: "Rows"; readonly decode: Decode<A> }
}

type Pulled<A> = Source.Chunk<A> | undefined

const isBlank = (row: Row): boolean => row.length === 1 && row[0] === ""

const causeText = (cause: unknown): readonly [reason: string, cure: string] => {
  const told = cause as { readonly reason?: unknown; readonly cure?: unknown } | null
  if (typeof told?.reason === "string" && typeof told.cure === "string")
    return [told.reason, told.cure]
  return [String(cause), "mend the record"]
}

/** One file under way. */
interface Open<A> {
  readonly path: string
  readonly text: CsvText
  decode: Decode<A> | undefined
  /** Where the record begins that was not complete in the text fed last. */
  recordByte: Byte
}

/** Offset in the file; undefined where broken text was replaced. */
type Byte = number | undefined

/** A piece of text, and the offset of its first byte. */
interface Piece {
  readonly text: string
  readonly from: Byte
}

const plus = (byte: Byte, text: string): Byte =>
  byte === undefined ? undefined : byte + Buffer.byteLength(text)

const withoutBreak = (line: string): string => line.replace(/\r?\n$|\r$/, "")

/** Reads one file after the other. */
export class CsvReader<A, E = never, R = never>
  implements Source.SourceReader<A, E | FileError, R>
{
  private readonly texts: Texts<E, R>
  private readonly options: CsvReaderOptions<A>
  private file: Open<A> | undefined
  private chunk: { readonly of: TextOf; next: number; byte: Byte } | undefined
  /** Chunks that are made and not handed over: one ends where something is refused. */
  private readonly made: Array<Source.Chunk<A>> = []
  private failure: FileError | undefined
  private ended = false
  private tolerant = false

  constructor(texts: Texts<E, R>, options: CsvReaderOptions<A>) {
    this.texts = texts
    this.options = options
  }

  readonly goOn = (): void => {
    this.tolerant = true
    this.texts.goOn()
  }

  readonly pull = (): Pulled<A> | Effect.Effect<Pulled<A>, E | FileError, R> => {
    for (;;) {
      const made = this.made.shift()
      if (made !== undefined) return made
      if (this.failure !== undefined) return Effect.fail(this.failure)
      if (this.chunk !== undefined) this.step(this.chunk)
      else if (this.ended) return undefined
      else {
        const pulled = this.texts.pull()
        if (Effect.isEffect(pulled)) return this.later(pulled)
        this.take(pulled)
      }
    }
  }

  private later(
    pulled: Effect.Effect<FileChunk | undefined, E | FileError, R>
  ): Effect.Effect<Pulled<A>, E | FileError, R> {
    return Effect.flatMap(pulled, (chunk) => {
      this.take(chunk)
      const next = this.pull()
      return Effect.isEffect(next) ? next : Effect.succeed(next)
    })
  }

  private take(chunk: FileChunk | undefined): void {
    const { file } = this
    if (file !== undefined && file.path !== chunk?.path) {
      this.file = undefined
      this.close(file)
    }
    if (chunk === undefined) this.ended = true
    else if (chunk.text === undefined) this.missing(chunk)
    else this.chunk = { of: chunk, next: 0, byte: chunk.text.byteOf(0) }
  }

  private open(path: string): Open<A> {
    const { decode } = this.options
    const text = new CsvText(this.options)
    const fixed = decode._tag === "Rows" ? decode.decode : undefined
    this.file = { path, text, decode: fixed, recordByte: 0 }
    return this.file
  }

  /** One piece of the chunk's text. */
  private step(chunk: NonNullable<CsvReader<A>["chunk"]>): void {
    const file = this.file ?? this.open(chunk.of.path)
    const { texts, bytes } = chunk.of.text
    const text = texts[chunk.next++]
    const last = chunk.next >= texts.length
    if (last) this.chunk = undefined
    if (text === undefined) this.hand(file, [], [], bytes)
    else this.feed(file, { text, from: chunk.byte }, last ? bytes : 0)
    chunk.byte = plus(chunk.byte, text ?? "")
  }

  /** A line is no text: the record it stands in is none either. */
  private missing(chunk: PassedIn): void {
    const { path, passed } = chunk
    const file = this.file ?? this.open(path)
    // Without its header nobody can tell what the rows are.
    if (file.decode === undefined) {
      this.failure ??= passed.error
      return
    }
    const base = file.text.begins
    const begun = file.text.restart(passed.error.line ?? 0)
    const refused = { ...refusedOf(chunk), provenance: { name: path, base } }
    this.made.push(nothingBut({ ...refused, payload: begun + passed.text }))
  }

  private close(file: Open<A>): void {
    const byteAt = (): Byte => file.recordByte
    for (;;) {
      const rows = file.text.end()
      this.rowsOf(file, rows, 0, byteAt)
      const rest = this.behind(file, rows.fault, file.recordByte)
      if (rest === undefined) return
      this.feed(file, rest, 0)
    }
  }

  private feed(file: Open<A>, first: Piece, bytes: number): void {
    let piece: Piece | undefined = first
    for (let left = bytes; piece !== undefined && this.failure === undefined; left = 0) {
      const { text, from } = piece
      const byteAt = (offset: number | undefined): Byte =>
        from === undefined || offset !== undefined
          ? plus(from, text.slice(0, offset))
          : file.recordByte
      const rows = file.text.feed(text)
      this.rowsOf(file, rows, left, byteAt)
      const faultAt = rows.fault === undefined ? undefined : byteAt(rows.fault.offset)
      const { carried } = file.text
      if (carried <= text.length) file.recordByte = byteAt(text.length - carried)
      piece = this.behind(file, rows.fault, faultAt)
    }
  }

  /** Where to go on behind a fault; undefined where there is none, or it ends the source. */
  private behind(file: Open<A>, fault: CsvFault | undefined, byte: Byte): Piece | undefined {
    if (fault === undefined || this.failure !== undefined) return undefined
    const cause = this.broken(file, fault, byte)
    if (!this.tolerant || file.decode === undefined) {
      this.failure = cause
      return undefined
    }
    const { text, rest } = file.text.goOn()
    const provenance = { name: file.path, base: fault.line }
    this.made.push(nothingBut({ payload: withoutBreak(text), cause, provenance }))
    return { text: rest, from: plus(byte, text) }
  }

  private rowsOf(
    file: Open<A>,
    { rows, lines, offsetOf }: CsvRows,
    bytes: number,
    byteAt: (offset: number | undefined) => Byte
  ): void {
    let [items, places]: [Array<A>, Array<number>] = [[], []]
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as Row
      const line = lines[i] as number
      if (isBlank(row)) continue
      try {
        if (file.decode === undefined) file.decode = this.header(row)
        else {
          items.push(file.decode(row))
          places.push(line)
        }
      } catch (thrown) {
        const [reason, cure] = causeText(thrown)
        const byte = byteAt(offsetOf(line))
        const cause = invalidRow(file.path, line, byte, reason, cure, thrown)
        if (!this.tolerant || file.decode === undefined) {
          this.failure = cause
          break
        }
        const refused = { payload: row, cause, provenance: { name: file.path, base: line } }
        this.hand(file, items, places, 0, refused)
        items = []
        places = []
      }
    }
    this.hand(file, items, places, bytes)
  }

  private hand(
    { path }: Open<A>,
    items: ReadonlyArray<A>,
    places: ReadonlyArray<number>,
    bytes: number,
    refused?: Source.Refused
  ): void {
    if (items.length === 0 && bytes === 0 && refused === undefined) return
    const base = places[0] ?? 0
    const chunk = {
      items,
      bytes,
      provenance: { name: path, base },
      ...(refused === undefined ? {} : { refused: [refused] })
    }
    const sequent = places.every((line, i) => line === base + i)
    this.made.push(sequent ? chunk : { ...chunk, lines: places })
  }

  private header(row: Row): Decode<A> {
    const { decode } = this.options
    return decode._tag === "Rows" ? decode.decode : decode.decoderOf(row)
  }

  private broken(file: Open<A>, fault: CsvFault, byte: number | undefined): FileError {
    const cell = fault.column === undefined ? "" : ` in cell ${fault.column}`
    const detail = `the record that begins here is no CSV${cell}: ${fault.reason}`
    const cure = fault.reason.includes("maxRecordSize")
      ? "raise recordCharsMax, or look for a quote that is never closed"
      : 'write quotes inside a quoted cell twice (""), and quote a cell as a whole'
    return invalidRow(file.path, fault.line, byte, detail, cure, fault)
  }
}
