// Splits a stream over named ports: first matching predicate, a copy to each, or by hash of a key.
// Batches are immutable, so a broadcast shares them: nothing is copied until a stage makes new
// payloads.
import * as Batch from "../../Batch.ts"
import type * as Graph from "../../Graph.ts"
import { callable } from "../erased.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import type { Run } from "../runtime/run.ts"
import type { Wait } from "../runtime/wait.ts"
import { alwaysThen, andThen, inOrder } from "../runtime/wait.ts"
import { Chained } from "./chained.ts"

/** FNV-1a over the text of a key: the same port for the same key on every machine. */
export const hashKey = (key: unknown): number => {
  const text = typeof key === "string" ? key : `${typeof key}:${String(key)}`
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** Index of the port a payload takes, or -1 when no predicate matches. */
const chooserOf = (mode: Graph.BranchMode): ((payload: unknown) => number) => {
  if (mode._tag === "Predicate") {
    const routes = mode.routes.map((route) => callable(route.when))
    return (payload) => routes.findIndex((when) => Boolean(when(payload)))
  }
  if (mode._tag === "Partition") {
    const [key, count] = [callable(mode.key), mode.ports.length]
    return (payload) => hashKey(key(payload)) % count
  }
  return () => 0
}

/** A branching stage; the last operator of its segment. */
export class Branch extends Chained {
  private readonly mode: Graph.BranchMode
  private readonly ports: ReadonlyArray<Operator>
  private readonly choose: (payload: unknown) => number

  constructor(run: Run, node: Graph.StageNode, ports: ReadonlyArray<Operator>) {
    super(run, node, undefined)
    if (node.operation._tag !== "Branch") throw new Error(`stage "${node.id}" is no branch`)
    this.mode = node.operation.mode
    this.ports = ports
    this.choose = chooserOf(this.mode)
  }

  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    this.observed(batch, batch.items.length)
    if (this.mode._tag === "Broadcast") {
      this.stats.recordsOut += batch.items.length * this.ports.length
      this.stats.made += batch.items.length * (this.ports.length - 1)
      return inOrder(this.ports.map((port) => () => port.push(batch)))
    }
    const routed = this.ports.map((): Array<number> => [])
    this.route(batch, routed)
    return andThen(this.send(batch, routed), () => this.rejections.deliver())
  }

  private route(batch: Batch.Batch<unknown>, routed: ReadonlyArray<Array<number>>): void {
    for (let position = 0; position < batch.items.length; position++) {
      const payload = batch.items[position]
      try {
        const port = this.choose(payload)
        if (port < 0) this.run.dropped(this.node.id, [payload])
        else routed[port]?.push(position)
      } catch (cause) {
        if (!this.rejections.reject({ batch, position, payload, cause })) return
      }
    }
  }

  private send(batch: Batch.Batch<unknown>, routed: ReadonlyArray<ReadonlyArray<number>>): Wait {
    return inOrder(
      routed.map((positions, port) => () => {
        if (positions.length === 0) return undefined
        this.stats.recordsOut += positions.length
        const items = positions.map((position) => batch.items[position])
        const part =
          positions.length === batch.items.length ? batch : Batch.derive(batch, items, positions)
        return (this.ports[port] as Operator).push(part)
      })
    )
  }

  override poll(): Wait {
    return inOrder(this.ports.map((port) => () => port.poll()))
  }

  override end(mode: EndMode): Wait {
    const end = (): Wait => inOrder(this.ports.map((port) => () => port.end(mode)))
    return mode === "failed"
      ? alwaysThen(this.rejections.settle(mode), end)
      : andThen(this.rejections.deliver(), end)
  }
}
