// Text of one CSV file in, rows with their lines out. The grammar is that of `effect/encoding/Csv`
// (RFC 4180); this adds where each row begins, and hands over the rows before a fault. It reads no
// bytes and knows no header.
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Csv from "effect/encoding/Csv"
import * as Scope from "effect/Scope"

/** Cells of one record. */
export type Row = ReadonlyArray<string>

/** What cannot be a record; `line` is the 0-based line it begins on. */
export interface CsvFault {
  readonly line: number
  /** Cell, from 1, where the grammar is broken. */
  readonly column: number | undefined
  readonly reason: string
  /** Where the record begins in the text fed last; undefined where it began before. */
  readonly offset: number | undefined
}

/** Complete rows, and the fault that follows them. */
export interface CsvRows {
  readonly rows: ReadonlyArray<Row>
  /** The 0-based line on which each row begins. */
  readonly lines: ReadonlyArray<number>
  readonly fault: CsvFault | undefined
  /** Where a line begins in the text fed last; undefined where it began before. */
  readonly offsetOf: (line: number) => number | undefined
}

/** How the cells are told apart. */
export interface CsvGrammar {
  readonly delimiter: string
  /** Longest record, in UTF-16 code units. */
  readonly recordCharsMax: number
}

type Texts = readonly [string, ...Array<string>]
type Rows = ReadonlyArray<Row>
interface Starved {
  readonly _tag: "Starved"
}
type Failure = Csv.CsvError | Starved | Cause.Done<void>

const starved: Starved = { _tag: "Starved" }

/** The channel of `effect/encoding`, driven by hand: a text goes in, its rows come out. */
class Decoding {
  private next: string | undefined
  private ended = false
  private readonly pull: Effect.Effect<Rows, Failure>

  constructor(grammar: CsvGrammar) {
    const upstream = Effect.suspend((): Effect.Effect<Texts, Starved | Cause.Done<void>> => {
      const text = this.next
      this.next = undefined
      if (text !== undefined) return Effect.succeed<Texts>([text])
      return this.ended ? Cause.done() : Effect.fail(starved)
    })
    const channel = Csv.decodeString<Starved, void>({
      delimiter: grammar.delimiter,
      maxRecordSize: grammar.recordCharsMax
    })
    const transform = Channel.toTransform(channel)
    this.pull = Effect.runSync(transform(upstream, Scope.makeUnsafe()))
  }

  private run(): Rows | Csv.CsvError {
    const exit = Effect.runSyncExit(this.pull)
    if (Exit.isSuccess(exit)) return exit.value
    const failure = Cause.squash(exit.cause)
    if (Csv.isCsvError(failure)) return failure
    if (failure === starved || Cause.isDone(failure)) return []
    throw failure
  }

  feed(text: string): Rows | Csv.CsvError {
    this.next = text
    return this.run()
  }

  end(): Rows | Csv.CsvError {
    this.ended = true
    return this.run()
  }
}

/** Most texts have line feeds only, and are searched for nothing else. */
const breaksIn = (text: string, returns: boolean): number => {
  if (returns && text.includes("\r")) return (text.match(/\r\n|\n|\r/g) ?? []).length
  let breaks = 0
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) breaks++
  return breaks
}

const breaksInRow = (row: Row, returns: boolean): number => {
  let breaks = 0
  for (const cell of row) breaks += breaksIn(cell, returns)
  return breaks
}

/** Where line `wanted` of `text` begins; its length where it has fewer. */
const offsetOfLine = (text: string, wanted: number): number => {
  if (!text.includes("\r")) {
    let at = 0
    for (let line = 0; line < wanted; line++) {
      at = text.indexOf("\n", at) + 1
      if (at === 0) return text.length
    }
    return at
  }
  const breaks = /\r\n|\n|\r/g
  for (let line = 0; line < wanted; line++) {
    if (breaks.exec(text) === null) return text.length
  }
  return breaks.lastIndex
}

const nowhere = (): undefined => undefined

/** Offsets are wanted only when a record is refused, so they are counted then. */
const locator = (whole: string, from: number, carried: number) => (line: number) => {
  const offset = offsetOfLine(whole, line - from)
  return offset < carried ? undefined : offset - carried
}

/** The line that `goOn` passed over, with its line break, and the text behind it. */
export interface Passed {
  readonly text: string
  readonly rest: string
}

/** The parser of one file; give it the text in pieces that end with a line, then `end`. */
export class CsvText {
  private readonly grammar: CsvGrammar
  /** Line on which the next row begins. */
  private line = 0
  /** Text of the record that is not complete yet. */
  private carry = ""
  private decoding: Decoding
  /** Line of the text that the decoder counts as its first. */
  private lineFirst = 0

  constructor(grammar: CsvGrammar) {
    this.grammar = grammar
    this.decoding = new Decoding(grammar)
  }

  /**
   * Goes on behind a fault: with the line after the one on which the broken record begins, since
   * nobody can tell where it should have ended. The caller feeds the rest.
   */
  goOn(): Passed {
    const broken = this.carry
    const next = offsetOfLine(broken, 1)
    this.restart(this.line + 1)
    return { text: broken.slice(0, next), rest: broken.slice(next) }
  }

  /**
   * A line is missing in the text: goes on with `line`. What was begun before is broken with it.
   */
  restart(line: number): string {
    const begun = this.carry
    this.carry = ""
    this.line = line
    this.decoding = new Decoding(this.grammar)
    // A decoder takes a mark at its very beginning for a byte order mark; here it is a character.
    this.decoding.feed("\n")
    this.lineFirst = line - 1
    return begun
  }

  /** Line on which the incomplete record begins. */
  get begins(): number {
    return this.line
  }

  /** Characters of the incomplete record. */
  get carried(): number {
    return this.carry.length
  }

  feed(text: string): CsvRows {
    const carried = this.carry.length
    const whole = this.carry + text
    const from = this.line
    const rows = this.decoding.feed(text)
    if (Csv.isCsvError(rows)) return this.faulty(rows, whole, carried)
    const plain = carried === 0 && !text.includes('"')
    const placed = this.place(rows, plain, whole.includes("\r"))
    if (plain && /[\r\n]$/.test(text)) this.carry = ""
    else this.carry = whole.slice(offsetOfLine(whole, this.line - from))
    return { ...placed, offsetOf: locator(whole, from, carried) }
  }

  /** The last record, where no line break follows it. */
  end(): CsvRows {
    const rows = this.decoding.end()
    if (Csv.isCsvError(rows)) {
      const { message: reason, line, column } = rows
      const fault = { line: this.lineFirst + line - 1, column, reason, offset: undefined }
      return { rows: [], lines: [], fault, offsetOf: nowhere }
    }
    this.carry = ""
    return { ...this.place(rows, false, true), offsetOf: nowhere }
  }

  private place(rows: Rows, plain: boolean, returns: boolean): Omit<CsvRows, "offsetOf"> {
    const lines = new Array<number>(rows.length)
    for (let i = 0; i < rows.length; i++) {
      lines[i] = this.line
      this.line += plain ? 1 : 1 + breaksInRow(rows[i] as Row, returns)
    }
    return { rows, lines, fault: undefined }
  }

  // The decoder gives up the rows before a fault with it. They are read once more, from the last
  // place between two records.
  private faulty(error: Csv.CsvError, whole: string, carried: number): CsvRows {
    const line = this.lineFirst + error.line - 1
    const offsetOf = locator(whole, this.line, carried)
    const before = offsetOfLine(whole, line - this.line)
    const again = new Decoding(this.grammar)
    // A decoder takes a mark at its very beginning for a byte order mark; here it is a character.
    if (this.line > 0) again.feed("\n")
    const rows = before === 0 ? [] : again.feed(whole.slice(0, before))
    const placed = this.place(Csv.isCsvError(rows) ? [] : rows, false, true)
    this.carry = whole.slice(before)
    this.line = line
    const offset = before < carried ? undefined : before - carried
    const fault = { line, column: error.column, reason: error.message, offset }
    return { ...placed, fault, offsetOf }
  }
}
