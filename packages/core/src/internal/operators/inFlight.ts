// The records of an effectful stage that are admitted and not yet handed on: who may start, who has
// finished, in which order they may leave. Starts calls and keeps hold of their fibers; delivers
// nothing itself.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Batch from "../../Batch.ts"
import type * as Graph from "../../Graph.ts"
import * as Policy from "../../Policy.ts"
import type { UserFunction } from "../erased.ts"
import { functionOf } from "../erased.ts"
import type { CallGuard } from "../runtime/callGuard.ts"
import type { Run } from "../runtime/run.ts"
import type { StageStats } from "../runtime/stageStats.ts"
import type { WindowOrder } from "./asyncWindow.ts"
import type { Attempted, Failed, UserEffect } from "./attempt.ts"
import { attempt, callOf, failedOf } from "./attempt.ts"
import { SlotRing } from "./slotRing.ts"

/**
 * One admitted record. `value` is the result, or the cause when `succeeded` is false. Slots are
 * used again and again.
 */
export class Slot {
  batch: Batch.Batch<unknown> | undefined = undefined
  position = 0
  key: unknown = undefined
  done = false
  succeeded = false
  value: unknown = undefined
  attempts = 1
  /** When the call began, microseconds; negative where it is not timed. */
  startedAt = -1
  /** Of a failure: set before `finished` where it is no plain rejection. */
  kind: Failed["kind"] = "recoverable"
  fiber: Fiber.Fiber<unknown, unknown> | undefined = undefined
  /** The next record of the same key, waiting for this one. */
  follower: Slot | undefined = undefined
  /** Made once a slot: a promise settles once, so its slot may be used again afterwards. */
  readonly onValue: (value: unknown) => void
  readonly onCause: (cause: unknown) => void

  constructor(
    finished: (slot: Slot, succeeded: boolean, value: unknown, attempts: number) => void
  ) {
    this.onValue = (value) => finished(this, true, value, 1)
    this.onCause = (cause) => finished(this, false, cause, 1)
  }

  get payload(): unknown {
    return this.batch?.items[this.position]
  }
}

/** What the window needs to know of its stage. */
export interface InFlightOptions {
  readonly run: Run
  readonly node: Graph.StageNode
  readonly concurrency: number
  readonly order: WindowOrder
  readonly key: UserFunction | undefined
  /** Called when something may leave. */
  readonly onNews: () => void
  /** Called when a call has ended, so that the next may start at once. */
  readonly onRoom: () => void
}

/**
 * Records admitted and not yet handed on, per running call and at least: finished results wait for
 * their turn, and for the fiber to take many at once. By key, records also wait for those of their
 * key before them.
 */
const lookahead = { ordered: 4, unordered: 2, keyed: 64 } as const
const windowMin = 512

/** One call in so many is timed, with that weight: a clock read costs as much as a cheap call. */
const timedEvery = 16

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function"

/** The state of one window. */
export class InFlight {
  private readonly options: InFlightOptions
  private readonly f: UserFunction
  private readonly fork: ReturnType<Run["forkerOf"]>
  private readonly plain: boolean
  private readonly guard: CallGuard | undefined
  private readonly promised: boolean
  private readonly windowMax: number
  private readonly controller = new AbortController()
  private readonly signal = this.controller.signal
  private readonly free: Array<Slot> = []
  private freeCount = 0
  private readonly running = new Set<Slot>()
  private readonly tails = new Map<unknown, Slot>()
  private ready: Array<Slot> = []
  private readonly leaving: SlotRing
  private readonly ordered: boolean
  private readonly keyed: boolean
  private readonly concurrency: number
  private active = 0
  private untilTimed = 0
  private readonly stats: StageStats
  private closed = false
  occupied = 0

  constructor(options: InFlightOptions) {
    this.options = options
    this.f = functionOf(options.node)
    this.stats = options.run.statsOf(options.node.id)
    this.fork = options.run.forkerOf(options.node.id)
    const { operation, timeoutMs, errorPolicy } = options.node
    // Without timeout or retry nothing needs to be wrapped around the call; a promise then needs no
    // fiber either.
    this.guard = options.run.guards.get(options.node.id)
    const bare = timeoutMs === undefined && !Policy.mayRetry(errorPolicy)
    this.plain = bare && this.guard === undefined
    this.promised = this.plain && operation._tag === "MapPromise"
    this.concurrency = options.concurrency
    this.ordered = options.order === "ordered"
    this.keyed = options.order === "keyed"
    this.windowMax = Math.max(windowMin, options.concurrency * lookahead[options.order])
    this.leaving = new SlotRing(this.windowMax)
  }

  hasRoom(): boolean {
    if (this.occupied >= this.windowMax) return false
    return this.active < this.concurrency || this.keyed
  }

  /** True when at least one record may leave. */
  hasNews(): boolean {
    return this.leaving.first()?.done === true
  }

  /** The next record that may leave, or undefined. */
  next(): Slot | undefined {
    const slot = this.leaving.first()
    if (slot === undefined || !slot.done) return undefined
    this.leaving.drop()
    this.occupied--
    return slot
  }

  /** Gives a slot back once its record has been handed on. */
  recycle(slot: Slot): void {
    slot.batch = undefined
    slot.value = undefined
    slot.key = undefined
    this.free[this.freeCount++] = slot
  }

  /** Admits a record and starts it as soon as its key and the concurrency allow. */
  start(batch: Batch.Batch<unknown>, position: number): void {
    const slot = this.freeSlot()
    slot.batch = batch
    slot.position = position
    slot.done = false
    slot.kind = "recoverable"
    slot.startedAt = -1
    this.occupied++
    if (this.ordered) this.leaving.add(slot)
    if (this.options.key === undefined) return this.launch(slot)
    this.startKeyed(slot, this.options.key)
  }

  private freeSlot(): Slot {
    if (this.freeCount > 0) return this.free[--this.freeCount] as Slot
    return new Slot((ended, ok, value, attempts) => this.finished(ended, ok, value, attempts))
  }

  private startKeyed(slot: Slot, keyOf: UserFunction): void {
    try {
      slot.key = keyOf(slot.payload)
    } catch (cause) {
      slot.key = slot
      this.active++
      return this.finished(slot, false, cause, 1)
    }
    const tail = this.tails.get(slot.key)
    this.tails.set(slot.key, slot)
    if (tail !== undefined) tail.follower = slot
    else if (this.active < this.concurrency) this.launch(slot)
    else this.ready.push(slot)
  }

  private launch(slot: Slot): void {
    this.active++
    if (this.untilTimed === 0) slot.startedAt = this.options.run.micros()
    this.untilTimed = (this.untilTimed + timedEvery - 1) % timedEvery
    if (this.promised) this.launchPromise(slot)
    else if (this.plain) this.launchPlain(slot)
    else this.launchGuarded(slot)
  }

  private launchPromise(slot: Slot): void {
    try {
      const result = this.f(slot.payload, this.signal)
      if (result instanceof Promise) result.then(slot.onValue, slot.onCause)
      else if (isThenable(result)) Promise.resolve(result).then(slot.onValue, slot.onCause)
      else this.finished(slot, true, result, 1)
    } catch (cause) {
      slot.kind = "non-recoverable"
      this.finished(slot, false, cause, 1)
    }
  }

  /** A plain effect; one that is already done costs no fiber. */
  private launchPlain(slot: Slot): void {
    try {
      const result = this.f(slot.payload)
      if (Exit.isExit(result)) return this.exited(slot, result)
      if (!Effect.isEffect(result)) return this.finished(slot, true, result, 1)
      this.follow(slot, this.fork(result as UserEffect))
    } catch (cause) {
      slot.kind = "non-recoverable"
      this.finished(slot, false, cause, 1)
    }
  }

  private launchGuarded(slot: Slot): void {
    const { node } = this.options
    const effect = attempt(node, callOf(node, slot.payload), this.guard, slot.payload)
    this.follow(slot, this.fork(effect))
  }

  private follow(slot: Slot, fiber: Fiber.Fiber<unknown, unknown>): void {
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return this.exited(slot, exit)
    slot.fiber = fiber
    this.running.add(slot)
    fiber.addObserver((ended) => {
      this.running.delete(slot)
      this.exited(slot, ended)
    })
  }

  private exited(slot: Slot, exit: Exit.Exit<unknown, unknown>): void {
    if (Exit.isSuccess(exit)) return this.finished(slot, true, exit.value, 1)
    const failed = failedOf(exit.cause)
    const { cause, kind, attempts } = this.plain
      ? { ...failed, attempts: 1 }
      : (failed.cause as Attempted)
    slot.kind = kind
    this.finished(slot, false, cause, attempts)
  }

  private finished(slot: Slot, succeeded: boolean, value: unknown, attempts: number): void {
    if (this.closed) return
    slot.done = true
    slot.succeeded = succeeded
    slot.value = value
    slot.attempts = attempts
    slot.fiber = undefined
    this.active--
    if (slot.startedAt >= 0)
      this.stats.recordLatency(this.options.run.micros() - slot.startedAt, timedEvery)
    if (!this.ordered) this.leaving.add(slot)
    if (this.keyed) this.release(slot)
    if (!this.ordered || this.leaving.first() === slot) this.options.onNews()
    this.options.onRoom()
  }

  /** The key's next record becomes ready; as many ready ones start as the concurrency allows. */
  private release(slot: Slot): void {
    if (slot.follower !== undefined) this.ready.push(slot.follower)
    else if (this.tails.get(slot.key) === slot) this.tails.delete(slot.key)
    slot.follower = undefined
    while (this.active < this.concurrency) {
      const next = this.ready.shift()
      if (next === undefined) return
      this.launch(next)
    }
  }

  /** Interrupts what runs and forgets it. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.closed = true
    this.controller.abort()
    const fibers = [...this.running].flatMap((slot) =>
      slot.fiber === undefined ? [] : [slot.fiber]
    )
    return Fiber.interruptAll(fibers)
  })
}
