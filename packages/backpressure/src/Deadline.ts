// Deadlines that reach down: a point in time for everything inside, and a limit for one attempt.
// Guarantees: an inner deadline never outlives an outer one; what is late is interrupted, and fails
// with a plain value that names the limit. It does not retry.
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Now from "./internal/now.ts"

/** Something took longer than allowed. */
export interface TimedOut {
  readonly _tag: "TimedOut"
  readonly what: string
  readonly limitMs: number
  readonly message: string
}

/** The point in monotonic milliseconds at which everything inside ends; undefined without one. */
export const Current: Context.Reference<number | undefined> = Context.Reference<number | undefined>(
  "@sluice/backpressure/Deadline",
  { defaultValue: () => undefined }
)

/** Milliseconds left, undefined without a deadline. */
export const remainingMs: Effect.Effect<number | undefined> = Effect.gen(function* () {
  const deadline = yield* Current
  return deadline === undefined ? undefined : Math.max(0, deadline - (yield* Now.millis))
})

const timedOut = (what: string, limitMs: number): TimedOut => ({
  _tag: "TimedOut",
  what,
  limitMs,
  message: `"${what}" took longer than ${limitMs} ms: raise the limit or make it faster`
})

/** A call and the timer it runs against; whoever is first decides, and the other is ended. */
class Race<A, E> {
  private readonly call: Fiber.Fiber<A, E>
  private timer: Fiber.Fiber<void> | undefined
  private isLate = false

  constructor(call: Fiber.Fiber<A, E>) {
    this.call = call
  }

  /** The outcome, at once where the call is done already: then there is no timer. */
  outcome(
    startTimer: () => Fiber.Fiber<void>,
    late: () => TimedOut
  ): Effect.Effect<A, E | TimedOut> {
    const done = this.call.pollUnsafe()
    if (done !== undefined) return done
    const timer = startTimer()
    this.timer = timer
    timer.addObserver((exit) => {
      if (Exit.isFailure(exit) || this.call.pollUnsafe() !== undefined) return
      this.isLate = true
      this.call.interruptUnsafe()
    })
    return Effect.callback((resume) => {
      this.call.addObserver((exit) => {
        // What fails while it is ended says so itself.
        const says = Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)
        resume(this.isLate && !says ? Effect.fail(late()) : exit)
      })
    })
  }

  /** However it ended, nothing of it runs on. */
  end(): Effect.Effect<void> | undefined {
    this.timer?.interruptUnsafe()
    return this.call.pollUnsafe() === undefined ? Fiber.interrupt(this.call) : undefined
  }
}

const limited = <A, E, R>(
  fiber: Fiber.Fiber<unknown, unknown>,
  effect: Effect.Effect<A, E, R>,
  deadline: number,
  limitMs: number,
  late: () => TimedOut
): Effect.Effect<A, E | TimedOut, R> => {
  // The fiber that asks has what the effect requires.
  const context = Context.add(fiber.context as Context.Context<R>, Current, deadline)
  const fork = Effect.runForkWith(context)
  let race: Race<A, E> | undefined
  return Effect.onExitPrimitive(
    Effect.suspend(() => {
      race = new Race(fork(effect))
      return race.outcome(() => fork(Effect.sleep(Duration.millis(limitMs))), late)
    }),
    () => race?.end()
  )
}

/**
 * Ends the effect after `ms`, or at an outer deadline if that is sooner, and lets everything inside
 * know.
 *
 * **Flow**: the effect runs in a fiber of its own; one that is done at once is not timed.
 */
export const within =
  (what: string, ms: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | TimedOut, R> =>
    Effect.withFiber((fiber) => {
      const at = Now.millisUnsafe(fiber.getRef(Clock.Clock))
      const outer = fiber.getRef(Current)
      const deadline = Math.min(at + ms, outer ?? Number.POSITIVE_INFINITY)
      const limitMs = Math.max(0, deadline - at)
      const late = (): TimedOut => timedOut(what, limitMs)
      return limitMs === 0 ? Effect.fail(late()) : limited(fiber, effect, deadline, limitMs, late)
    })

/** The limit of one attempt: `within`, to be put inside a retry. */
export const attempt = within
