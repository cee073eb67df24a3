// Stands around a stage that may be isolated. Until then it only looks on; from then on, at the
// boundary between two batches, what comes becomes dead letters, the stages behind get the sentinel
// once, and the end reaches them. An isolated sink is not committed: its output is not whole.
import * as Batch from "../../Batch.ts"
import type * as Graph from "../../Graph.ts"
import * as Quarantine from "../../Quarantine.ts"
import { callable } from "../erased.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import type { Run } from "../runtime/run.ts"
import type { Wait } from "../runtime/wait.ts"
import { andThen } from "../runtime/wait.ts"
import { Chained } from "./chained.ts"

/** A stage that may be set aside while the rest runs. */
export class Isolation extends Chained {
  private readonly inner: Operator
  private told = false
  private last: Batch.Batch<unknown> = Batch.make<unknown>([])

  constructor(run: Run, node: Graph.StageNode, inner: Operator, next: Operator | undefined) {
    super(run, node, next)
    this.inner = inner
    this.close = inner.close
  }

  push(batch: Batch.Batch<unknown>): Wait {
    this.last = batch
    const quarantined = this.run.quarantined.get(this.node.id)
    if (quarantined === undefined) return andThen(this.inner.push(batch), () => this.tell())
    this.took(batch)
    this.rejections.setAside(batch, Quarantine.causeOf(quarantined))
    return andThen(this.tell(), () => this.rejections.flush())
  }

  /** The sentinel, once: a record that the user made, marked by its header. */
  private tell(): Wait {
    const quarantined = this.run.quarantined.get(this.node.id)
    const sentinel = this.node.controls?.sentinel
    if (quarantined === undefined || this.told) return undefined
    this.told = true
    if (sentinel === undefined) return undefined
    const { seqBase, origin } = this.last
    const headers = [{ [Quarantine.sentinelHeader]: this.node.id }]
    const columns = { headers, attrs: undefined, costs: undefined, timestamps: undefined }
    const timestamp = quarantined.atMs
    this.stats.made++
    const payload = callable(sentinel)(quarantined)
    return this.forward(Batch.make([payload], { seqBase, origin, timestamp, columns }))
  }

  override poll(): Wait {
    return andThen(this.inner.poll(), () => this.tell())
  }

  override deadline(): number {
    return this.inner.deadline()
  }

  readonly rest = (): Wait | "nothing" => this.inner.rest?.() ?? "nothing"

  override end(mode: EndMode): Wait {
    const isolated = this.run.quarantined.has(this.node.id)
    const ending = isolated && this.node.kind === "sink" ? "failed" : mode
    return andThen(this.tell(), () => this.inner.end(ending))
  }
}
