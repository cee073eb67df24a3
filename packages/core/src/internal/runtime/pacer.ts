// When a feeding loop gives way, and what time it is: one clock read for several quick batches, one
// for each slow one.
import * as Effect from "effect/Effect"
import type { Run } from "./run.ts"
import type { Wait } from "./wait.ts"

const sliceMicros = 8_000
const quickMicros = 500
const strideMax = 16
/**
 * A loop gives way after so many clock reads even where the clock stands still, as a test's does.
 */
const readsMax = 256

/** The time keeper of one feeding loop. */
export class Pacer {
  private readonly run: Run
  private sliceStart: number
  private lastRead: number
  private left = 0
  /** True when the last turn read the clock. */
  fresh = true
  private stride = 1
  private reads = 0
  /** Milliseconds since the epoch, at most `strideMax` quick batches old. */
  now: number

  constructor(run: Run) {
    this.run = run
    this.sliceStart = run.micros()
    this.lastRead = this.sliceStart
    this.now = run.now()
  }

  /** After a batch: what to wait for before the next one. */
  turn(): Wait {
    if (this.run.mode.sequential) {
      this.refresh()
      return Effect.yieldNow
    }
    if (this.left > 0) {
      this.left--
      this.fresh = false
      return undefined
    }
    return this.read()
  }

  /** After a wait, or when the time must be known now. */
  refresh(): void {
    this.now = this.run.now()
    this.fresh = true
    this.left = 0
    this.stride = 1
  }

  private read(): Wait {
    this.fresh = true
    const micros = this.run.micros()
    this.now = this.run.now()
    this.stride = micros - this.lastRead < quickMicros ? Math.min(strideMax, this.stride * 2) : 1
    this.left = this.stride - 1
    this.lastRead = micros
    this.reads++
    if (micros - this.sliceStart < sliceMicros && this.reads < readsMax) return undefined
    this.sliceStart = micros
    this.reads = 0
    return Effect.yieldNow
  }
}
