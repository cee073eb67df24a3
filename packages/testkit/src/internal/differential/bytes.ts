// Generated records as bytes of a declared format: a source that hands over views where an engine
// asks for them and objects elsewhere, and a sink that takes both. Nothing is read from disk.
import * as Format from "@sluice/core/Format"
import * as FormatParser from "@sluice/core/FormatParser"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import type { Needs, Sheet } from "@sluice/core/Views"
import { asItems, blockOf } from "@sluice/core/Views"
import * as Effect from "effect/Effect"
import type { Bytes, Item } from "./plan.ts"

const fields = { key: Format.integer(), value: Format.decimal() }

const formats: Readonly<Record<Bytes, Format.Format<Item>>> = {
  delimited: Format.delimited(fields, { separator: ";" }),
  ndjson: Format.ndjson(fields)
}

const textOf = (bytes: Bytes, { key, value }: Item): string =>
  bytes === "ndjson" ? `${JSON.stringify({ value, key })}\n` : `${key};${value}\n`

/** What was handed over as views; each is given back when the run is over. */
export type Lent = Array<Sheet>

const encoder = new TextEncoder()

/** The records, a chunk at a time. */
export const source = (
  bytes: Bytes,
  chunks: ReadonlyArray<ReadonlyArray<Item>>,
  lent: Lent
): Source.Source<Item> => {
  const format = formats[bytes]
  const chunkOf = (items: ReadonlyArray<Item>, needs: Needs): Source.Chunk<unknown> => {
    const text = encoder.encode(items.map((item) => textOf(bytes, item)).join(""))
    const parsed = FormatParser.parse(format, text, needs)
    if (parsed._tag === "Fault") throw new Error(`line ${parsed.line} is not of the format`)
    lent.push(parsed.block.sheet)
    return { items: asItems(parsed.block), bytes: text.length, provenance: undefined }
  }
  const open = (needs: Needs) =>
    Effect.sync(() => {
      let at = 0
      const pull = (): Source.Chunk<unknown> | undefined => {
        const items = chunks[at++]
        return items === undefined ? undefined : chunkOf(items, needs)
      }
      return { pull }
    })
  return {
    ...Source.fromChunks(chunks),
    label: `${bytes} bytes`,
    views: { layout: format.layout, open }
  }
}

/** Takes blocks of views, and objects. */
export const sinkInto = (target: Array<Item>): Sink.Sink<Item> => ({
  ...Sink.make<Item, never, never>(
    "views",
    Effect.succeed({
      write: ({ items }) => {
        const block = blockOf(items)
        if (block === undefined) return void target.push(...items)
        target.push(...(block.toObjects() as ReadonlyArray<Item>))
        block.release()
      }
    })
  ),
  views: true
})
