// Takes new policies over while a pipeline runs. Flow control, channels and circuits change between
// two batches or calls as they stand; an error policy changes when its segment takes its next
// batch. A snapshot that does not suit this pipeline changes nothing in it, and is told to the
// observer.
import type * as Graph from "../../Graph.ts"
import type { Policies, Snapshot } from "../../Policies.ts"
import * as Validate from "../../Validate.ts"
import { bufferOf } from "../runtime/bufferOf.ts"
import type { Run } from "../runtime/run.ts"
import { bind } from "./bind.ts"

/** Policies are plain data that came out of one decoder, so equal text means equal. */
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** What one run follows of a registry. */
export class LivePolicies {
  private readonly run: Run
  private readonly original: Graph.PipelineGraph
  /** Raised by each snapshot that was taken over. */
  version: number
  private nodes: ReadonlyMap<string, Graph.StageNode>

  constructor(run: Run, original: Graph.PipelineGraph, registry: Policies) {
    this.run = run
    this.original = original
    this.version = registry.current().version
    this.nodes = new Map(run.graph.nodes.map((node) => [node.id, node]))
  }

  /** The stage as the policies in force have it. */
  nodeOf(stageId: string): Graph.StageNode | undefined {
    return this.nodes.get(stageId)
  }

  private refuse(snapshot: Snapshot, reason: string): void {
    const { version, origin } = snapshot
    this.run.emit({ _tag: "PoliciesRefused", atMs: this.run.now(), version, origin, reason })
  }

  /** Takes a snapshot over, all of it or nothing. */
  readonly take = (snapshot: Snapshot): void => {
    const { graph, issues } = bind(this.original, snapshot)
    const findings = issues.length > 0 ? issues : Validate.validate(graph)
    if (findings.length > 0) {
      const texts = findings.map(({ stageId, reason }) => `stage "${stageId}": ${reason}`)
      return this.refuse(snapshot, texts.join("; "))
    }
    const before = this.nodes
    this.nodes = new Map(graph.nodes.map((node) => [node.id, node]))
    for (const node of graph.nodes) {
      const old = before.get(node.id)
      if (old !== undefined && old !== node) this.change(snapshot, old, node)
    }
    this.version = snapshot.version
    const { version, origin } = snapshot
    if (this.run.observed)
      this.run.emit({ _tag: "PoliciesTaken", atMs: this.run.now(), version, origin })
  }

  private change(snapshot: Snapshot, old: Graph.StageNode, node: Graph.StageNode): void {
    const { run } = this
    const breaker = node.controls?.breaker
    if (breaker !== undefined && !same(breaker, old.controls?.breaker))
      run.guards.get(node.id)?.change(breaker)
    const buffer = bufferOf(node) ?? run.bufferDefaultOf(node.id)
    if (buffer !== undefined) run.channels.get(node.id)?.change(buffer)
    if (node.backpressure === undefined || same(node.backpressure, old.backpressure)) return
    try {
      run.gates.get(node.id)?.change(node.backpressure)
    } catch (cause) {
      this.refuse(snapshot, cause instanceof Error ? cause.message : String(cause))
    }
  }
}
