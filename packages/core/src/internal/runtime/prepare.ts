// What the stages of a run are guarded by, made before anything is opened: a descriptor nobody
// carries out, or that its strategy refuses, is a fault of the graph.
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Breaker from "../../Breaker.ts"
import type * as Engine from "../../Engine.ts"
import * as FlowStrategy from "../../FlowStrategy.ts"
import type * as Graph from "../../Graph.ts"
import type { GraphIssue } from "../../GraphError.ts"
import { GraphError } from "../../GraphError.ts"
import type * as Policies from "../../Policies.ts"
import type * as Policy from "../../Policy.ts"
import * as Validate from "../../Validate.ts"
import type { UserFunction } from "../erased.ts"
import { permitsOf } from "../plan/permits.ts"
import { bind } from "../policies/bind.ts"
import { LivePolicies } from "../policies/live.ts"
import { Registry } from "../policies/registry.ts"
import { resourceFaults } from "../policies/sense.ts"
import { wholePipeline } from "../validate/inspection.ts"
import { Budget } from "./budget.ts"
import { CallGuard } from "./callGuard.ts"
import type { CircuitKeys, MakeCircuit } from "./circuits.ts"
import { Circuits } from "./circuits.ts"
import { FlowGate } from "./flowGate.ts"
import { Hedging } from "./hedging.ts"
import { pressureOf } from "./pressure.ts"
import type { Run } from "./run.ts"

/** Whether flow control beyond a bounded channel stands, or may come to stand, before a stage. */
const isGated = ({ backpressure, controls }: Graph.StageNode): boolean =>
  (backpressure !== undefined && backpressure._tag !== "Bounded") ||
  controls?.policies?.flow !== undefined

const gateOf = (
  run: Run,
  node: Graph.StageNode,
  fallback: FlowStrategy.FlowImplementation | undefined
): FlowGate => {
  const stats = run.statsOf(node.id)
  const gate = new FlowGate(
    {
      pipelineId: run.graph.id,
      stageId: node.id,
      nowNanos: () => run.mode.clock.monotonicTimeNanosUnsafe(),
      pressure: () => pressureOf(run, node.id),
      ...(node.kind === "source" ? {} : { queued: () => stats.inputDepth() }),
      waited: () => undefined
    },
    node.controls?.flow ?? fallback,
    node.backpressure
  )
  stats.flow = () => gate.state()
  return gate
}

/** Operations whose calls are effects, which may be refused, held back or cut off. */
const calling: ReadonlySet<Graph.OperationTag> = new Set([
  "MapEffect",
  "MapPromise",
  "MapBatch",
  "Sink"
])

/** Keys that accumulators gave up, over all of them. */
const gaveUp = (run: Run): number => {
  let sum = 0
  for (const node of run.graph.nodes) {
    if (node.kind !== "accumulator") continue
    const figures = run.statsOf(node.id).metrics()
    sum += (figures["keysPartial"] ?? 0) + (figures["keysDropped"] ?? 0)
  }
  return sum
}

/** Slots by name: stages that name one bulkhead share it. */
class Slots {
  private readonly byName = new Map<string, Semaphore.Semaphore>()

  of(bulkhead: Policy.BulkheadPolicy | undefined): ReadonlyArray<Semaphore.Semaphore> {
    if (bulkhead === undefined) return []
    const { name, concurrency } = bulkhead
    const known = this.byName.get(name) ?? Semaphore.makeUnsafe(concurrency)
    this.byName.set(name, known)
    return [known]
  }
}

const keysOf = ({ controls }: Graph.StageNode): CircuitKeys | undefined =>
  controls?.circuitKey === undefined
    ? undefined
    : {
        key: controls.circuitKey as UserFunction,
        keysMax: controls.circuitKeysMax ?? Breaker.keysMaxDefault
      }

/** Makes a stage's circuits; throws where their policy cannot work or nobody carries it out. */
const circuitsOf = (
  run: Run,
  node: Graph.StageNode,
  fallback: Breaker.BreakerImplementation | undefined
): Circuits | undefined => {
  const policy = node.controls?.breaker
  if (policy === undefined) return undefined
  const implementation = node.controls?.circuit ?? fallback
  if (implementation === undefined)
    throw new Error(
      "nobody carries out its circuit breaker: use CircuitBreaker.stage of " +
        "@sluice/backpressure, or provide CircuitBreaker.layer"
    )
  const stageId = node.id
  const make: MakeCircuit = (wanted, key) => {
    const named = key === undefined ? {} : { key }
    const changed = (change: Breaker.CircuitChange): void => {
      run.guards.get(stageId)?.changed()
      if (!run.observed) return
      run.emit({ _tag: "CircuitChanged", atMs: run.now(), stageId, ...change, ...named })
    }
    const host = { pipelineId: run.graph.id, stageId, changed, ...named }
    return implementation(wanted, host, run.micros() / 1e3)
  }
  const circuits = new Circuits(policy, make, keysOf(node))
  const saved = node.controls?.circuitRestore
  if (saved !== undefined) circuits.restore(saved, run.micros() / 1e3)
  return circuits
}

/** A fused sink function is no call that could wait for a slot. */
const waitsForSlot = ({ operation }: Graph.StageNode): boolean =>
  operation._tag !== "Sink" || operation.sink.each === undefined

const isGuarded = ({ controls }: Graph.StageNode): boolean =>
  controls?.breaker !== undefined ||
  controls?.bulkhead !== undefined ||
  controls?.deadlineMs !== undefined ||
  controls?.hedge !== undefined ||
  controls?.policies?.onError !== undefined

/** The sync engine takes one record at a time, and its hedges have the other permits. */
const hedgingOf = (run: Run, node: Graph.StageNode): Hedging | undefined => {
  const policy = node.controls?.hedge
  if (policy === undefined) return undefined
  return new Hedging({ policy, permits: permitsOf(node), fork: run.forkerOf(node.id) })
}

const guardOf = (
  run: Run,
  node: Graph.StageNode,
  slots: ReadonlyArray<Semaphore.Semaphore>,
  fallback: Breaker.BreakerImplementation | undefined
): CallGuard => {
  const circuits = circuitsOf(run, node, fallback)
  const stats = run.statsOf(node.id)
  const hedging = hedgingOf(run, node)
  const guard = new CallGuard(run, {
    stageId: node.id,
    circuits,
    slots,
    hedging,
    deadlineMs: node.controls?.deadlineMs,
    gaveUp: () => gaveUp(run)
  })
  stats.circuit = () => guard.state()
  if (node.controls?.circuitKey !== undefined || hedging !== undefined) {
    const before = stats.metrics
    stats.metrics = () => ({ ...before(), ...circuits?.figures(), ...hedging?.figures() })
  }
  return guard
}

const refusal = (node: Graph.StageNode, cause: unknown): GraphIssue => ({
  code: "policy",
  stageId: node.id,
  reason: `it cannot be guarded: ${cause instanceof Error ? cause.message : String(cause)}`,
  cure: "correct the option"
})

const registryOf = (
  options: Engine.ExecutionOptions
): Effect.Effect<Policies.Policies | undefined> =>
  options.policies === undefined ? Registry : Effect.succeed(options.policies)

/**
 * The graph with the policies its stages take by name, when it is sound. A name that stands for
 * nothing is a fault of the graph.
 */
export const boundGraph = (
  given: Graph.PipelineGraph,
  options: Engine.ExecutionOptions
): Effect.Effect<Graph.PipelineGraph, GraphError> =>
  Effect.flatMap(registryOf(options), (registry) => {
    const { graph, issues } = bind(given, registry?.current())
    return issues.length > 0
      ? Effect.fail(new GraphError({ pipelineId: graph.id, issues }))
      : Effect.fromResult(Validate.validateOrFail(graph))
  })

/** Follows the registry until the caller's scope closes, where a stage takes a policy by name. */
const follow = Effect.fnUntraced(function* (run: Run, given: Graph.PipelineGraph) {
  const registry = yield* registryOf(run.options)
  const named = given.nodes.some((node) => node.controls?.policies !== undefined)
  if (registry === undefined || !named) return
  const live = new LivePolicies(run, given, registry)
  run.live = live
  yield* Effect.acquireRelease(
    Effect.sync(() => registry.subscribe(live.take)),
    (unsubscribe) => Effect.sync(unsubscribe)
  )
})

/** Limits of the run: those of its options, else those of the registry, which it then follows. */
const allot = Effect.fnUntraced(function* (run: Run) {
  const registry = yield* registryOf(run.options)
  const policy = run.options.budget ?? registry?.current().policies.resources
  if (policy === undefined) return
  const faults = resourceFaults(policy)
  if (faults.length > 0) {
    const reason = `its budget cannot work: ${faults.join("; ")}`
    const issue: GraphIssue = {
      code: "policy",
      stageId: wholePipeline,
      reason,
      cure: "correct the budget"
    }
    return yield* Effect.fail(new GraphError({ pipelineId: run.graph.id, issues: [issue] }))
  }
  const budget = new Budget(run, policy)
  run.budget = budget
  for (const node of run.graph.nodes) {
    if (node.kind !== "source" || !budget.hasCeiling) continue
    const stats = run.statsOf(node.id)
    const before = stats.metrics
    stats.metrics = () => ({ ...before(), ...budget.statistics() })
  }
  if (registry === undefined || run.options.budget !== undefined) return
  const take = (snapshot: Policies.Snapshot): void => {
    const { resources } = snapshot.policies
    if (resources !== undefined) budget.change(resources)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => registry.subscribe(take)),
    (unsubscribe) => Effect.sync(unsubscribe)
  )
})

/**
 * Makes the guards of every stage; `given` is the graph before policies were put in place. Fails
 * with every stage whose guards cannot be made.
 */
export const prepare = (
  run: Run,
  given: Graph.PipelineGraph
): Effect.Effect<void, GraphError, Scope.Scope> =>
  Effect.gen(function* () {
    yield* follow(run, given)
    yield* allot(run)
    const flow = yield* FlowStrategy.Implementation
    const circuit = yield* Breaker.Implementation
    const issues: Array<GraphIssue> = []
    const slots = new Slots()
    for (const node of run.graph.nodes) {
      try {
        if (isGated(node)) run.gates.set(node.id, gateOf(run, node, flow))
        if (!calling.has(node.operation._tag)) continue
        const shared = waitsForSlot(node) ? run.budget?.slots : undefined
        if (!isGuarded(node) && shared === undefined) continue
        const own = slots.of(node.controls?.bulkhead)
        const taken = shared === undefined ? own : [...own, shared]
        run.guards.set(node.id, guardOf(run, node, taken, circuit))
      } catch (cause) {
        issues.push(refusal(node, cause))
      }
    }
    if (issues.length > 0)
      return yield* Effect.fail(new GraphError({ pipelineId: run.graph.id, issues }))
  })
