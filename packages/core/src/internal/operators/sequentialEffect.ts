// Effects one after the other, in the segment's own fiber: concurrency 1, and the way the sync
// engine runs every effect. Also carries synchronous stages that have a retry policy, since waiting
// between attempts is an effect. Order in, order out. Finished results are handed on every few
// milliseconds, and once nothing else can run while a call is waited for: a slow or endless call
// delays only what comes behind it.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Batch from "../../Batch.ts"
import type * as Graph from "../../Graph.ts"
import * as Policy from "../../Policy.ts"
import type { UserFunction } from "../erased.ts"
import { fallbackOf, functionOf } from "../erased.ts"
import type { CallGuard } from "../runtime/callGuard.ts"
import type { Operator } from "../runtime/operator.ts"
import { finalPolicy } from "../runtime/rejections.ts"
import type { Run } from "../runtime/run.ts"
import type { Wait } from "../runtime/wait.ts"
import { andThen } from "../runtime/wait.ts"
import type { Attempted, Failed, UserEffect } from "./attempt.ts"
import { attempt, callOf, failedOf } from "./attempt.ts"
import { BatchCursor } from "./batchCursor.ts"
import { Chained } from "./chained.ts"
import { expandIterable } from "./kernelOperator.ts"

const lingerMicros = 5_000

type Called = Exit.Exit<unknown, unknown>

/** The sequential form of mapEffect, mapPromise, and of retried map, filter and flatMap. */
export class SequentialEffect extends Chained {
  private readonly f: UserFunction
  /** No timeout, no retry: the effect runs as the function made it. */
  private readonly plain: boolean
  private readonly guard: CallGuard | undefined
  private readonly cursor = new BatchCursor()
  private batch: Batch.Batch<unknown> = Batch.make<unknown>([])
  private at = 0
  private items: Array<unknown> = []
  private positions: Array<number> = []
  private waiting: Effect.Effect<Called | undefined, never> = Effect.succeed(undefined)
  /** True while `waiting` holds what to run next. */
  private parked = false
  private calledAt = 0
  private handedOnAt = 0
  /** Records of the current batch handed on so far. */
  private handedOn = 0
  /** True while a call is waited for, when nobody but `flush` touches the operators behind. */
  private calling = false
  private flushing = false
  /** What the operators behind asked to be waited for when results were handed on during a call. */
  private owed: Wait = undefined

  constructor(run: Run, node: Graph.StageNode, next: Operator | undefined) {
    super(run, node, next)
    this.f = functionOf(node)
    const effectful = node.operation._tag === "MapEffect"
    this.guard = run.guards.get(node.id)
    const bare = node.timeoutMs === undefined && !Policy.mayRetry(node.errorPolicy)
    this.plain = effectful && bare && this.guard === undefined
    this.close = Effect.sync(() => {
      this.calling = false
    })
  }

  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    this.batch = batch
    this.at = 0
    this.handedOn = 0
    this.handedOnAt = this.run.micros()
    return andThen(this.callAll(), () => {
      this.observed(batch, this.handedOn + this.items.length)
      return andThen(this.handOn(), () => this.rejections.deliver())
    })
  }

  private callAll(): Wait {
    if (!this.advance()) return undefined
    return Effect.whileLoop({
      while: () => this.parked || this.advance(),
      body: () => {
        this.parked = false
        return this.waiting
      },
      step: (exit) => this.settle(exit)
    })
  }

  /** Calls on until one has to be waited for (true) or the batch is done (false). */
  private advance(): boolean {
    while (this.at < this.batch.items.length) {
      const called = this.call(this.at)
      if (called === undefined) return true
      if (!this.take(called)) return false
    }
    return false
  }

  /** An exit that is known at once, or undefined after leaving the effect in `waiting`. */
  private call(position: number): Called | undefined {
    if (!this.plain) return this.wait(Effect.exit(this.attempted(position)))
    try {
      const result = this.f(this.batch.items[position])
      if (Exit.isExit(result)) return result
      return Effect.isEffect(result)
        ? this.wait(Effect.exit(result as UserEffect))
        : Exit.succeed(result)
    } catch (cause) {
      return Exit.die(cause)
    }
  }

  private attempted(position: number): UserEffect {
    const payload = this.batch.items[position]
    return attempt(this.node, this.once(position), this.guard, payload)
  }

  private wait(effect: Effect.Effect<Called>): undefined {
    this.calledAt = this.run.micros()
    this.waiting = effect
    this.parked = true
    this.calling = true
    if (this.items.length > 0 && !this.flushing) {
      this.flushing = true
      this.run.later(this.flush)
    }
    return undefined
  }

  private readonly flush = (): void => {
    this.flushing = false
    if (!this.calling || this.items.length === 0) return
    this.owed = andThen(this.owed, () => this.handOn())
  }

  /** An awaited call ended, or a hand-over did. */
  private settle(exit: Called | undefined): void {
    if (exit === undefined) return
    this.calling = false
    const now = this.run.micros()
    this.stats.recordLatency(now - this.calledAt)
    let wait = this.owed
    this.owed = undefined
    if (!this.take(exit)) this.at = this.batch.items.length
    else if (now - this.handedOnAt >= lingerMicros) {
      this.handedOnAt = now
      wait = andThen(wait, () => this.handOn())
    }
    if (wait === undefined) return
    this.parked = true
    this.waiting = Effect.as(wait, undefined) as Effect.Effect<undefined>
  }

  private once(position: number): () => UserEffect {
    const payload = this.batch.items[position]
    const tag = this.node.operation._tag
    if (tag === "MapEffect" || tag === "MapPromise") return callOf(this.node, payload)
    return () =>
      Effect.sync(() => {
        this.cursor.batch = this.batch
        this.cursor.position = position
        const result = this.f(payload, this.cursor)
        return tag === "FlatMap" ? this.expanded(result) : result
      })
  }

  private expanded(result: unknown): ReadonlyArray<unknown> {
    const values: Array<unknown> = []
    expandIterable(this.node.id, result, values)
    return values
  }

  /** Takes the outcome of record `at`; false when the run must end. */
  private take(exit: Called): boolean {
    const position = this.at++
    if (Exit.isSuccess(exit)) {
      this.accept(position, exit.value)
      return true
    }
    const failed = failedOf(exit.cause)
    if (this.plain) return this.refuse(position, failed, 1)
    const attempted = failed.cause as Attempted
    return this.refuse(position, attempted, attempted.attempts)
  }

  private accept(position: number, value: unknown): void {
    const tag = this.node.operation._tag
    if (tag === "FlatMap") return this.acceptAll(position, value as ReadonlyArray<unknown>)
    if (tag === "Filter" && !value) {
      this.stats.made--
      return
    }
    this.items.push(tag === "Filter" ? this.batch.items[position] : value)
    this.positions.push(position)
  }

  private acceptAll(position: number, values: ReadonlyArray<unknown>): void {
    this.stats.made += values.length - 1
    for (const value of values) {
      this.items.push(value)
      this.positions.push(position)
    }
  }

  private refuse(position: number, failed: Failed, attempts: number): boolean {
    const batch = this.batch
    const payload = batch.items[position]
    const fallback = fallbackOf(this.node)
    const { cause, kind } = failed
    if (finalPolicy(this.node.errorPolicy, kind)._tag !== "Fallback" || fallback === undefined) {
      return this.rejections.reject({ batch, position, payload, cause, attempts, kind })
    }
    try {
      const replacement = fallback(payload, cause)
      this.accept(
        position,
        this.node.operation._tag === "FlatMap" ? this.expanded(replacement) : replacement
      )
      this.stats.errors++
      return true
    } catch (thrown) {
      return this.rejections.reject({ batch, position, payload, cause: thrown, attempts })
    }
  }

  private handOn(): Wait {
    if (this.items.length === 0) return undefined
    const derived = Batch.derive(this.batch, this.items, this.positions)
    this.handedOn += this.items.length
    this.items = []
    this.positions = []
    return this.forward(derived)
  }
}
