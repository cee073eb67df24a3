// One run in virtual time: a strategy under a load pattern, in ticks of 10 ms for 30 seconds.
// A pure function of both; it asserts after each tick that nothing is lost and no queue grows.
import type { Pattern } from "./patterns.ts"
import type { Simulated } from "./strategies.ts"

/** Means over half a second. */
export interface Point {
  readonly second: number
  readonly arrivals: number
  readonly capacity: number
  readonly throughput: number
  readonly queued: number
}

/** Everything a run tells. */
export interface Run {
  readonly strategy: string
  readonly pattern: string
  readonly points: ReadonlyArray<Point>
  readonly offered: number
  readonly done: number
  readonly dropped: number
  /** Records that never got in. */
  readonly waiting: number
  readonly inFlight: number
  readonly queuePeak: number
}

const ticksPerSecond = 100
const seconds = 30
const ticksPerPoint = 50
const tickNanos = 10_000_000n

/** Turns a rate into whole records, keeping the fraction for the next tick. */
class Whole {
  private rest = 0
  take(amount: number): number {
    const sum = this.rest + amount
    // Sums of hundredths are not exact: what is a hair below a whole number is that number.
    const whole = Math.floor(sum + 1e-9)
    this.rest = Math.max(0, sum - whole)
    return whole
  }
}

/** Runs a fresh strategy under a pattern. */
export const run = (strategy: Simulated, pattern: Pattern): Run => {
  const points: Array<Point> = []
  const arriving = new Whole()
  const serving = new Whole()
  let [offered, upstream, queued, done, dropped, queuePeak] = [0, 0, 0, 0, 0, 0]
  let [pointArrivals, pointCapacity, pointDone] = [0, 0, 0]
  for (let tick = 0; tick < seconds * ticksPerSecond; tick++) {
    const second = tick / ticksPerSecond
    const capacity = pattern.capacity(second) / ticksPerSecond
    const arrived = arriving.take(pattern.arrivals(second) / ticksPerSecond)
    offered += arrived
    upstream += arrived
    const admitted = strategy.admit(BigInt(tick) * tickNanos, upstream)
    upstream -= admitted.entered
    queued += admitted.entered - admitted.dropped
    dropped += admitted.dropped
    queuePeak = Math.max(queuePeak, queued)
    const served = Math.min(queued, serving.take(strategy.serve(capacity, queued)))
    queued -= served
    done += served
    strategy.processed(served)
    strategy.assertInvariants()
    const held = strategy.held()
    if (queued !== held || upstream < 0)
      throw new Error(`${strategy.name}: ${held} records held where ${queued} should be`)
    if (queued > strategy.bound)
      throw new Error(`${strategy.name}: ${queued} records queued, at most ${strategy.bound}`)
    pointArrivals += arrived
    pointCapacity += capacity
    pointDone += served
    if ((tick + 1) % ticksPerPoint !== 0) continue
    const perSecond = ticksPerSecond / ticksPerPoint
    points.push({
      second: (tick + 1) / ticksPerSecond,
      arrivals: pointArrivals * perSecond,
      capacity: pointCapacity * perSecond,
      throughput: pointDone * perSecond,
      queued
    })
    ;[pointArrivals, pointCapacity, pointDone] = [0, 0, 0]
  }
  return {
    strategy: strategy.name,
    pattern: pattern.name,
    points,
    offered,
    done,
    dropped,
    waiting: upstream,
    inFlight: queued,
    queuePeak
  }
}
