// Records that are given up on their way: whoever is told of them gets objects, and bytes that they
// were views of go back.
import { blockOf } from "../../Views.ts"

/** The records as objects; a block is released. */
export const givenUp = (items: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  const block = blockOf(items)
  if (block === undefined) return items
  const objects = block.toObjects()
  block.release()
  return objects
}
