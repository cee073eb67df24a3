// Stands at the head of a segment with stages whose error policy is taken by name: before a batch
// it looks whether the policies have changed, and not while one is under way.
import * as Effect from "effect/Effect"
import type * as Batch from "../../Batch.ts"
import type * as Graph from "../../Graph.ts"
import type { LivePolicies } from "../policies/live.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import type { Wait } from "../runtime/wait.ts"

type Writable = { -readonly [K in keyof Graph.StageNode]: Graph.StageNode[K] }

/** Applies new error policies at the boundary between two batches. */
export class PolicyBoundary implements Operator {
  private readonly live: LivePolicies
  private readonly inner: Operator
  /** The run's own copies of the stages, which the operators behind look at. */
  private readonly nodes: ReadonlyArray<Writable>
  private seen: number
  /** What it stands before is closed by itself. */
  readonly close = Effect.void

  constructor(live: LivePolicies, nodes: ReadonlyArray<Graph.StageNode>, inner: Operator) {
    this.live = live
    this.nodes = nodes
    this.inner = inner
    this.seen = live.version
  }

  push(batch: Batch.Batch<unknown>): Wait {
    if (this.seen !== this.live.version) this.apply()
    return this.inner.push(batch)
  }

  private apply(): void {
    this.seen = this.live.version
    for (const node of this.nodes) {
      const next = this.live.nodeOf(node.id)
      if (next !== undefined) node.errorPolicy = next.errorPolicy
    }
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
