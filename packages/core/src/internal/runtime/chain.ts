// Builds the operators of a segment, last first, from its planned steps.

import type * as Batch from "../../Batch.ts"
import type * as Graph from "../../Graph.ts"
import { portsOf } from "../../Graph.ts"
import type * as Plan from "../../Plan.ts"
import { stagesOf } from "../../Plan.ts"
import * as Policy from "../../Policy.ts"
import { Accumulate } from "../operators/accumulate.ts"
import { AsyncWindow } from "../operators/asyncWindow.ts"
import { Branch } from "../operators/branch.ts"
import { Chained } from "../operators/chained.ts"
import type { ErasedWriter } from "../operators/endings.ts"
import { ChannelOut, SinkOperator } from "../operators/endings.ts"
import { Gated } from "../operators/gated.ts"
import { Gather } from "../operators/gather.ts"
import { Isolation } from "../operators/isolation.ts"
import { KernelOperator } from "../operators/kernelOperator.ts"
import { MapBatch, MapEnvelope } from "../operators/mapBatch.ts"
import { MemoryCeiling } from "../operators/memoryCeiling.ts"
import { PolicyBoundary } from "../operators/policyBoundary.ts"
import { SequentialEffect } from "../operators/sequentialEffect.ts"
import { permitsOf } from "../plan/permits.ts"
import type { Nesting } from "../telemetry/instrumented.ts"
import { operatorOf } from "../views/viewForm.ts"
import type { Channel } from "./channel.ts"
import type { Operator } from "./operator.ts"
import type { Run } from "./run.ts"
import type { Wait } from "./wait.ts"
import type { Wakeup } from "./wakeup.ts"

/** What a chain is wired to. */
export interface Wiring {
  readonly run: Run
  readonly wakeup: Wakeup
  readonly channelTo: (edge: Graph.Edge) => Channel
  readonly writerOf: (stageId: string) => ErasedWriter
  /** Times waits at the channel of an edge, for blame. */
  readonly watchOf: (edge: Graph.Edge) => (wait: NonNullable<Wait>) => NonNullable<Wait>
  /** The channel in front of the segment, or undefined where a source feeds it. */
  readonly input: Channel | undefined
}

/** A merge passes batches on as they are; it only counts. */
class PassThrough extends Chained {
  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    return this.forward(batch)
  }
}

/** What a custom stage emitted; its input is counted where it is pulled. */
class Emitted extends Chained {
  push(batch: Batch.Batch<unknown>): Wait {
    this.stats.batches++
    return this.forward(batch)
  }
}

/** Records in flight an effectful stage may have; 1 under the sync engine. */
export const concurrencyOf = (run: Run, node: Graph.StageNode): number =>
  run.mode.sequential ? 1 : permitsOf(node)

const single = (
  wiring: Wiring,
  node: Graph.StageNode,
  next: Operator | undefined,
  ports: ReadonlyArray<Operator>
): Operator => {
  const { run, wakeup } = wiring
  switch (node.operation._tag) {
    case "MapEffect":
    case "MapPromise": {
      const concurrency = concurrencyOf(run, node)
      return concurrency > 1
        ? new AsyncWindow(run, node, next, wakeup, concurrency)
        : new SequentialEffect(run, node, next)
    }
    case "MapBatch":
      return operatorOf(node.operation.f)?.(run, node, next) ?? new MapBatch(run, node, next)
    case "MapEnvelope":
      return new MapEnvelope(run, node, next)
    case "Accumulate":
      return new Accumulate(run, node, next)
    case "Batch":
      return new Gather(run, node, next)
    case "Branch":
      return new Branch(run, node, ports)
    case "Merge":
      return new PassThrough(run, node, next)
    case "Process":
      return new Emitted(run, node, next)
    case "Sink":
      return new SinkOperator(run, node, wiring.writerOf(node.id))
    default:
      return new SequentialEffect(run, node, next)
  }
}

/** One segment's operators. `head` takes its batches, `all` lists them for closing. */
export interface Chain {
  readonly head: Operator
  readonly all: ReadonlyArray<Operator>
}

/** A branch numbers its outputs by port; the graph may list the edges in any order. */
const inPortOrder = (segment: Plan.PlannedSegment): ReadonlyArray<Graph.Edge> => {
  const edges = segment.outputs.map((output) => output.edge)
  const last = stagesOf(segment).at(-1)
  if (last?.kind !== "branch") return edges
  return portsOf(last).flatMap((port) => edges.filter((edge) => edge.port === port))
}

/** Wires the steps of a segment. */
export const buildChain = (wiring: Wiring, segment: Plan.PlannedSegment): Chain => {
  const outs = inPortOrder(segment).map(
    (edge) => new ChannelOut(wiring.channelTo(edge), wiring.wakeup, wiring.watchOf(edge))
  )
  const all: Array<Operator> = [...outs]
  const { run } = wiring
  const nesting: Nesting = { span: undefined, depth: 0 }
  let next: Operator | undefined = outs[0]
  for (const step of segment.steps.toReversed()) {
    const first = step.stages[0] as Graph.StageNode
    const bare =
      step._tag === "Kernel"
        ? new KernelOperator(run, step.stages, next)
        : single(wiring, first, next, outs)
    const operator = mayIsolate(first) ? new Isolation(run, first, bare, next) : bare
    all.unshift(operator)
    const probed = run.probe?.around(step.stages, operator, nesting) ?? operator
    next = run.underWay?.around(probed) ?? probed
  }
  if (segment.steps.length === 0 && next !== undefined) next = run.underWay?.around(next) ?? next
  if (next === undefined) throw new Error(`segment ${segment.id} has neither steps nor outputs`)
  return { head: boundedHead(run, segment, gatedHead(wiring, segment, next)), all }
}

/**
 * Looks for new error policies before each batch, where a stage takes one by name; holds a source
 * back while the run is above its memory ceiling.
 */
const boundedHead = (run: Run, segment: Plan.PlannedSegment, given: Operator): Operator => {
  const { live, budget } = run
  const capped = segment.source !== undefined && budget?.hasCeiling === true
  const inner = capped ? new MemoryCeiling(budget, given) : given
  const named = stagesOf(segment).filter((node) => node.controls?.policies?.onError !== undefined)
  if (live === undefined || named.length === 0) return inner
  return new PolicyBoundary(live, named, inner)
}

/** Whether the stage may be set aside; a policy taken by name may come to say so. */
const mayIsolate = ({ errorPolicy, controls, kind }: Graph.StageNode): boolean =>
  kind !== "branch" &&
  (controls?.policies?.onError !== undefined ||
    Policy.partsOf(errorPolicy).some((policy) => {
      const last = policy._tag === "Retry" ? policy.exhausted : policy
      return last?._tag === "Quarantine"
    }))

/** Stages whose records stay in flight after the stage took them. */
const holding: ReadonlySet<Graph.OperationTag> = new Set(["MapEffect", "MapPromise"])

/** A stream function asks where it reads, since its head is what it emits. */
const gatedHead = (wiring: Wiring, segment: Plan.PlannedSegment, inner: Operator): Operator => {
  const { run, wakeup } = wiring
  const node = stagesOf(segment)[0] as Graph.StageNode
  const gate = run.gates.get(node.id)
  if (gate === undefined || node.operation._tag === "Process") return inner
  const stats = run.statsOf(node.id)
  const holds = holding.has(node.operation._tag)
  return new Gated({
    run,
    gate,
    inner,
    wakeup,
    input: wiring.input,
    capacity: wiring.input === undefined ? 1 : wiring.input.capacity,
    held: () => (holds ? stats.inFlight() : 0)
  })
}
