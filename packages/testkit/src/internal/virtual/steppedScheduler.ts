// One queue of tasks for all fibers of a world; a seeded choice says which runs next, and somebody
// is told before each step. What promises schedule from outside starts the queue again. The world
// is asked to let time pass only after some turns of the microtask queue without a task.
import * as Scheduler from "effect/Scheduler"

/** Turns of the microtask queue for which time stands still: an `await` takes up to three. */
const idleTurns = 32

/** Tasks in one go before the process gets to see anything else. */
const breath = 1_024

const opsPerStepDefault = 2_048

/** What a scheduler is told and asks. */
export interface Decisions {
  /** Index below `count` of the task to run next. */
  readonly pick: (count: number) => number
  /** Called when nothing is left to run; true when it made new tasks. */
  readonly onIdle: () => boolean
  readonly onStep?: (() => void) | undefined
  readonly opsPerStep?: number | undefined
}

/** An Effect scheduler whose every decision comes from outside. */
export class SteppedScheduler implements Scheduler.Scheduler {
  readonly executionMode = "sync" as const
  private readonly decisions: Decisions
  private idle = 0
  private tasks: Array<() => void> = []
  private draining = false
  private scheduled = false
  private readonly outside = new Scheduler.MixedScheduler().makeDispatcher()

  constructor(decisions: Decisions) {
    this.decisions = decisions
  }

  readonly dispatcher: Scheduler.SchedulerDispatcher = {
    scheduleTask: (task) => this.add(task),
    flush: () => this.run(Number.POSITIVE_INFINITY)
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return this.dispatcher
  }

  shouldYield(fiber: { readonly currentOpCount: number }): boolean {
    return fiber.currentOpCount >= (this.decisions.opsPerStep ?? opsPerStepDefault)
  }

  /** True while a task waits. */
  get busy(): boolean {
    return this.tasks.length > 0
  }

  private add(task: () => void): void {
    this.tasks.push(task)
    this.wake()
  }

  /** Looks for something to do, soon. */
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
    if (this.busy) {
      this.scheduled = true
      this.outside.scheduleTask(() => this.turn(), 0)
      return
    }
    if (this.idle++ < idleTurns || this.decisions.onIdle()) this.schedule()
  }

  private run(limit: number): void {
    if (this.draining) return
    this.draining = true
    try {
      for (let ran = 0; ran < limit && this.busy; ran++) {
        this.decisions.onStep?.()
        const chosen = this.tasks.splice(this.decisions.pick(this.tasks.length), 1)[0]
        chosen?.()
      }
    } finally {
      this.draining = false
    }
  }
}
