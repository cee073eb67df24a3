// Packs finished records of a window into batches: one batch per run of records that came from the
// same input batch.
import * as Batch from "../../Batch.ts"
import type { InFlight, Slot } from "./inFlight.ts"

/**
 * Gathers what may leave. `judge` decides on failed records: true lets the slot's value through.
 */
export class SlotEmitter {
  private readonly judge: (slot: Slot) => boolean

  constructor(judge: (slot: Slot) => boolean) {
    this.judge = judge
  }

  /** Everything that may leave now, in leaving order. */
  gather(inFlight: InFlight): ReadonlyArray<Batch.Batch<unknown>> {
    const batches: Array<Batch.Batch<unknown>> = []
    let source: Batch.Batch<unknown> | undefined
    let items: Array<unknown> = []
    let positions: Array<number> = []
    const close = (): void => {
      if (source !== undefined && items.length > 0)
        batches.push(Batch.derive(source, items, positions))
      items = []
      positions = []
    }
    for (let slot = inFlight.next(); slot !== undefined; slot = inFlight.next()) {
      if (slot.batch !== source) {
        close()
        source = slot.batch
      }
      if (this.judge(slot)) {
        items.push(slot.value)
        positions.push(slot.position)
      }
      inFlight.recycle(slot)
    }
    close()
    return batches
  }
}
