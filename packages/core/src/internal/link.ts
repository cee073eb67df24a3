// How the DSL remembers a pipeline: nodes linked to the outputs they read. Immutable; a graph is
// collected from the ends.
import type * as Breaker from "../Breaker.ts"
import * as Channel from "../Channel.ts"
import type * as FlowStrategy from "../FlowStrategy.ts"
import type * as Graph from "../Graph.ts"
import * as Policy from "../Policy.ts"
import type { Arrival } from "./order.ts"
import { leaving } from "./order.ts"

/** An output of a stage. */
export interface Port {
  readonly link: Link
  readonly port: string
}

/** A stage and what it reads. */
export interface Link {
  readonly node: Graph.StageNode
  readonly inputs: ReadonlyArray<Port>
  /** Order the user asked for: of a sink's input, of another stage's output. */
  readonly promise?: Channel.ChannelOrdering | undefined
}

/** What an edge promises: what was asked for, whether or not it can be kept; else what is there. */
const promiseOf = (input: Link, link: Link, arrival: Arrival): Channel.ChannelOrdering => {
  const asked = link.node.kind === "sink" ? link.promise : undefined
  const promise = asked ?? input.promise
  if (promise !== undefined) return promise
  return arrival.order._tag === "Ordered" ? Channel.ordered : Channel.unordered
}

const edgeOf = (input: Port, link: Link, arrival: Arrival): Graph.Edge => ({
  from: input.link.node.id,
  port: input.port,
  to: link.node.id,
  channel: {
    buffer: link.node.bufferPolicy ?? Policy.bufferDefault,
    ordering: promiseOf(input.link, link, arrival)
  }
})

/** Edges between links that stand sources first. */
const edgesOf = (links: ReadonlyArray<Link>): ReadonlyArray<Graph.Edge> => {
  const left = new Map<Link, Arrival>()
  return links.flatMap((link) => {
    const inputs = link.inputs.map((input) => left.get(input.link) as Arrival)
    left.set(link, leaving(link.node, inputs))
    return link.inputs.map((input, at) => edgeOf(input, link, inputs[at] as Arrival))
  })
}

/** All stages the ends depend on, sources first, each once; a stage used twice is one node. */
export const collect = (
  ends: ReadonlyArray<Link>
): {
  readonly nodes: ReadonlyArray<Graph.StageNode>
  readonly edges: ReadonlyArray<Graph.Edge>
} => {
  const seen = new Set<Link>()
  const links: Array<Link> = []
  // An explicit stack: a pipeline of ten thousand stages must not overflow the call stack.
  const stack: Array<{ readonly link: Link; next: number }> = ends
    .toReversed()
    .map((link) => ({ link, next: 0 }))
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const input = top.link.inputs[top.next++]
    if (input !== undefined) {
      if (!seen.has(input.link)) stack.push({ link: input.link, next: 0 })
      continue
    }
    stack.pop()
    if (seen.has(top.link)) continue
    seen.add(top.link)
    links.push(top.link)
  }
  return {
    nodes: links.map((link) => link.node),
    edges: edgesOf(links)
  }
}

/** Options of a stage as the DSL takes them. */
export interface NodeOptions {
  readonly parallelism?: Policy.ParallelismHint | number | undefined
  readonly engine?: string | undefined
  readonly buffer?: Partial<Policy.BufferPolicy> | undefined
  readonly flow?: FlowStrategy.Flow | Policy.BackpressureStrategy | undefined
  readonly breaker?: Breaker.StageBreaker<never> | Policy.CircuitBreakerPolicy | undefined
  readonly bulkhead?: Policy.BulkheadPolicy | undefined
  readonly hedge?: Policy.HedgePolicy | undefined
  readonly deadlineMs?: number | undefined
  readonly policies?: Policy.PolicyNames | undefined
  readonly sentinel?: Graph.ErasedFunction | undefined
  readonly ordering?: Channel.ChannelOrdering | undefined
  readonly onError?: Policy.ErrorPolicy | undefined
  readonly fallback?: Graph.ErasedFunction | undefined
  readonly timeoutMs?: number | undefined
  readonly config?: Readonly<Record<string, unknown>> | undefined
}

const hintOf = (hint: Policy.ParallelismHint | number | undefined): Policy.ParallelismHint =>
  hint === undefined
    ? Policy.parallelism.sequential
    : typeof hint === "number"
      ? Policy.parallelism.fixed(hint)
      : hint

const circuitOf = ({ implementation, key, keysMax, restore }: Breaker.StageBreaker<never>) => ({
  circuit: implementation,
  ...(key === undefined ? {} : { circuitKey: key as Graph.ErasedFunction }),
  ...(keysMax === undefined ? {} : { circuitKeysMax: keysMax }),
  ...(restore === undefined ? {} : { circuitRestore: restore })
})

/** The guards that were asked for, or undefined when none was. */
const controlsOf = (options: NodeOptions): Graph.StageControls | undefined => {
  const { flow, breaker, bulkhead, hedge, deadlineMs, policies } = options
  const named = breaker !== undefined && "implementation" in breaker ? breaker : undefined
  const policy = named?.policy ?? (breaker as Policy.CircuitBreakerPolicy | undefined)
  const implementation =
    flow !== undefined && "implementation" in flow ? flow.implementation : undefined
  const controls: Graph.StageControls = {
    ...(implementation === undefined ? {} : { flow: implementation }),
    ...(policy === undefined ? {} : { breaker: policy }),
    ...(named === undefined ? {} : circuitOf(named)),
    ...(bulkhead === undefined ? {} : { bulkhead }),
    ...(hedge === undefined ? {} : { hedge }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(policies === undefined ? {} : { policies }),
    ...(options.sentinel === undefined ? {} : { sentinel: options.sentinel })
  }
  return Object.keys(controls).length === 0 ? undefined : controls
}

const descriptorOf = (flow: NodeOptions["flow"]): Policy.BackpressureStrategy | undefined =>
  flow !== undefined && "implementation" in flow ? flow.descriptor : flow

const guarded = (options: NodeOptions): { readonly controls?: Graph.StageControls } => {
  const controls = controlsOf(options)
  return controls === undefined ? {} : { controls }
}

/** A graph node from what the DSL was given; absent options take their defaults. */
export const makeNode = (
  id: string,
  kind: Graph.StageNode["kind"],
  operation: Graph.Operation,
  options: NodeOptions = {}
): Graph.StageNode => ({
  id,
  kind,
  operation,
  parallelism: hintOf(options.parallelism),
  engine: options.engine,
  errorPolicy: options.onError ?? Policy.fail,
  fallback: options.fallback,
  ordering: options.ordering ?? Channel.ordered,
  timeoutMs: options.timeoutMs,
  accumulation: operation._tag === "Accumulate" ? operation.accumulator.descriptor : undefined,
  bufferPolicy:
    options.buffer === undefined ? undefined : { ...Policy.bufferDefault, ...options.buffer },
  backpressure: descriptorOf(options.flow),
  ...guarded(options),
  config: options.config ?? {}
})
