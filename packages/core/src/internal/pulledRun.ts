// A run that somebody outside of Effect pulls: a Web Stream, a Node stream. It starts with the
// first pull and ends with its end, its failure, or `cancel`; one pull at a time.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** What a pull came to. `Cancelled` when the run was given up meanwhile. */
export type Answer<Out> =
  | { readonly _tag: "Items"; readonly items: ReadonlyArray<Out> }
  | { readonly _tag: "End" }
  | { readonly _tag: "Failed"; readonly cause: unknown }
  | { readonly _tag: "Cancelled" }

type Fork<R> = <A, E>(effect: Effect.Effect<A, E, R>) => Fiber.Fiber<A, E>

const isDone = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) => reason._tag === "Fail" && Cause.isDone(reason.error))

const answerOf = <Out>(cause: Cause.Cause<unknown>): Answer<Out> => {
  if (Cause.hasInterruptsOnly(cause)) return { _tag: "Cancelled" }
  return isDone(cause) ? { _tag: "End" } : { _tag: "Failed", cause: Cause.squash(cause) }
}

/** The stream of an open pipeline, run by `fork`. */
export class PulledRun<Out, E, R> {
  private readonly stream: Stream.Stream<Out, E, R>
  private readonly fork: Fork<R>
  private readonly scope = Scope.makeUnsafe()
  private next: Effect.Effect<ReadonlyArray<Out>, E | Cause.Done<void>, R> | undefined
  private pulling: Fiber.Fiber<Answer<Out>> | undefined

  constructor(stream: Stream.Stream<Out, E, R>, fork: Fork<R>) {
    this.stream = stream
    this.fork = fork
  }

  private readonly chunk: Effect.Effect<ReadonlyArray<Out>, E | Cause.Done<void>, R> =
    Effect.suspend(() => {
      if (this.next !== undefined) return this.next
      const opened = Scope.provide(Stream.toPull(this.stream), this.scope)
      return Effect.flatMap(opened, (next) => {
        this.next = next
        return next
      })
    })

  /** Answers what comes next. Everything is closed before it answers the end or a failure. */
  pull(answer: (answer: Answer<Out>) => void): void {
    const pulled = Effect.matchCauseEffect(this.chunk, {
      onSuccess: (items): Effect.Effect<Answer<Out>> => Effect.succeed({ _tag: "Items", items }),
      onFailure: (cause) => Effect.as(Scope.close(this.scope, Exit.void), answerOf<Out>(cause))
    })
    this.pulling = this.fork(pulled)
    this.pulling.addObserver((exit) =>
      answer(Exit.isSuccess(exit) ? exit.value : answerOf(exit.cause))
    )
  }

  /** Aborts the run; `done` is called when everything is closed. */
  cancel(done: () => void): void {
    this.pulling?.interruptUnsafe()
    this.fork(Scope.close(this.scope, Exit.void)).addObserver(() => done())
  }
}
