// Rows of CSV files from their text: one parser for each file, its header where it has one, and the
// place of every row. The rows before a fault are handed over before the failure.
import * as Effect from "effect/Effect"
import type { CsvFault, CsvGrammar, CsvRows, Row } from "../../internal/csvText.ts"
import { CsvText } from "../../internal/csvText.ts"
import type * as Source from "../../Source.ts"
import type { FileError } from "../FileError.ts"
import { invalidRow } from "./fileErrors.ts"
import type { FileChunk, Texts } from "./fileLines.ts"

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
  /** Byte at which the text fed last begins, and the record that was not complete before it. */
  byte: number | undefined
  recordByte: number | undefined
}

/** Reads one file after the other. */
export class CsvReader<A, E = never, R = never>
  implements Source.SourceReader<A, E | FileError, R>
{
  private readonly texts: Texts<E, R>
  private readonly options: CsvReaderOptions<A>
  private file: Open<A> | undefined
  private chunk: { readonly of: FileChunk; next: number; byte: number | undefined } | undefined
  private failure: FileError | undefined
  private ended = false

  constructor(texts: Texts<E, R>, options: CsvReaderOptions<A>) {
    this.texts = texts
    this.options = options
  }

  readonly pull = (): Pulled<A> | Effect.Effect<Pulled<A>, E | FileError, R> => {
    if (this.failure !== undefined) return Effect.fail(this.failure)
    if (this.chunk !== undefined) return this.answer(this.step(this.chunk))
    if (this.ended) return undefined
    const pulled = this.texts.pull()
    if (!Effect.isEffect(pulled)) return this.answer(this.take(pulled))
    return Effect.flatMap(pulled, (chunk) => {
      const answer = this.answer(this.take(chunk))
      return Effect.isEffect(answer) ? answer : Effect.succeed(answer)
    })
  }

  /** A chunk without records before a failure is the failure. */
  private answer(chunk: Pulled<A>): Pulled<A> | Effect.Effect<Pulled<A>, FileError> {
    const nothing = chunk === undefined || chunk.items.length === 0
    return nothing && this.failure !== undefined ? Effect.fail(this.failure) : chunk
  }

  private take(chunk: FileChunk | undefined): Pulled<A> {
    const { file } = this
    if (chunk === undefined) {
      this.ended = true
      return file === undefined ? undefined : this.close(file)
    }
    this.chunk = { of: chunk, next: 0, byte: chunk.text.byteOf(0) }
    if (file === undefined || file.path === chunk.path) return this.step(this.chunk)
    this.file = undefined
    return this.close(file)
  }

  private close(file: Open<A>): Pulled<A> {
    return this.rowsOf(file, file.text.end(), 0, () => file.recordByte)
  }

  private open(path: string): Open<A> {
    const { decode } = this.options
    const text = new CsvText(this.options)
    const fixed = decode._tag === "Rows" ? decode.decode : undefined
    this.file = { path, text, decode: fixed, byte: 0, recordByte: 0 }
    return this.file
  }

  /** One piece of the chunk's text. */
  private step(chunk: NonNullable<CsvReader<A>["chunk"]>): Pulled<A> {
    const file = this.file ?? this.open(chunk.of.path)
    const { texts, bytes } = chunk.of.text
    const text = texts[chunk.next++]
    const last = chunk.next >= texts.length
    if (last) this.chunk = undefined
    if (text === undefined) return { items: [], bytes, provenance: undefined }
    const from = chunk.byte
    const byteAt = (offset: number | undefined): number | undefined => {
      if (from === undefined) return undefined
      if (offset === undefined) return file.recordByte
      return from + Buffer.byteLength(text.slice(0, offset))
    }
    const answer = this.rowsOf(file, file.text.feed(text), last ? bytes : 0, byteAt)
    if (from !== undefined && !last) chunk.byte = from + Buffer.byteLength(text)
    const { carried } = file.text
    if (carried <= text.length) file.recordByte = byteAt(text.length - carried)
    return answer
  }

  private rowsOf(
    file: Open<A>,
    { rows, lines, fault, offsetOf }: CsvRows,
    bytes: number,
    byteAt: (offset: number | undefined) => number | undefined
  ): Pulled<A> {
    const [items, places]: [Array<A>, Array<number>] = [[], []]
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
      } catch (cause) {
        const [reason, cure] = causeText(cause)
        const byte = byteAt(offsetOf(line))
        this.failure = invalidRow(file.path, line, byte, reason, cure, cause)
        break
      }
    }
    if (fault !== undefined) this.failure ??= this.broken(file, fault, byteAt(fault.offset))
    const base = places[0] ?? 0
    const sequent = places.every((line, i) => line === base + i)
    const provenance = { name: file.path, base }
    return sequent ? { items, bytes, provenance } : { items, bytes, provenance, lines: places }
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
