// One queue of tasks for all fibers of a run; a seeded choice says which runs next. Same choices,
// same run. Tasks scheduled from outside (a promise, real I/O) start the queue again in a
// microtask. Time passes only after a few turns of the microtask queue without a task: a promise
// that needs nothing but the language settles before a timeout can fire.
import * as Scheduler from "effect/Scheduler"

/** Turns of the microtask queue for which time stands still: an `await` takes up to three. */
const idleTurns = 32

/** A fiber that never waits gives way after so many operations, as under Effect's own scheduler. */
const opsPerStepDefault = 2_048

/** Tasks in one go before the process gets to see signals, timers and output again. */
const breath = 1_024

/** Picks an index below `count`. */
export type Pick = (count: number) => number

/** An Effect scheduler whose every decision comes from `pick`. */
export class DeterministicScheduler implements Scheduler.Scheduler {
  readonly executionMode = "sync" as const
  private readonly pick: Pick
  private readonly onIdle: () => boolean
  private readonly opsPerStep: number
  private idle = 0
  private tasks: Array<() => void> = []
  private draining = false
  private scheduled = false
  /** Effect's own dispatcher runs tasks behind everything the process has to do meanwhile. */
  private readonly outside = new Scheduler.MixedScheduler().makeDispatcher()

  /**
   * `onIdle` is asked when no task is left for a while: it may advance a clock and answer true when
   * that made new tasks.
   */
  constructor(pick: Pick, onIdle: () => boolean, opsPerStep: number = opsPerStepDefault) {
    this.pick = pick
    this.onIdle = onIdle
    this.opsPerStep = opsPerStep
  }

  readonly dispatcher: Scheduler.SchedulerDispatcher = {
    scheduleTask: (task) => this.add(task),
    flush: () => this.drain()
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return this.dispatcher
  }

  shouldYield(fiber: { readonly currentOpCount: number }): boolean {
    return fiber.currentOpCount >= this.opsPerStep
  }

  readonly add = (task: () => void): void => {
    this.tasks.push(task)
    this.wake()
  }

  /** Looks for something to do, soon; called too when a sleeper came that no task will see. */
  readonly wake = (): void => {
    this.idle = 0
    this.schedule()
  }

  private schedule(): void {
    if (this.draining || this.scheduled) return
    this.scheduled = true
    queueMicrotask(() => this.turn())
  }

  private turn(): void {
    this.scheduled = false
    this.run(breath)
    if (this.tasks.length > 0) {
      this.scheduled = true
      this.outside.scheduleTask(() => this.turn(), 0)
      return
    }
    if (this.idle++ < idleTurns || this.onIdle()) this.schedule()
  }

  /** Runs tasks until none is left. */
  readonly drain = (): void => this.run(Number.POSITIVE_INFINITY)

  private run(limit: number): void {
    if (this.draining) return
    this.draining = true
    try {
      for (let ran = 0; ran < limit && this.tasks.length > 0; ran++) {
        const task = this.tasks.splice(this.pick(this.tasks.length), 1)[0] as () => void
        task()
      }
    } finally {
      this.draining = false
    }
  }
}
