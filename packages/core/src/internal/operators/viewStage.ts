// A stage that works on blocks of views: selects rows, or hands on some of the columns. It makes no
// record and calls no function of the user's, so nothing can fail.
import * as Batch from "../../Batch.ts"
import type * as Graph from "../../Graph.ts"
import type { ViewBlock } from "../../Views.ts"
import { asItems, blockOf } from "../../Views.ts"
import type { Operator } from "../runtime/operator.ts"
import type { Run } from "../runtime/run.ts"
import type { Wait } from "../runtime/wait.ts"
import type { MakeOperator } from "../views/viewForm.ts"
import { Chained } from "./chained.ts"

/** What becomes of a block: `rows` are the positions in it of the records that are left. */
export type ViewWork = (block: ViewBlock) => {
  readonly block: ViewBlock
  readonly rows: ReadonlyArray<number> | undefined
}

/** The block of a batch; throws where the plan was not kept to. */
export const blockIn = (node: Graph.StageNode, batch: Batch.Batch<unknown>): ViewBlock => {
  const block = blockOf(batch.items)
  if (block === undefined)
    throw new Error(`stage "${node.id}" works on views and was handed objects`)
  return block
}

/**
 * The records of a block in the place of a batch's payloads; the block is released or passed on.
 */
export const itemsOf = (block: ViewBlock, emitsViews: boolean): ReadonlyArray<unknown> => {
  if (emitsViews && block.length > 0) return asItems<unknown>(block)
  const items = block.toObjects()
  block.release()
  return items
}

/** A stage of views. */
class ViewStage extends Chained {
  private readonly work: ViewWork
  private readonly emitsViews: boolean

  constructor(
    run: Run,
    node: Graph.StageNode,
    next: Operator | undefined,
    work: ViewWork,
    emitsViews: boolean
  ) {
    super(run, node, next)
    this.work = work
    this.emitsViews = emitsViews
  }

  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    const given = blockIn(this.node, batch)
    const count = given.length
    const startedAt = this.run.micros()
    const { block, rows } = this.work(given)
    const items = itemsOf(block, this.emitsViews)
    this.stats.recordLatency(this.run.micros() - startedAt)
    this.stats.made += items.length - count
    this.observed(batch, items.length)
    const made =
      rows === undefined ? Batch.withItems(batch, items) : Batch.derive(batch, items, rows)
    return this.forward(made)
  }
}

/** Operators that do such work. */
export const viewStage =
  (work: ViewWork, emitsViews: boolean): MakeOperator =>
  (run, node, next) =>
    new ViewStage(run, node, next, work, emitsViews)
