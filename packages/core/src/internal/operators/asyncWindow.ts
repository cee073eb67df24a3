// Many records in flight at once: admission, completion and emission of an effectful stage with
// concurrency above 1. At most `concurrency` calls run; at most `windowMax` records are admitted
// and not yet handed on, so memory is bounded.
// ordered: results leave in the order of admission. unordered: as they finish. keyed: calls of one
// key run one after the other in order, whatever the number of keys. A failing record never takes
// its siblings along: they finish and leave first (rules O1, O2, D5 and F1).
import * as Effect from "effect/Effect"
import type * as Batch from "../../Batch.ts"
import type * as Graph from "../../Graph.ts"
import { callable, fallbackOf } from "../erased.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import { finalPolicy } from "../runtime/rejections.ts"
import type { Run } from "../runtime/run.ts"
import type { Wait } from "../runtime/wait.ts"
import { andThen } from "../runtime/wait.ts"
import type { Wakeup } from "../runtime/wakeup.ts"
import { Chained } from "./chained.ts"
import type { Slot } from "./inFlight.ts"
import { InFlight } from "./inFlight.ts"
import { SlotEmitter } from "./slotEmitter.ts"

/** How an effectful stage with concurrency orders its results. */
export type WindowOrder = "ordered" | "unordered" | "keyed"

const orderOf = (node: Graph.StageNode): WindowOrder =>
  node.ordering._tag === "Ordered"
    ? "ordered"
    : node.ordering._tag === "Unordered"
      ? "unordered"
      : "keyed"

/** mapEffect and mapPromise with concurrency. */
export class AsyncWindow extends Chained {
  private readonly wakeup: Wakeup
  private readonly inFlight: InFlight
  private readonly emitter: SlotEmitter
  private input: Batch.Batch<unknown> | undefined = undefined
  private at = 0
  private starting = false
  private ending: EndMode = "drain"
  private parked: Wait = undefined

  constructor(
    run: Run,
    node: Graph.StageNode,
    next: Operator | undefined,
    wakeup: Wakeup,
    concurrency: number
  ) {
    super(run, node, next)
    this.wakeup = wakeup
    const order = orderOf(node)
    const key = node.ordering._tag === "PartitionOrdered" ? callable(node.ordering.key) : undefined
    this.inFlight = new InFlight({
      run,
      node,
      concurrency,
      order,
      key,
      onNews: () => wakeup.signalLater(),
      onRoom: () => this.refill()
    })
    this.emitter = new SlotEmitter((slot) => this.judge(slot))
    this.stats.inFlight = () => this.inFlight.occupied
    this.close = this.inFlight.close
  }

  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    this.input = batch
    this.at = 0
    return this.whileBusy(() => this.admit())
  }

  /** Runs `step` until it says "done", waiting where it parks. */
  private whileBusy(step: () => "done" | "wait"): Wait {
    if (this.advance(step)) return undefined
    return Effect.whileLoop({
      while: () => this.parked !== undefined || !this.advance(step),
      body: () => {
        const wait = this.parked ?? Effect.void
        this.parked = undefined
        return wait
      },
      step: () => undefined
    })
  }

  /** True when the step is done; else `parked` holds what to wait for. */
  private advance(step: () => "done" | "wait"): boolean {
    for (;;) {
      const handedOn = this.emit()
      if (handedOn !== undefined) {
        this.parked = handedOn
        return false
      }
      const answer = step()
      if (this.parked !== undefined) return false
      if (answer === "done") return this.finish()
      if (!this.inFlight.hasNews()) {
        this.parked = this.wakeup.wait
        return false
      }
    }
  }

  private finish(): boolean {
    const last = andThen(this.emit(), () => this.afterEmit())
    if (last === undefined) return true
    this.parked = last
    return false
  }

  private admit(): "done" | "wait" {
    const batch = this.input as Batch.Batch<unknown>
    // A record ended the run: admit nothing more, but let what is in flight finish and leave.
    if (this.rejections.failure !== undefined) return this.settleFailure()
    this.startAll(batch)
    return this.at < batch.items.length ? "wait" : "done"
  }

  private startAll(batch: Batch.Batch<unknown>): void {
    this.starting = true
    while (this.at < batch.items.length && this.inFlight.hasRoom())
      this.inFlight.start(batch, this.at++)
    this.starting = false
  }

  /**
   * A call ended: the next record starts without waking the fiber, which comes only when the batch
   * is used up.
   */
  private refill(): void {
    const batch = this.input
    if (batch === undefined || this.starting || this.at >= batch.items.length) return
    if (this.rejections.failure !== undefined) return
    this.startAll(batch)
    if (this.at >= batch.items.length) this.wakeup.signal()
  }

  private settleFailure(): "done" | "wait" {
    if (this.inFlight.occupied > 0) return "wait"
    this.parked = this.rejections.deliver()
    return "wait"
  }

  /**
   * Dead letters go out at once; a record that ends the run first lets what is in flight finish.
   */
  private afterEmit(): Wait {
    if (this.rejections.failure === undefined || this.ending === "failed")
      return this.rejections.flush()
    return this.whileBusy(() => this.settleFailure())
  }

  private judge(slot: Slot): boolean {
    if (slot.succeeded) return true
    const { position, payload, value: cause, attempts, kind } = slot
    const batch = slot.batch as Batch.Batch<unknown>
    const fallback = fallbackOf(this.node)
    if (finalPolicy(this.node.errorPolicy, kind)._tag === "Fallback" && fallback !== undefined) {
      try {
        slot.value = fallback(payload, cause)
        this.stats.errors++
        return true
      } catch (thrown) {
        this.rejections.reject({ batch, position, payload, cause: thrown, attempts })
        return false
      }
    }
    this.rejections.reject({ batch, position, payload, cause, attempts, key: slot.key, kind })
    return false
  }

  private emit(): Wait {
    if (!this.inFlight.hasNews()) return undefined
    const batches = this.emitter.gather(this.inFlight)
    let wait: Wait
    for (const batch of batches) wait = andThen(wait, () => this.forward(batch))
    return wait
  }

  override poll(): Wait {
    const emitted = andThen(this.emit(), () => this.afterEmit())
    return andThen(emitted, () => this.next?.poll())
  }

  override end(mode: EndMode): Wait {
    this.ending = mode
    this.input = undefined
    const drained = this.whileBusy(() => (this.inFlight.occupied > 0 ? "wait" : "done"))
    return this.endNext(
      andThen(drained, () => this.rejections.settle(mode)),
      mode
    )
  }
}
