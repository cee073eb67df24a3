// Runs the segments of one execution, each in its own fiber, and turns what happened into a result.
// The first failure wins: sources stop, the failing segment lets its siblings through, every other
// segment carries on what it holds, nobody waits for a segment that is gone. An abort interrupts;
// scopes close on every exit (rules L3, L4, F9, S1, S2 and S3).
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as DeadLetter from "../../DeadLetter.ts"
import type * as Engine from "../../Engine.ts"
import type * as PipelineResult from "../../PipelineResult.ts"
import * as Plan from "../../Plan.ts"
import { reasonOf } from "../operators/attempt.ts"
import type { RunnableSegment } from "./assemble.ts"
import { assemble } from "./assemble.ts"
import { resourceFailure } from "./rejections.ts"
import { resultOf } from "./result.ts"
import type { Run } from "./run.ts"

/** Steers a running execution from outside. */
export class Supervisor {
  readonly run: Run
  private readonly plan: Plan.Plan
  private segments: ReadonlyArray<RunnableSegment> = []
  private readonly fibers: Array<Fiber.Fiber<void>> = []
  private opening: Fiber.Fiber<unknown, unknown> | undefined = undefined
  private aborted = false
  private stopped = false
  private sinksLeft: number
  /** Ids of segments that read no more. */
  private readonly gone = new Set<number>()

  constructor(run: Run, plan: Plan.Plan) {
    this.run = run
    this.plan = plan
    this.sinksLeft = plan.segments.filter((segment) => segment.outputs.length === 0).length
  }

  /**
   * Asks for the end; graceful drains, abort interrupts. Safe at any time, any number of times; it
   * does not wait. While sources and sinks are still being opened, either way gives that up:
   * nothing was read yet.
   */
  stop(mode: Engine.StopMode): Effect.Effect<void> {
    return Effect.sync(() => {
      this.run.emit({ _tag: "StopRequested", atMs: this.run.now(), mode })
      this.stopped = true
      // An interrupted fiber may run on at once, so what it will look at comes first.
      if (mode === "abort") this.aborted = true
      this.drain()
      this.opening?.interruptUnsafe()
      if (mode === "graceful") return
      for (const fiber of this.fibers) fiber.interruptUnsafe()
    })
  }

  private drain(): void {
    this.run.draining = true
    for (const { segment } of this.segments) segment.drain()
  }

  private fail(letter: DeadLetter.DeadLetter): void {
    this.run.firstFailure ??= letter
    const stats = this.run.stats.get(letter.stageId)
    if (stats !== undefined) stats.status = "failed"
    this.drain()
  }

  private letterOf(
    cause: Cause.Cause<DeadLetter.DeadLetter>,
    stageId: string
  ): DeadLetter.DeadLetter {
    const reason = reasonOf(cause)
    const tagged = reason as Partial<DeadLetter.DeadLetter> | undefined
    if (tagged?._tag === "DeadLetter") return reason as DeadLetter.DeadLetter
    return resourceFailure(this.run, stageId, reason, "catastrophic")
  }

  /**
   * A failed segment cancels its input and lets what its siblings hold through; it never fails the
   * supervisor.
   */
  private runSegment({ segment, feed }: RunnableSegment): Effect.Effect<void> {
    const stageId = Plan.stagesOf(segment.planned)[0]?.id ?? ""
    // Not called for an interruption from outside: that skips handlers.
    const onFailure = (cause: Cause.Cause<DeadLetter.DeadLetter>): Effect.Effect<void> => {
      this.fail(this.letterOf(cause, stageId))
      segment.setStatus("failed")
      segment.input?.cancel()
      return Effect.ignoreCause(
        Effect.suspend(() => segment.chain.head.end("failed") ?? Effect.void)
      )
    }
    const started = Effect.sync(() => segment.setStatus("running"))
    return Effect.andThen(started, feed).pipe(
      Effect.matchCauseEffect({
        onFailure,
        onSuccess: () => Effect.sync(() => segment.setStatus("completed"))
      }),
      Effect.onExit(() =>
        Effect.andThen(
          segment.close,
          Effect.sync(() => this.ended(segment))
        )
      )
    )
  }

  /**
   * A segment that ended early must not leave its producers waiting; with no sink left, sources
   * have nobody to read for.
   */
  private ended(segment: RunnableSegment["segment"]): void {
    segment.input?.cancel()
    this.gone.add(segment.planned.id)
    this.releaseUnread()
    if (segment.planned.outputs.length > 0) return
    this.sinksLeft--
    if (this.sinksLeft === 0 && !this.run.draining) this.drain()
  }

  /** A segment whose readers are all gone is gone too, and so on up to the source (rule D7). */
  private releaseUnread(): void {
    const unread = this.segments.find(({ segment: { planned } }) => {
      if (this.gone.has(planned.id) || planned.outputs.length === 0) return false
      return planned.outputs.every((output) => this.gone.has(output.segment))
    })
    if (unread === undefined) return
    this.gone.add(unread.segment.planned.id)
    unread.segment.release()
    this.releaseUnread()
  }

  /** Ends a run that takes longer than its budget allows. */
  private readonly deadline: Effect.Effect<void> = Effect.suspend(() => {
    const { budget } = this.run
    if (budget === undefined) return Effect.void
    return Effect.flatMap(budget.late, ({ ms, mode }) => {
      if (mode === "drain") return this.stop("graceful")
      const stageId = this.run.graph.nodes[0]?.id ?? ""
      const cause = new Error(`the run took longer than its deadline of ${ms} ms; raise it`)
      this.fail(resourceFailure(this.run, stageId, cause, "catastrophic"))
      return this.stop("abort")
    })
  })

  private status(): PipelineResult.PipelineStatus {
    if (this.run.firstFailure !== undefined) return "failed"
    if (this.aborted) return "aborted"
    return this.stopped ? "stopped" : "completed"
  }

  /** Opens everything; undefined when a stop came in between. */
  private readonly open = Effect.gen({ self: this }, function* () {
    const opening = yield* Effect.forkChild(assemble(this.run, this.plan))
    this.opening = opening
    if (this.stopped) opening.interruptUnsafe()
    const exit = yield* Fiber.await(opening)
    this.opening = undefined
    if (Exit.isSuccess(exit)) return exit.value
    if (this.stopped && Cause.hasInterruptsOnly(exit.cause)) return undefined
    return yield* Effect.failCause(exit.cause)
  })

  /** The whole execution. Fails only when interrupted from outside. */
  readonly execute: Effect.Effect<PipelineResult.PipelineResult> = Effect.suspend(() => {
    const startedAt = this.run.micros()
    const body = Effect.gen({ self: this }, function* () {
      const segments = yield* this.open
      if (segments === undefined) return
      this.segments = segments
      for (const segment of segments) {
        if (!this.aborted) this.fibers.push(yield* Effect.forkChild(this.runSegment(segment)))
      }
      if (this.aborted) for (const fiber of this.fibers) fiber.interruptUnsafe()
      if (this.run.budget !== undefined) yield* Effect.forkScoped(this.deadline)
      for (const fiber of this.fibers) yield* Fiber.await(fiber)
    })
    return Effect.exit(Effect.scoped(body)).pipe(
      Effect.flatMap((exit) => {
        if (Exit.isFailure(exit)) {
          if (Cause.hasInterruptsOnly(exit.cause)) return Effect.interrupt
          this.fail(this.letterOf(exit.cause, this.run.graph.nodes[0]?.id ?? ""))
        }
        const status = this.status()
        if (status === "aborted") for (const { segment } of this.segments) segment.abort()
        this.run.emit({ _tag: "RunEnded", atMs: this.run.now(), status })
        const accumulators = this.segments.flatMap(({ segment }) => segment.chain.all)
        return Effect.succeed(
          resultOf(this.run, status, accumulators, this.run.micros() - startedAt)
        )
      })
    )
  })
}
