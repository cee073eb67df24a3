// What a key has gathered when no state is described: its fragments, in an order that does not
// depend on arrival. It keeps every fragment, duplicates included, until the key leaves.
import type { Slot } from "./internal/slotTable.ts"

/** Where a fragment came from; sorts fragments for which the user gave no order. */
const stride = 3

/** What all keys of one accumulator share. */
export interface FragmentsOptions<in In> {
  readonly slotOf: ((fragment: In) => Slot | undefined) | undefined
  readonly order: ((a: In, b: In) => number) | undefined
}

/**
 * The fragments of one key.
 *
 * Shape: sorted by the option `order`, then by name of the source and sequence number, so that
 * every arrival order of the same records gives the same list.
 */
export class Fragments<In> implements Iterable<In> {
  private readonly options: FragmentsOptions<In>
  /** Fragment, sequence number, origin; one array, since most keys hold few fragments. */
  private readonly cells: Array<In | number | string>
  private sorted: ReadonlyArray<In> | undefined = undefined

  constructor(options: FragmentsOptions<In>) {
    this.options = options
    this.cells = []
  }

  /** How many there are. */
  get size(): number {
    return this.cells.length / stride
  }

  /** All of them, in canonical order. */
  get all(): ReadonlyArray<In> {
    this.sorted ??= this.sort()
    return this.sorted
  }

  /** The first fragment of a slot, or undefined. */
  get(slot: Slot): In | undefined {
    const { slotOf } = this.options
    return slotOf === undefined ? undefined : this.all.find((each) => slotOf(each) === slot)
  }

  /** Every fragment of a slot: more than one where the input repeats itself. */
  getAll(slot: Slot): ReadonlyArray<In> {
    const { slotOf } = this.options
    return slotOf === undefined ? [] : this.all.filter((each) => slotOf(each) === slot)
  }

  [Symbol.iterator](): Iterator<In> {
    return this.all[Symbol.iterator]()
  }

  /** Adds one, with its place in the input. */
  push(fragment: In, seqId: number, origin: string): void {
    this.cells.push(fragment, seqId, origin)
    this.sorted = undefined
  }

  /** Takes back the last one added. */
  pop(): void {
    this.cells.length -= stride
    this.sorted = undefined
  }

  private compare(a: number, b: number): number {
    const { cells } = this
    const { order } = this.options
    const byOrder = order === undefined ? 0 : order(cells[a] as In, cells[b] as In)
    if (byOrder !== 0) return byOrder
    const [from, other] = [cells[a + 2] as string, cells[b + 2] as string]
    if (from !== other) return from < other ? -1 : 1
    return (cells[a + 1] as number) - (cells[b + 1] as number)
  }

  private sort(): ReadonlyArray<In> {
    const { cells } = this
    const places: Array<number> = []
    let inOrder = true
    for (let at = 0; at < cells.length; at += stride) {
      if (inOrder && at > 0 && this.compare(at - stride, at) > 0) inOrder = false
      places.push(at)
    }
    if (!inOrder) places.sort((a, b) => this.compare(a, b))
    return places.map((at) => cells[at] as In)
  }
}
