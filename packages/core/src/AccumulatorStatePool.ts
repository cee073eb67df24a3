// Containers for the state of keys, made ahead and used again: a key that ends leaves its container
// to the next one that opens.
import { Pool } from "./Pool.ts"
import type * as PoolStatistics from "./PoolStatistics.ts"
import type { PoolTracker } from "./PoolTracker.ts"

/** Settings of the pool. */
export interface AccumulatorStatePoolOptions<State extends object> {
  /** Stage id, for reports. */
  readonly name: string
  readonly make: () => State
  /** Empties a state; what it held must not be reachable afterwards. */
  readonly reset: (state: State) => void
  /** States made when the pool is; default 0. */
  readonly ahead?: number
  /** Free states kept; default 1,024, at least `ahead`. */
  readonly freeMax?: number
  readonly tracker?: PoolTracker | undefined
}

/** States of keys; `open` when a key opens, `close` when it ends. */
export class AccumulatorStatePool<State extends object> {
  private readonly pool: Pool<State>

  constructor(options: AccumulatorStatePoolOptions<State>) {
    const { name, make, reset, tracker, ahead = 0 } = options
    const freeMax = Math.max(ahead, options.freeMax ?? 1_024)
    this.pool = new Pool({ name, make, reset, freeMax, tracker })
    const made = Array.from({ length: ahead }, () => this.pool.rent("ahead"))
    for (const state of made) this.pool.give(state)
  }

  /** An empty state for a key. */
  open(key: string): State {
    return this.pool.rent(key)
  }

  /** Takes the state of a key that ended. */
  close(state: State): void {
    this.pool.give(state)
  }

  /** Keys whose state is out now. */
  get activeStates(): number {
    return this.pool.statistics().rented
  }

  statistics(): PoolStatistics.PoolStatistics {
    return this.pool.statistics()
  }
}
