// What a function on rows is, for the code that runs it: on objects, and on views.
import type * as Envelope from "../../Envelope.ts"
import { RowText } from "../../RowText.ts"

/** A user's function on rows: the record, its texts as bytes, and its metadata. */
export type RowFunction = (row: never, texts: never, cursor: Envelope.Cursor) => unknown

/** The same, called by code that does not know the record. */
export type ErasedRowFunction = (row: unknown, texts: unknown, cursor: Envelope.Cursor) => unknown

/** Makes it callable; the DSL has checked its types. */
export const erasedRow = (f: RowFunction): ErasedRowFunction => f as ErasedRowFunction

const encoder = new TextEncoder()

type Texts = Readonly<Record<string, RowText | undefined>>

/** The texts of one object after the other. */
class ObjectTexts {
  private record: Readonly<Record<string, unknown>> = {}
  private readonly texts = new Map<string, RowText>()
  readonly view: Texts = new Proxy<Texts>(
    {},
    { get: (_, name) => (typeof name === "string" ? this.textOf(name) : undefined) }
  )

  private textOf(name: string): RowText | undefined {
    const value = this.record[name]
    const isNothing = value === null || (value === undefined && name in this.record)
    if (typeof value !== "string" && !isNothing) return undefined
    const text = this.texts.get(name) ?? new RowText()
    this.texts.set(name, text)
    const bytes = encoder.encode(isNothing ? "" : (value as string))
    return text.place(bytes, 0, isNothing ? -1 : bytes.length)
  }

  of(record: unknown): Texts {
    this.record = record as Readonly<Record<string, unknown>>
    return this.view
  }
}

const someOf = (record: unknown, names: ReadonlyArray<string>): unknown => {
  const found: Record<string, unknown> = {}
  for (const name of names)
    if (name in (record as object))
      found[name] = (record as Readonly<Record<string, unknown>>)[name]
  return found
}

/** The function of objects that a function on rows is: what a stage calls that has no views. */
export const onObjects = (
  f: ErasedRowFunction,
  reads: ReadonlyArray<string> | undefined
): ((record: unknown, cursor: Envelope.Cursor) => unknown) => {
  const texts = new ObjectTexts()
  const rowOf = (record: unknown): unknown => (reads === undefined ? record : someOf(record, reads))
  // Whoever declares a cursor pays for it: a function of one parameter does not ask for it.
  if (f.length >= 3) return (record, cursor) => f(rowOf(record), texts.of(record), cursor)
  const alone = (record: unknown): unknown => f(rowOf(record), texts.of(record), undefined as never)
  return alone as (record: unknown, cursor: Envelope.Cursor) => unknown
}
