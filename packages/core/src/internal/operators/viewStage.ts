// A stage that works on blocks of views: selects rows, or hands on some of the columns. It makes no
// record and calls no function of the user's, so nothing can fail.
import * as Batch from "../../Batch.ts"
import type { ViewBlock } from "../../Views.ts"
import { asItems, blockOf } from "../../Views.ts"
import type { Wait } from "../runtime/wait.ts"
import { Chained } from "./chained.ts"

/** What becomes of a block: `rows` are the positions in it of the records that are left. */
export type ViewWork = (block: ViewBlock) => {
  readonly block: ViewBlock
  readonly rows: ReadonlyArray<number> | undefined
}

const work = Symbol("view work")

/** A batch function that stands for work on views. */
export const viewFunction = (f: ViewWork): ((items: never) => never) =>
  Object.assign(
    (): never => {
      throw new Error("a stage of views was handed objects")
    },
    { [work]: f }
  )

/** The work a batch function stands for, or undefined for any other function. */
export const workOf = (f: unknown): ViewWork | undefined =>
  typeof f === "function" ? (f as { readonly [work]?: ViewWork })[work] : undefined

/** A stage of views. */
export class ViewStage extends Chained {
  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    const { operation } = this.node
    const f = operation._tag === "MapBatch" ? workOf(operation.f) : undefined
    const given = blockOf(batch.items)
    if (f === undefined || given === undefined)
      throw new Error(`stage "${this.node.id}" works on views and was handed objects`)
    const startedAt = this.run.micros()
    const { block, rows } = f(given)
    this.stats.recordLatency(this.run.micros() - startedAt)
    this.observed(batch, block.length)
    if (block.length === 0) {
      block.release()
      return undefined
    }
    const items = asItems<unknown>(block)
    const made =
      rows === undefined ? Batch.withItems(batch, items) : Batch.derive(batch, items, rows)
    return this.forward(made)
  }
}
