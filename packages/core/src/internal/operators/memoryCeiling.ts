// Stands behind a source of a run with a memory ceiling: while channels and accumulators hold more
// bytes than they may together, the source waits. With nothing on the way it lets one batch pass
// all the same, since only input can complete what accumulators hold; that is counted.
import * as Effect from "effect/Effect"
import type * as Batch from "../../Batch.ts"
import type { Budget } from "../runtime/budget.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import type { Wait } from "../runtime/wait.ts"
import { andThen } from "../runtime/wait.ts"

/** How long a source waits before it looks again; doubled up to the second one. */
const pauseMs = 1
const pauseMsMax = 64

/** The ceiling behind one source. */
export class MemoryCeiling implements Operator {
  private readonly budget: Budget
  private readonly inner: Operator
  /** What it stands before is closed by itself. */
  readonly close = Effect.void

  constructor(budget: Budget, inner: Operator) {
    this.budget = budget
    this.inner = inner
  }

  push(batch: Batch.Batch<unknown>): Wait {
    const wait = this.budget.isOver(batch.bytes) ? this.room(batch.bytes, pauseMs) : undefined
    return andThen(wait, () => this.inner.push(batch))
  }

  /** Sleeps between two looks: who makes room is any stage of the run, and none is slowed by it. */
  private room(bytes: number, pause: number): Effect.Effect<void> {
    return Effect.andThen(
      Effect.sleep(pause),
      Effect.suspend(() =>
        this.budget.isOver(bytes) ? this.room(bytes, Math.min(pauseMsMax, pause * 2)) : Effect.void
      )
    )
  }

  poll(): Wait {
    return this.inner.poll()
  }
  deadline(): number {
    return this.inner.deadline()
  }
  end(mode: EndMode): Wait {
    return this.inner.end(mode)
  }
}
