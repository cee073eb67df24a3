// What the types promise of functions on rows: they are those of the records that come, without
// annotations; texts are the text fields; what is not read is not there.
import * as Fields from "@sluice/core/Fields"
import * as Format from "@sluice/core/Format"
import * as Records from "@sluice/core/node/Records"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Row from "@sluice/core/Row"
import type { RowText } from "@sluice/core/RowText"

/** True when two types are the same one. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

declare const same: <A, B>(equal: Same<A, B>) => void

const format = Format.csv({
  city: Format.text(),
  pieces: Format.integer(),
  channel: Format.choice({ s: "shop", w: "web" })
})
type Sale = typeof format extends Format.Format<infer A> ? A : never
const sales = Pipeline.source("sales", Records.files("sales.csv", format))

const kept = sales.pipe(
  Pipeline.filter("some", Fields.where(Fields.compare("pieces", ">", 1))),
  Pipeline.filter(
    "web",
    Row.of((row, texts) => row.channel === "web" && texts.city.length > 1)
  )
)
same<typeof kept, Pipeline.Pipeline<Sale, Records.FileError>>(true)

const made = kept.pipe(
  Pipeline.map(
    "shape",
    Row.of((row) => ({ where: row.city, pieces: row.pieces }))
  ),
  Pipeline.flatMap("twice", ({ where, pieces }) => [where, pieces])
)
same<typeof made, Pipeline.Pipeline<string | number, Records.FileError>>(true)

Row.of((_: Sale, texts) => {
  same<typeof texts, { readonly city: RowText; readonly channel: RowText }>(true)
  return true
})

Row.reading<Sale>()("city")((row, texts) => {
  same<keyof typeof row, "city">(true)
  same<keyof typeof texts, "city">(true)
  return row.city
})

const columns = Row.columns<Sale>()("pieces")({
  where: "city",
  dozens: Row.number((row) => row.pieces / 12),
  size: Row.choice(["small", "large"], (row) => (row.pieces > 3 ? "large" : null)),
  isOdd: Row.boolean((row) => row.pieces % 2 === 1)
})
const shaped = sales.pipe(Pipeline.map("columns", columns))
same<
  typeof shaped extends Pipeline.Pipeline<infer A, Records.FileError> ? A : never,
  {
    readonly where: string
    readonly dozens: number
    readonly size: "large" | null
    readonly isOdd: boolean
  }
>(true)

// The fields of a row are those that the function says it reads.
// error: Property 'pieces' does not exist on type 'Pick<
Row.reading<Sale>()("city")((row) => row.pieces)

// A row has the fields of its record.
// error: Argument of type '"town"' is not assignable to parameter
Row.reading<Sale>()("town")

// Only such fields are picked.
// error: '"town"' is not assignable to type
Row.columns<Sale>()()({ x: "town" })

// A choice is one of its words.
// error: '"b"' is not assignable to type '"a"'
Row.columns<Sale>()()({ x: Row.choice(["a"], () => "b") })

// Texts are not computed.
// error: is not assignable to type
Row.columns<Sale>()()({ x: (row: Sale) => row.city })
