// Stages whose functions look at views as rows. A filter hands on views, or the objects of what it
// lets through; map and flatMap hand on what the function makes; computed columns stand beside
// those that are picked. Errors are isolated record by record and follow the stage's policy, as in
// a kernel.
import * as Batch from "../../Batch.ts"
import type * as Graph from "../../Graph.ts"
import type { Layout, Sheet } from "../../Views.ts"
import { ColumnData, everything, ViewBlock } from "../../Views.ts"
import { BatchCursor } from "../operators/batchCursor.ts"
import { Chained } from "../operators/chained.ts"
import { expandIterable } from "../operators/kernelOperator.ts"
import { blockIn, itemsOf } from "../operators/viewStage.ts"
import type { Operator } from "../runtime/operator.ts"
import type { Run } from "../runtime/run.ts"
import type { Wait } from "../runtime/wait.ts"
import { andThen } from "../runtime/wait.ts"
import { recordAt } from "../views/materialise.ts"
import type { MakeOperator } from "../views/viewForm.ts"
import { keptRows } from "../views/viewWork.ts"
import { watched } from "./keptRow.ts"
import type { ComputedColumn, MakeLoop, RowHost, RowKind, RowLoop } from "./rowCode.ts"
import type { ErasedRowFunction } from "./rowFunction.ts"

/** What a stage of rows is made of. */
export interface RowStageOptions {
  readonly functions: ReadonlyArray<ErasedRowFunction>
  /** The loop for a layout; the same for every run. */
  readonly loopFor: (layout: Layout) => MakeLoop
  readonly emitsViews: boolean
}

/** What becomes of a block. */
interface Handed {
  readonly items: ReadonlyArray<unknown>
  /** Positions in the block of the records that the items come from. */
  readonly positions: ReadonlyArray<number>
  readonly isWhole: boolean
}

abstract class RowOperator extends Chained {
  protected readonly options: RowStageOptions
  protected readonly kind: RowKind
  private readonly functions: ReadonlyArray<ErasedRowFunction>
  private readonly loops = new Map<Layout, RowLoop>()
  private readonly cursor = new BatchCursor()
  private readonly host: RowHost
  private sheet: Sheet | undefined
  private from = 0
  private lost = 0
  private consumed = 0

  constructor(
    run: Run,
    node: Graph.StageNode,
    next: Operator | undefined,
    kind: RowKind,
    options: RowStageOptions
  ) {
    super(run, node, next)
    this.options = options
    this.kind = kind
    const expand = (result: unknown, out: Array<unknown>): void => {
      expandIterable(node.id, result, out)
    }
    this.functions =
      run.options.development === true
        ? options.functions.map((f) => watched(node.id, f, kind, expand))
        : options.functions
    this.host = {
      cursor: this.cursor,
      failed: (position, cause) => this.failed(position, cause),
      expand
    }
  }

  private failed(position: number, cause: unknown): boolean {
    this.lost++
    const payload = recordAt(this.sheet as Sheet, this.from + position)
    return this.rejections.reject({ batch: this.cursor.batch, position, payload, cause })
  }

  /** Calls the functions for every row of a block. */
  protected looped({ sheet, from, to }: ViewBlock, out: Array<unknown>): Array<number> {
    const known = this.loops.get(sheet.layout)
    const loop = known ?? this.options.loopFor(sheet.layout)(this.host, this.functions)
    if (known === undefined) this.loops.set(sheet.layout, loop)
    const rows: Array<number> = []
    this.sheet = sheet
    this.from = from
    this.consumed = loop(sheet, from, to, out, rows) - from
    return rows
  }

  /** Takes over the block. */
  protected abstract handOn(block: ViewBlock): Handed

  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    const block = blockIn(this.node, batch)
    const startedAt = this.run.micros()
    this.cursor.batch = batch
    this.lost = 0
    const { items, positions, isWhole } = this.handOn(block)
    this.stats.recordLatency(this.run.micros() - startedAt)
    this.stats.made += items.length - (this.consumed - this.lost)
    this.observed(batch, items.length)
    const wait = this.forward(
      isWhole ? Batch.withItems(batch, items) : Batch.derive(batch, items, positions)
    )
    return this.lost === 0 ? wait : andThen(wait, () => this.rejections.deliver())
  }
}

class RowFilter extends RowOperator {
  protected handOn(block: ViewBlock): Handed {
    const positions = this.looped(block, [])
    const isWhole = positions.length === block.length
    const kept = isWhole ? block : keptRows(block, positions)
    return { items: itemsOf(kept, this.options.emitsViews), positions, isWhole }
  }
}

class RowMap extends RowOperator {
  protected handOn(block: ViewBlock): Handed {
    const items: Array<unknown> = []
    const positions = this.looped(block, items)
    block.release()
    for (let j = 0; j < positions.length; j++) positions[j] = (positions[j] as number) - block.from
    // Of a flatMap, as many as there were need not be one for each.
    const isWhole = this.kind === "Map" && items.length === block.length
    return { items, positions, isWhole }
  }
}

/** What of a layout's columns goes on, and under what layout. */
export interface ColumnsPlan {
  readonly columns: ReadonlyArray<ComputedColumn>
  readonly layoutOf: (layout: Layout) => ComputedLayout
}

/** The layout behind a stage of columns: places in the layout before it, or columns it makes. */
export interface ComputedLayout {
  readonly made: Layout
  readonly places: ReadonlyArray<number | ComputedColumn>
}

class RowColumns extends RowOperator {
  private readonly plan: ColumnsPlan

  constructor(
    run: Run,
    node: Graph.StageNode,
    next: Operator | undefined,
    options: RowStageOptions,
    plan: ColumnsPlan
  ) {
    super(run, node, next, "Map", options)
    this.plan = plan
  }

  protected handOn(block: ViewBlock): Handed {
    const { sheet, from, to } = block
    const { made, places } = this.plan.layoutOf(sheet.layout)
    const needs = everything(made)
    const fresh = new Map(
      this.plan.columns.map((column) => {
        const data = new ColumnData(column, needs, column.name, false)
        data.ensure(to)
        return [column, data] as const
      })
    )
    const arrays = [...fresh].map(([{ _tag }, data]) =>
      _tag === "Number" ? data.value : data.code
    )
    const rows = this.looped(block, arrays)
    const isWhole = rows.length === block.length
    if (!isWhole) {
      for (const data of fresh.values()) data.compact(rows, from)
      keptRows(block, rows)
    }
    const columns = places.map((at) => (typeof at === "number" ? at : fresh.get(at)))
    const picked = sheet.picked(made, columns as ReadonlyArray<number | ColumnData>)
    const kept = new ViewBlock(picked, from, from + rows.length)
    return { items: itemsOf(kept, this.options.emitsViews), positions: rows, isWhole }
  }
}

/** Operators of functions on rows. */
export const rowStage =
  (kind: RowKind, options: RowStageOptions): MakeOperator =>
  (run, node, next) =>
    kind === "Filter"
      ? new RowFilter(run, node, next, kind, options)
      : new RowMap(run, node, next, kind, options)

/** Operators that compute columns. */
export const columnsStage =
  (options: RowStageOptions, plan: ColumnsPlan): MakeOperator =>
  (run, node, next) =>
    new RowColumns(run, node, next, options, plan)
