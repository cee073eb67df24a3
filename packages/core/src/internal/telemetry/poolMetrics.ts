// The series of pools, by name: pools of one name add up, and what ended pools counted stays
// counted. Read when somebody scrapes, like those of stages.
import type * as Context from "effect/Context"
import * as PoolStatistics from "../../PoolStatistics.ts"
import { counter, gauge } from "./stageMetrics.ts"

type Statistics = () => PoolStatistics.PoolStatistics

const namesMax = 1_000

const add = (
  a: PoolStatistics.PoolStatistics,
  b: PoolStatistics.PoolStatistics
): PoolStatistics.PoolStatistics => ({
  name: a.name,
  allocated: a.allocated + b.allocated,
  discarded: a.discarded + b.discarded,
  rented: a.rented + b.rented,
  rentedMax: Math.max(a.rentedMax, b.rentedMax),
  free: a.free + b.free,
  rents: a.rents + b.rents,
  returns: a.returns + b.returns,
  reuses: a.reuses + b.reuses,
  bytesRented: a.bytesRented + b.bytesRented,
  bytesRentedMax: Math.max(a.bytesRentedMax, b.bytesRentedMax),
  bytesFree: a.bytesFree + b.bytesFree,
  bytesRequested: a.bytesRequested + b.bytesRequested
})

/** All pools of one name. */
class PoolSeries {
  private readonly live = new Set<Statistics>()
  private ended: PoolStatistics.PoolStatistics

  constructor(name: string) {
    this.ended = new PoolStatistics.PoolCounter(name).snapshot()
  }

  join(statistics: Statistics): void {
    this.live.add(statistics)
  }

  /** The pool is gone, and with it what it held; what it counted stays. */
  leave(statistics: Statistics): void {
    if (!this.live.delete(statistics)) return
    const held = { rented: 0, free: 0, bytesRented: 0, bytesFree: 0, bytesRequested: 0 }
    this.ended = add(this.ended, { ...statistics(), ...held })
  }

  sum(): PoolStatistics.PoolStatistics {
    let sum = this.ended
    for (const statistics of this.live) sum = add(sum, statistics())
    return sum
  }
}

const register = (
  context: Context.Context<never>,
  labels: Readonly<Record<string, string>>,
  series: PoolSeries
): void => {
  const g = (
    name: string,
    description: string,
    of: (sum: PoolStatistics.PoolStatistics) => number
  ): void => gauge(context, labels, name, description, () => of(series.sum()))
  g("pool_rented", "Items out with a renter", ({ rented }) => rented)
  g("pool_rented_max", "Most items out at once in one pool", ({ rentedMax }) => rentedMax)
  g("pool_bytes_outstanding", "Bytes out with renters", ({ bytesRented }) => bytesRented)
  g("pool_reuse_ratio", "Share of rents that made nothing new", PoolStatistics.reuseRatio)
  g("pool_fragmentation", "Share of what is held that serves nobody", PoolStatistics.fragmentation)
  counter(context, labels, "pool_rents_total", "Rents", () => series.sum().rents)
  counter(context, labels, "pool_allocated_total", "Items made", () => series.sum().allocated)
}

/** The pools that one telemetry layer knows. */
export class PoolTable {
  private readonly series = new Map<string, PoolSeries>()
  private readonly context: Context.Context<never>
  private readonly labels: Readonly<Record<string, string>>

  constructor(context: Context.Context<never>, labels: Readonly<Record<string, string>>) {
    this.context = context
    this.labels = labels
  }

  /** A pool begins; the answer is to be called when it is gone. */
  join(statistics: Statistics): () => void {
    const { name } = statistics()
    let series = this.series.get(name)
    if (series === undefined) {
      if (this.series.size >= namesMax) return () => undefined
      series = new PoolSeries(name)
      this.series.set(name, series)
      register(this.context, { ...this.labels, pool: name }, series)
    }
    const joined = series
    joined.join(statistics)
    return () => joined.leave(statistics)
  }
}
