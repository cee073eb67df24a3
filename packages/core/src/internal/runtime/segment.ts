// One segment: its chain, its waiting place, its input. The loops that feed it are in feed.ts.
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as DeadLetter from "../../DeadLetter.ts"
import * as Plan from "../../Plan.ts"
import type * as Stage from "../../Stage.ts"
import type { Chain } from "./chain.ts"
import type { Channel } from "./channel.ts"
import type { EndMode, Operator } from "./operator.ts"
import type { Run } from "./run.ts"
import type { Wait } from "./wait.ts"
import { andThen } from "./wait.ts"
import type { Wakeup } from "./wakeup.ts"

/** A segment about to run or running. */
export class Segment {
  readonly run: Run
  readonly planned: Plan.PlannedSegment
  readonly wakeup: Wakeup
  readonly chain: Chain
  readonly input: Channel | undefined
  /** Nobody reads what it makes any more: a source that feeds it stops. */
  unread = false
  private readonly gathering: ReadonlyArray<Operator>
  private status: Stage.StageStatus = "pending"
  private timer: { readonly at: number; readonly fiber: Fiber.Fiber<void> } | undefined = undefined

  constructor(
    run: Run,
    planned: Plan.PlannedSegment,
    wakeup: Wakeup,
    chain: Chain,
    input: Channel | undefined
  ) {
    this.run = run
    this.planned = planned
    this.wakeup = wakeup
    this.chain = chain
    this.input = input
    this.gathering = chain.all.filter((operator) => operator.rest !== undefined)
    input?.attachConsumer(wakeup)
  }

  /** How the input of this segment ended, as far as the run knows. */
  endMode(): EndMode {
    return this.run.firstFailure !== undefined || this.input?.end() === "failed"
      ? "failed"
      : "drain"
  }

  /** Lets operators deliver finished work and fire due timers. */
  poll(): Wait {
    return this.chain.head.poll()
  }

  /**
   * Waits for news; a timer of the chain wakes it too. What only waited for company leaves first.
   */
  idle(): Effect.Effect<void, DeadLetter.DeadLetter> {
    for (const operator of this.gathering) {
      const released = operator.rest?.()
      if (released !== "nothing") return released ?? Effect.void
    }
    this.arm()
    return this.wakeup.wait
  }

  /**
   * One sleeping fiber per segment, for its earliest deadline; a later deadline keeps the earlier
   * timer.
   */
  private arm(): void {
    const at = this.chain.head.deadline()
    if (at === Number.POSITIVE_INFINITY) return
    if (this.timer !== undefined && this.timer.at <= at) return
    this.timer?.fiber.interruptUnsafe()
    const sleep = Effect.sleep(Math.max(0, at - this.run.now()))
    const fiber = this.run.fork(
      Effect.andThen(
        sleep,
        Effect.sync(() => {
          this.timer = undefined
          this.wakeup.signal()
        })
      )
    )
    // A sleep that was already over has fired by now and cleared the timer.
    if (fiber.pollUnsafe() === undefined) this.timer = { at, fiber }
  }

  /** The run is to end: whoever waits looks again. */
  drain(): void {
    if (this.status === "running") this.setStatus("draining")
    this.wakeup.signal()
  }

  /** Its readers are gone, so whoever feeds it need not go on. */
  release(): void {
    this.unread = true
    this.input?.cancel()
    this.wakeup.signal()
  }

  /** Says that it was cut off, unless it had ended before. */
  abort(): void {
    if (this.status !== "completed" && this.status !== "failed") this.setStatus("aborted")
  }

  setStatus(status: Stage.StageStatus): void {
    this.status = status
    for (const node of Plan.stagesOf(this.planned)) {
      const stats = this.run.statsOf(node.id)
      if (stats.status === status || stats.status === "quarantined") continue
      if (status === "draining" && stats.status === "failed") continue
      stats.status = status
      if (!this.run.observed) continue
      const [stageId, atMs] = [node.id, this.run.now()]
      if (status === "running") this.run.emit({ _tag: "StageStarted", atMs, stageId })
      else if (status !== "draining") this.run.emit({ _tag: "StageEnded", atMs, stageId, status })
    }
  }

  /** Ends the chain after the last batch. */
  end(): Wait {
    return andThen(this.poll(), () => this.chain.head.end(this.endMode()))
  }

  /** Lets go of timers and running calls; on every exit. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    const timer = this.timer
    this.timer = undefined
    const stopTimer = timer === undefined ? Effect.void : Fiber.interrupt(timer.fiber)
    return Effect.andThen(
      stopTimer,
      Effect.forEach(this.chain.all, (operator) => operator.close, { discard: true })
    )
  })
}
