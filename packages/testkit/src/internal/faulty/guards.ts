// Engines that break a rule of quarantine, circuits, changing policies, budgets or cost: one fault
// for each thing the rule asks for.

import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as Breaker from "@sluice/core/Breaker"
import type * as Engine from "@sluice/core/Engine"
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import type * as Graph from "@sluice/core/Graph"
import type * as Policies from "@sluice/core/Policies"
import * as Policy from "@sluice/core/Policy"
import type * as Quarantine from "@sluice/core/Quarantine"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { FaultyEngine } from "./twist.ts"
import * as twist from "./twist.ts"

const isQuarantining = ({ errorPolicy }: Graph.StageNode): boolean =>
  errorPolicy._tag === "Quarantine"

/** Another policy where a stage would be set aside. */
const instead =
  (policy: Policy.ErrorPolicy) =>
  (node: Graph.StageNode): Graph.StageNode =>
    isQuarantining(node) ? { ...node, errorPolicy: policy } : node

const isLate = (cause: unknown): cause is Quarantine.StageQuarantined =>
  typeof cause === "object" &&
  cause !== null &&
  "_tag" in cause &&
  cause._tag === "StageQuarantined"

/** Says nothing of what came for a stage that was set aside. */
const forgetsLate = (running: Engine.RunningPipeline): Engine.RunningPipeline =>
  twist.resulting(running, (result) => ({
    ...result,
    deadLetters: result.deadLetters.filter(({ cause }) => !isLate(cause))
  }))

/** Another circuit for every stage that has one. */
const circling = (
  node: Graph.StageNode,
  change: (breaker: Breaker.Breaker) => Partial<Breaker.Breaker>
): Graph.StageNode => {
  const { controls } = node
  const circuit = controls?.circuit
  if (controls === undefined || circuit === undefined) return node
  const changed: Breaker.BreakerImplementation = (policy, host, atMs) => {
    const breaker = circuit(policy, host, atMs)
    const sound: Breaker.Breaker = {
      request: (at) => breaker.request(at),
      ended: (ticket, at, ok, latencyMs) => breaker.ended(ticket, at, ok, latencyMs),
      cancelled: (ticket, at) => breaker.cancelled(ticket, at),
      deadlocked: (count, at) => breaker.deadlocked(count, at),
      isolate: (at) => breaker.isolate(at),
      reset: (at) => breaker.reset(at),
      state: (at) => breaker.state(at),
      change: (next, at) => breaker.change(next, at),
      statistics: () => breaker.statistics()
    }
    return { ...sound, ...change(sound) }
  }
  return { ...node, controls: { ...controls, circuit: changed } }
}

const unasked = { _tag: "Admitted", ticket: undefined } as const

/** Asks, calls whatever the answer is, and keeps quiet about calls that were not let. */
const callsAnyway = (breaker: Breaker.Breaker): Partial<Breaker.Breaker> => ({
  request: (at) => {
    const verdict = breaker.request(at)
    return verdict._tag === "Admitted" ? verdict : unasked
  },
  ended: (ticket, ...rest) => {
    if (ticket !== undefined) breaker.ended(ticket, ...rest)
  }
})

const soon = 1

/** Asks a circuit again at once, whatever time it named. */
const asksTooSoon = (breaker: Breaker.Breaker): Partial<Breaker.Breaker> => ({
  request: (at) => {
    const verdict = breaker.request(at)
    return verdict._tag === "Admitted" ? verdict : { ...verdict, retryAfterMs: soon }
  }
})

/** Another registry for every run that has one. */
const following = (
  options: Engine.ExecutionOptions,
  change: (policies: Policies.Policies) => Partial<Policies.Policies>
): Engine.ExecutionOptions => {
  const { policies } = options
  return policies === undefined
    ? options
    : { ...options, policies: { ...policies, ...change(policies) } }
}

/** Takes what it can use of a new set, and keeps the old for the rest. */
const takesHalf = (policies: Policies.Policies): Partial<Policies.Policies> => {
  let { errors } = policies.current().policies
  return {
    subscribe: (listener) =>
      policies.subscribe((snapshot) => {
        errors = { ...errors, ...snapshot.policies.errors }
        listener({ ...snapshot, policies: { ...snapshot.policies, errors } })
      })
  }
}

/** Looks at the policy when a record fails, in the midst of a batch. */
const changesInside = (): twist.Twist => {
  let policies: Policies.Policies | undefined
  const patient =
    (name: string) =>
    (call: twist.Call): twist.Call =>
    (payload) => {
      try {
        return call(payload)
      } catch (cause) {
        const policy = policies?.current().policies.errors?.[name]
        if (policy?._tag === "Ignore") return []
        throw cause
      }
    }
  return {
    options: (options) => {
      policies = options.policies
      return options
    },
    node: (node) => {
      const name = node.controls?.policies?.onError
      return name === undefined ? node : twist.calling(node, "FlatMap", patient(name))
    }
  }
}

/** Tells whoever lets records in now of the records that somebody else had let in. */
const settlesWithLast = (node: Graph.StageNode): Graph.StageNode => {
  const { controls } = node
  const flow = controls?.flow
  if (controls === undefined || flow === undefined) return node
  let last: FlowStrategy.FlowStrategy | undefined
  const changed: FlowStrategy.FlowImplementation = (descriptor, host) => {
    const own = flow(descriptor, host)
    last = own
    return {
      kind: own.kind,
      unit: own.unit,
      side: own.side,
      admit: (offer) => own.admit(offer),
      settled: (records) => last?.settled(records),
      dueNanos: (offer) => own.dueNanos(offer),
      change: (wanted) => own.change(wanted),
      statistics: () => own.statistics()
    }
  }
  return { ...node, controls: { ...controls, flow: changed } }
}

/** Another budget for every run that has one. */
const allotting = (
  options: Engine.ExecutionOptions,
  change: (budget: Policy.ResourcePolicy) => Policy.ResourcePolicy
): Engine.ExecutionOptions =>
  options.budget === undefined ? options : { ...options, budget: change(options.budget) }

const withoutBytes = ({ bytesMax: _, ...budget }: Policy.ResourcePolicy): Policy.ResourcePolicy =>
  budget

/** Does not tell how often it went above its budget. */
const hidesOverruns = (running: Engine.RunningPipeline): Engine.RunningPipeline =>
  twist.resulting(running, (result) =>
    twist.finalStates(result, (state) =>
      state.metrics["budget_overruns"] === undefined
        ? state
        : { ...state, metrics: { ...state.metrics, budget_overruns: 0 } }
    )
  )

/** Asks its clock what time it is for each record of a map. */
const timesRecords = (): Engine.Engine => {
  const engine = AsyncEngine.make()
  const timing = (clock: Clock.Clock) =>
    twist.twisted(
      () => ({
        node: (node) =>
          twist.calling(node, "Map", (call) => (payload) => {
            clock.monotonicTimeNanosUnsafe()
            return call(payload)
          })
      }),
      () => engine
    )
  return {
    name: engine.name,
    start: (graph, options) =>
      Effect.flatMap(Clock.Clock, (clock) => timing(clock).start(graph, options))
  }
}

/** Tells its observer of each record of a batch. */
const tellsRecords = (options: Engine.ExecutionOptions): Engine.ExecutionOptions => {
  const { observer } = options
  if (observer === undefined) return options
  return {
    ...options,
    observer: {
      ...observer,
      onEvent: (event) => {
        const times = event._tag === "BatchProcessed" ? event.recordsIn : 1
        for (let n = 0; n < times; n++) observer.onEvent?.(event)
      }
    }
  }
}

/** Engines that break F12, F13, B9, B10 and M5. */
export const guards: ReadonlyArray<FaultyEngine> = [
  twist.faulty("F12", "sets the failing record aside, and goes on with the stage", () => ({
    node: instead(Policy.deadLetter)
  })),
  twist.faulty("F12", "ends the run where a stage should be set aside", () => ({
    node: instead(Policy.fail)
  })),
  twist.faulty("F12", "ends a sink in quarantine as if its output were whole", () => ({
    node: (node) => (isQuarantining(node) ? twist.openingSink(node, twist.alwaysCommits) : node)
  })),
  twist.faulty("F12", "loses what comes for a stage in quarantine", () => ({
    handle: forgetsLate
  })),
  twist.faulty("F13", "calls although the circuit does not let it", () => ({
    node: (node) => circling(node, callsAnyway)
  })),
  twist.faulty("F13", "tells a circuit nothing of calls that were interrupted", () => ({
    node: (node) => circling(node, () => ({ cancelled: () => undefined }))
  })),
  twist.faulty("F13", "tells a circuit that an interrupted call has failed", () => ({
    node: (node) =>
      circling(node, (breaker) => ({
        cancelled: (ticket, at) => breaker.ended(ticket, at, false, 0)
      }))
  })),
  twist.faulty("F13", "tells a circuit twice how a call ended", () => ({
    node: (node) =>
      circling(node, (breaker) => ({
        ended: (...told) => {
          breaker.ended(...told)
          breaker.ended(...told)
        }
      }))
  })),
  twist.faulty("F13", "asks a circuit again before the time it named", () => ({
    node: (node) => circling(node, asksTooSoon)
  })),
  twist.faulty("B9", "keeps the policies it began with", () => ({
    options: (options) => following(options, () => ({ subscribe: () => () => undefined }))
  })),
  twist.faulty("B9", "takes half of a set of policies", () => ({
    options: (options) => following(options, takesHalf)
  })),
  twist.faulty("B9", "changes an error policy in the midst of a batch", changesInside),
  twist.faulty("B9", "settles records with whoever lets records in now", () => ({
    node: settlesWithLast
  })),
  twist.faulty("B10", "makes one call more than its stages share", () => ({
    options: (options) =>
      allotting(options, (budget) =>
        budget.concurrency === undefined
          ? budget
          : { ...budget, concurrency: budget.concurrency + 1 }
      )
  })),
  twist.faulty("B10", "lets each channel be filled, whatever they hold together", () => ({
    options: (options) =>
      allotting(options, (budget) => ((budget.bytesMax ?? 0) > 5 ? withoutBytes(budget) : budget))
  })),
  twist.faulty("B10", "does not count what goes above its budget", () => ({
    handle: hidesOverruns
  })),
  {
    rule: "M5",
    fault: "asks for the time at each record",
    subject: { makeEngine: timesRecords, clock: "context" }
  },
  twist.faulty("M5", "tells its observer of each record", () => ({ options: tellsRecords }))
]
