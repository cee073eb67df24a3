// Development mode of pools: who rented what, what was not returned, and use after return. A pool
// with a tracker is slower and says more; without one it trusts its renters.
import * as Context from "effect/Context"

/** Something that was rented and not returned. */
export interface Leak {
  readonly pool: string
  /** Who rented it, by the name it gave. */
  readonly renter: string
  /** The how-manieth rent of all pools it was, from 1. */
  readonly rent: number
}

/** A pool was not used as agreed. */
export class PoolMisuse extends Error {
  override readonly name = "PoolMisuse"
}

/** Leaks named one by one in a report; the rest is counted. */
const namedMax = 20

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`

/**
 * Watches the pools it is given to.
 *
 * Flow: pools tell it of every rent and return. Ask `leaks` or `assertReturned` when every renter
 * should be done, for instance after each test.
 * Limits: remembers what is rented now, nothing of what was returned.
 * Errors: `returned` throws `PoolMisuse` for what is not rented: returned twice, or never rented.
 */
export class PoolTracker {
  private readonly out = new Map<object, Leak>()
  private rents = 0
  private returns = 0

  /** Told by a pool of a rent. */
  rented(item: object, pool: string, renter: string): void {
    this.rents++
    this.out.set(item, { pool, renter, rent: this.rents })
  }

  /** Told by a pool of a return. */
  returned(item: object, pool: string): void {
    if (!this.out.delete(item)) {
      throw new PoolMisuse(
        `pool "${pool}": something was returned that is not rented; it was returned twice, or ` +
          "comes from elsewhere. Return what you rented once, and drop it"
      )
    }
    this.returns++
  }

  /** What is rented now, oldest first. */
  leaks(): ReadonlyArray<Leak> {
    return [...this.out.values()]
  }

  /** Names the renters of what was not returned; undefined when everything was. */
  report(): string | undefined {
    const leaks = this.leaks()
    if (leaks.length === 0) return undefined
    const head = `${plural(this.rents, "rent")}, ${plural(this.returns, "return")}`
    const lines = leaks
      .slice(0, namedMax)
      .map(
        ({ pool, renter, rent }) => `  pool "${pool}", rent ${rent}: not returned by "${renter}"`
      )
    const more = leaks.length > namedMax ? [`  … and ${leaks.length - namedMax} more`] : []
    return [`${head}: ${plural(leaks.length, "leak")}`, ...lines, ...more].join("\n")
  }

  /** Throws the report unless rented = returned. */
  assertReturned(): void {
    const report = this.report()
    if (report !== undefined) throw new PoolMisuse(report)
  }
}

/**
 * A tracker for the pools of a test file, asked after each test: rented = returned.
 *
 * @example
 * ```ts
 * import { Pool } from "@sluice/core/Pool"
 * import * as PoolTracker from "@sluice/core/PoolTracker"
 * import { afterEach } from "vitest"
 *
 * const tracker = PoolTracker.afterEachTest(afterEach)
 * const pool = new Pool({ name: "boxes", make: () => ({}), tracker })
 * ```
 */
export const afterEachTest = (afterEach: (check: () => void) => unknown): PoolTracker => {
  const tracker = new PoolTracker()
  afterEach(() => tracker.assertReturned())
  return tracker
}

/** The tracker for pools that runs make in this context; undefined: none. */
export const Current: Context.Reference<PoolTracker | undefined> = Context.Reference<
  PoolTracker | undefined
>("@sluice/core/PoolTracker", { defaultValue: () => undefined })
