// Development mode of rows: each call gets a row of its own that ends with the call, so that a row,
// or a text of it, that was kept is caught where it is used, instead of being another record.
import { RowText } from "../../RowText.ts"
import type { RowKind } from "./rowCode.ts"
import type { ErasedRowFunction } from "./rowFunction.ts"

/** A row was used after the call it was made for. */
export class RowMisuse extends Error {
  override readonly name = "RowMisuse"
}

interface Life {
  isOver: boolean
}

const wrapped = (target: object, life: Life, stageId: string): object => {
  const check = (): void => {
    if (!life.isOver) return
    throw new RowMisuse(
      `stage "${stageId}": a row was used after the call it was made for; it is another ` +
        "record by then. Cure: keep what you read of it, or { ...row }"
    )
  }
  return new Proxy(target, {
    get: (from, name) => {
      check()
      const value = Reflect.get(from, name)
      if (value instanceof RowText) return wrapped(value, life, stageId)
      return typeof value === "function" && from instanceof RowText ? value.bind(from) : value
    },
    ownKeys: (from) => {
      check()
      return Reflect.ownKeys(from)
    }
  })
}

/** The function, with rows that end. */
export const watched =
  (
    stageId: string,
    f: ErasedRowFunction,
    kind: RowKind,
    expand: (result: unknown, out: Array<unknown>) => void
  ): ErasedRowFunction =>
  (row, texts, cursor) => {
    const life: Life = { isOver: false }
    const watchedRow = wrapped(row as object, life, stageId)
    try {
      const result = f(watchedRow, wrapped(texts as object, life, stageId), cursor)
      if (kind !== "FlatMap") return result === watchedRow ? row : result
      const out: Array<unknown> = []
      expand(result, out)
      return out.map((each) => (each === watchedRow ? row : each))
    } finally {
      life.isOver = true
    }
  }
