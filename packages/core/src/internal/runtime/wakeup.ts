// One waiting place per segment fiber: whoever has news (a channel, a finished effect, a timer, a
// stop) signals, the fiber re-checks its conditions. Signals before the wait are remembered, so
// none is lost; several collapse into one.
import * as Effect from "effect/Effect"

/**
 * Hands a task to the run's scheduler: a microtask in the async engine, the seeded scheduler in the
 * sync engine.
 */
export type Schedule = (task: () => void) => void

/** A latch that closes behind each waiter. */
export class Wakeup {
  private signalled = false
  private waiter: ((effect: Effect.Effect<void>) => void) | undefined = undefined
  private laterScheduled = false
  private readonly schedule: Schedule
  private readonly later: Schedule

  /** `later` schedules behind everything that is already runnable. */
  constructor(schedule: Schedule, later: Schedule) {
    this.schedule = schedule
    this.later = later
  }

  /** Wakes the fiber, now if it waits, else at its next wait. */
  signal(): void {
    const waiter = this.waiter
    if (waiter === undefined) {
      this.signalled = true
      return
    }
    this.waiter = undefined
    // Never resume inline: the signaller may be in the middle of a state change of its own.
    this.schedule(() => waiter(Effect.void))
  }

  /**
   * As `signal`, once everything runnable has run: for news that comes in bursts, so that one wake
   * takes many.
   */
  signalLater(): void {
    if (this.waiter === undefined) {
      this.signalled = true
      return
    }
    if (this.laterScheduled) return
    this.laterScheduled = true
    this.later(() => {
      this.laterScheduled = false
      const waiter = this.waiter
      if (waiter === undefined) return
      this.waiter = undefined
      waiter(Effect.void)
    })
  }

  /** Waits for a signal; a remembered one is taken at once. */
  readonly wait: Effect.Effect<void> = Effect.callback((resume) => {
    if (this.signalled) {
      this.signalled = false
      return resume(Effect.void)
    }
    this.waiter = resume
    return Effect.sync(() => {
      if (this.waiter === resume) this.waiter = undefined
    })
  })
}
