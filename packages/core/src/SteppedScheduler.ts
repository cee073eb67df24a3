// An Effect scheduler with one queue of tasks for all its fibers: a choice from outside says which
// runs next, and somebody is told before each step. Same choices, same run. Tasks scheduled from
// outside (a promise, real I/O) start the queue again in a microtask. It says that it is idle only
// after a few turns of the microtask queue without a task: a promise that needs nothing but the
// language settles before a timeout can fire.
import * as Scheduler from "effect/Scheduler"

/** Turns of the microtask queue for which time stands still: an `await` takes up to three. */
const idleTurns = 32

/** A fiber that never waits gives way after so many operations, as under Effect's own scheduler. */
const opsPerStepDefault = 2_048

/** Giving way costs a fiber two operations itself: with fewer it would do nothing else. */
const opsPerStepMin = 3

/** Tasks in one go before the process gets to see signals, timers and output again. */
const breath = 1_024

/** Turns without a look at the process: a clock that only jumps must not keep it from ending. */
const turnsMax = 16_384

/** What a scheduler asks and tells. */
export interface Decisions {
  /** Index below `count` of the task to run next. */
  readonly pick: (count: number) => number
  /**
   * Asked when no task is left for a while, e.g. `VirtualClock.idle`: true when that made new
   * tasks.
   */
  readonly onIdle: () => boolean
  /** Told before each step. */
  readonly onStep?: (() => void) | undefined
  /**
   * Operations after which a step of a fiber ends; default 2,048. With 3 or less every operation is
   * a step of its own.
   */
  readonly opsPerStep?: number | undefined
}

/**
 * A scheduler whose every decision comes from outside.
 *
 * Flow: pass it as `{ scheduler }` to `Effect.runFork`; join it to a clock with
 * `clock.follow(scheduler)` and `onIdle: clock.idle`.
 * Limits: tasks are held in a list; fibers bound their number.
 */
export class SteppedScheduler implements Scheduler.Scheduler {
  readonly executionMode = "sync" as const
  private readonly decisions: Decisions
  private readonly opsPerStep: number
  private idle = 0
  private turns = 0
  private tasks: Array<() => void> = []
  private draining = false
  private scheduled = false
  /** Effect's own dispatcher runs tasks behind everything the process has to do meanwhile. */
  private readonly outside = new Scheduler.MixedScheduler().makeDispatcher()

  constructor(decisions: Decisions) {
    this.decisions = decisions
    this.opsPerStep = Math.max(opsPerStepMin, decisions.opsPerStep ?? opsPerStepDefault)
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

  /** True while nothing waits to run and it will not look by itself. */
  get parked(): boolean {
    return this.tasks.length === 0 && !this.scheduled && !this.draining
  }

  /** Puts a task into the queue. */
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
    if (this.turns++ < turnsMax) queueMicrotask(() => this.turn())
    else this.breathe()
  }

  private breathe(): void {
    this.turns = 0
    this.scheduled = true
    this.outside.scheduleTask(() => this.turn(), 0)
  }

  private turn(): void {
    this.scheduled = false
    this.run(breath)
    if (this.tasks.length > 0) return this.breathe()
    if (this.idle++ < idleTurns) this.schedule()
    // Whoever was woken may have run at once, and waits for a promise by now.
    else if (this.decisions.onIdle()) this.wake()
  }

  /** Runs tasks until none is left. */
  readonly drain = (): void => this.run(Number.POSITIVE_INFINITY)

  private run(limit: number): void {
    if (this.draining) return
    this.draining = true
    try {
      for (let ran = 0; ran < limit && this.tasks.length > 0; ran++) {
        this.decisions.onStep?.()
        const chosen = this.tasks.splice(this.decisions.pick(this.tasks.length), 1)[0]
        chosen?.()
      }
    } finally {
      this.draining = false
    }
  }
}
