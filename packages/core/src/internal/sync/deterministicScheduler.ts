// One queue of tasks for all fibers of a run; a seeded choice says which runs next. Same choices, same run.
// Tasks scheduled from outside (a promise, real I/O) start the queue again in a microtask.
import type * as Scheduler from "effect/Scheduler"

/** Picks an index below `count`. */
export type Pick = (count: number) => number

/** An Effect scheduler whose every decision comes from `pick`. */
export class DeterministicScheduler implements Scheduler.Scheduler {
  readonly executionMode = "sync" as const
  private readonly pick: Pick
  private readonly onIdle: () => boolean
  private tasks: Array<() => void> = []
  private draining = false
  private scheduled = false

  /** `onIdle` is asked when no task is left: it may advance a clock and answer true when that made new tasks. */
  constructor(pick: Pick, onIdle: () => boolean) {
    this.pick = pick
    this.onIdle = onIdle
  }

  readonly dispatcher: Scheduler.SchedulerDispatcher = {
    scheduleTask: (task) => this.add(task),
    flush: () => this.drain()
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return this.dispatcher
  }

  shouldYield(fiber: { readonly currentOpCount: number }): boolean {
    return fiber.currentOpCount >= 2_048
  }

  readonly add = (task: () => void): void => {
    this.tasks.push(task)
    if (this.draining || this.scheduled) return
    this.scheduled = true
    queueMicrotask(() => this.drain())
  }

  /** Runs tasks until none is left and the clock has nothing to wake. */
  readonly drain = (): void => {
    if (this.draining) return
    this.draining = true
    this.scheduled = false
    do {
      while (this.tasks.length > 0) {
        const task = this.tasks.splice(this.pick(this.tasks.length), 1)[0] as () => void
        task()
      }
    } while (this.onIdle())
    this.draining = false
  }
}
