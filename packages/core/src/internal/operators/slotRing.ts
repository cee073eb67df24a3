// A first-in-first-out ring of slots with a fixed number of places: no array grows or is cut while
// records pass. The caller never holds more than it was made for.
import type { Slot } from "./inFlight.ts"

/** Slots in the order in which they may leave. */
export class SlotRing {
  private readonly places: Array<Slot | undefined>
  private readonly mask: number
  private head = 0
  private tail = 0

  /** Room for `sizeMax` slots. */
  constructor(sizeMax: number) {
    // One place stays empty, so that full and empty differ.
    const capacity = 2 ** Math.ceil(Math.log2(sizeMax + 1))
    this.places = new Array<Slot | undefined>(capacity).fill(undefined)
    this.mask = capacity - 1
  }

  /** The slot that leaves next, or undefined. */
  first(): Slot | undefined {
    return this.head === this.tail ? undefined : this.places[this.head]
  }

  add(slot: Slot): void {
    const after = (this.tail + 1) & this.mask
    if (after === this.head) throw new RangeError(`a ring of ${this.mask} slots is full`)
    this.places[this.tail] = slot
    this.tail = after
  }

  /** Takes `first` out. */
  drop(): void {
    this.places[this.head] = undefined
    this.head = (this.head + 1) & this.mask
  }
}
