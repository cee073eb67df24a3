// The accumulator of generated pipelines: gathers by key, emits the sum (or the number) of so many
// records, and what is left when the input ends, as partials. Small on purpose: it holds engines to
// the accumulator contract and shares nothing with the accumulation package.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Batch from "@sluice/core/Batch"
import type { Item } from "./plan.ts"

/** What is told of a group: the sum of its values where order is known, else their number. */
export type GroupValue = "sum" | "count"

/** Partials handed over at once. */
const partialsAtOnce = 16

interface Group {
  readonly key: number
  count: number
  sum: number
}

/** Throws for a fragment that cannot be added. */
export type Fault = (item: Item) => void

class Groups implements Accumulator.AccumulatorInstance<Item, Item> {
  private readonly items: number
  private readonly fault: Fault
  private readonly host: Accumulator.AccumulatorHost
  private readonly value: GroupValue
  private readonly open = new Map<number, Group>()
  private last: Batch.Batch<unknown> = Batch.make([])
  private counts = { in: 0, completed: 0, partial: 0, failed: 0, keysCompleted: 0, keysPartial: 0 }

  constructor(items: number, value: GroupValue, fault: Fault, host: Accumulator.AccumulatorHost) {
    this.items = items
    this.value = value
    this.fault = fault
    this.host = host
  }

  /** Whether the fragment may be added; else it is set aside alone (rule A5), or ends the run. */
  private sound(item: Item, position: number): "yes" | "no" | "end" {
    try {
      this.fault(item)
      return "yes"
    } catch (cause) {
      this.counts.failed++
      return this.host.failed(position, item.key, cause, "non-recoverable") ? "no" : "end"
    }
  }

  private outputOf(group: Group): Item {
    return { key: group.key, value: this.value === "sum" ? group.sum : group.count }
  }

  readonly process = (batch: Batch.Batch<Item>): Accumulator.Emitted<Item> => {
    this.last = batch
    const outputs: Array<Item> = []
    const positions: Array<number> = []
    for (const [position, item] of batch.items.entries()) {
      this.counts.in++
      const sound = this.sound(item, position)
      if (sound === "end") break
      if (sound === "no") continue
      const group = this.open.get(item.key) ?? { key: item.key, count: 0, sum: 0 }
      group.count++
      group.sum += item.value
      if (group.count !== this.items) {
        this.open.set(item.key, group)
        continue
      }
      this.open.delete(item.key)
      this.counts.completed += group.count
      this.counts.keysCompleted++
      outputs.push(this.outputOf(group))
      positions.push(position)
    }
    return outputs.length === 0 ? undefined : Batch.derive(batch, outputs, positions)
  }

  readonly fire = (): undefined => undefined
  readonly deadline = (): number => Number.POSITIVE_INFINITY
  readonly pending = (): boolean => false

  readonly end = (): Accumulator.Emitted<Item> => {
    const groups = [...this.open.values()].slice(0, partialsAtOnce)
    if (groups.length === 0) return undefined
    for (const group of groups) {
      this.open.delete(group.key)
      this.counts.partial += group.count
      this.counts.keysPartial++
    }
    const { origin, timestamp } = this.last
    return Batch.make(
      groups.map((group) => this.outputOf(group)),
      { origin, timestamp }
    )
  }

  readonly totals = (): Accumulator.AccumulatorTotals => {
    const { counts } = this
    return {
      fragmentsIn: counts.in,
      fragmentsCompleted: counts.completed,
      fragmentsPartial: counts.partial,
      fragmentsDropped: 0,
      fragmentsFailed: counts.failed,
      fragmentsOpen: [...this.open.values()].reduce((sum, { count }) => sum + count, 0),
      keysOpen: this.open.size,
      keysCompleted: counts.keysCompleted,
      keysPartial: counts.keysPartial,
      keysDropped: 0,
      bytesOpen: 0,
      dropsByReason: {},
      completedByReason: { items: counts.keysCompleted }
    }
  }

  readonly openKeys = (limit: number): ReadonlyArray<Accumulator.OpenKey> =>
    [...this.open.values()].slice(0, limit).map((group) => ({
      key: group.key,
      fragments: group.count,
      completeness: this.items === 0 ? 0 : group.count / this.items,
      missing: []
    }))
}

/** Groups of `items` records of a key; with 0 a group ends with the input only. */
export const groups = (
  items: number,
  value: GroupValue,
  fault: Fault = () => undefined
): Accumulator.AccumulatorSpec<Item, Item> => ({
  _tag: "AccumulatorSpec",
  label: `${value} of ${items}`,
  descriptor: {
    policy: {
      timeBoundWaived: "the input of a generated pipeline is finite",
      partialFlush: true,
      spillAllowed: false
    },
    engineHint: { _tag: "Sequential" },
    progressWeights: {}
  },
  issues: [],
  make: (host) => new Groups(items, value, fault, host)
})
