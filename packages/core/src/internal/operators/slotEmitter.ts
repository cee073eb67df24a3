// Packs finished records of a window into batches: one batch per run of records that came from the
// same input batch.
import * as Batch from "../../Batch.ts"
import type { InFlight, Slot } from "./inFlight.ts"

/**
 * Gathers what may leave. `judge` decides on failed records: true lets the slot's value through.
 */
export class SlotEmitter {
  private readonly judge: (slot: Slot) => boolean
  /** Used again for every batch: `derive` copies as many as there are items. */
  private readonly positions: Array<number> = []

  constructor(judge: (slot: Slot) => boolean) {
    this.judge = judge
  }

  /** Everything that may leave now, in leaving order. */
  gather(inFlight: InFlight): ReadonlyArray<Batch.Batch<unknown>> {
    const batches: Array<Batch.Batch<unknown>> = []
    let source: Batch.Batch<unknown> | undefined
    let items: Array<unknown> = []
    const { positions } = this
    const close = (): void => {
      if (source !== undefined && items.length > 0)
        batches.push(Batch.derive(source, items, positions))
      items = []
    }
    for (let slot = inFlight.next(); slot !== undefined; slot = inFlight.next()) {
      if (slot.batch !== source) {
        close()
        source = slot.batch
      }
      if (slot.succeeded || this.judge(slot)) {
        positions[items.length] = slot.position
        items[items.length] = slot.value
      }
      inFlight.recycle(slot)
    }
    close()
    return batches
  }
}
