// Engines that break a rule of failure, time or telemetry, one each.

import type * as Accumulator from "@sluice/core/Accumulator"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as Batch from "@sluice/core/Batch"
import type * as Engine from "@sluice/core/Engine"
import type * as Graph from "@sluice/core/Graph"
import type * as Observer from "@sluice/core/Observer"
import * as Policy from "@sluice/core/Policy"
import * as Redaction from "@sluice/core/Redaction"
import type * as Sink from "@sluice/core/Sink"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { FaultyEngine } from "./twist.ts"
import * as twist from "./twist.ts"

const policy = (
  node: Graph.StageNode,
  tag: Policy.ErrorPolicy["_tag"],
  change: (node: Graph.StageNode) => Graph.StageNode
): Graph.StageNode => (node.errorPolicy._tag === tag ? change(node) : node)

/** The call after a failing one fails too. */
const takesAlong = (call: twist.Call): twist.Call => {
  let failed = false
  return (payload) =>
    Effect.suspend(() => {
      if (failed) {
        failed = false
        return Effect.fail(new Error("the one before failed"))
      }
      return Effect.tapError(call(payload) as Effect.Effect<unknown, unknown>, () =>
        Effect.sync(() => {
          failed = true
        })
      )
    })
}

/** As `takesAlong`, for functions that throw. */
const throwsTwice = (call: twist.Call): twist.Call => {
  let failed = false
  return (payload) => {
    if (failed) {
      failed = false
      throw new Error("the one before failed")
    }
    try {
      return call(payload)
    } catch (cause) {
      failed = true
      throw cause
    }
  }
}

const swallowedFallback =
  (fallback: Graph.ErasedFunction): Graph.ErasedFunction =>
  (...args) => {
    try {
      return fallback(...args)
    } catch {
      return 0
    }
  }

/** A source that fails just ends. */
const endsForFailure = (node: Graph.StageNode): Graph.StageNode =>
  twist.reading(node, (reader) => ({
    pull: () => Effect.catch(twist.pulling(reader), () => Effect.succeed(undefined))
  }))

const isRejection = (failure: unknown): failure is Sink.RecordsRejected =>
  typeof failure === "object" &&
  failure !== null &&
  "_tag" in failure &&
  failure._tag === "RecordsRejected"

const written = (
  writer: twist.Writer,
  batch: Batch.Batch<never>
): Effect.Effect<void, unknown, unknown> => Effect.suspend(() => writer.write(batch) ?? Effect.void)

/** A batch of which records were refused is refused as a whole. */
const refusesAll = (writer: twist.Writer): twist.Writer => ({
  ...writer,
  write: (batch) =>
    Effect.mapError(written(writer, batch), (failure) => {
      const first = isRejection(failure) ? failure.records[0] : undefined
      if (first === undefined) return failure
      return {
        _tag: "RecordsRejected",
        records: batch.items.map((_, index) => ({ index, cause: first.cause }))
      }
    })
})

const swallowsDefects = (writer: twist.Writer): twist.Writer => ({
  ...writer,
  write: (batch) => Effect.catchDefect(written(writer, batch), () => Effect.void)
})

/** A failed run of several segments never answers. */
const hangsWhenFailed = (running: Engine.RunningPipeline): Engine.RunningPipeline =>
  running.graph.nodes.some((node) => node.bufferPolicy !== undefined)
    ? { ...running, result: Effect.catch(running.result, () => Effect.never) }
    : running

/** Hands over no more letters than it keeps. */
const handsOverKept = (options: Engine.ExecutionOptions): Engine.ExecutionOptions => {
  const { onDeadLetters, deadLettersMax } = options
  if (onDeadLetters === undefined) return options
  let left = deadLettersMax ?? 1_000
  const limited: typeof onDeadLetters = (letters, ...rest) => {
    const some = letters.slice(0, left)
    left -= some.length
    return onDeadLetters(some, ...rest)
  }
  return { ...options, onDeadLetters: limited }
}

const observing = (
  options: Engine.ExecutionOptions,
  change: (observer: Observer.PipelineObserver) => Observer.PipelineObserver
): Engine.ExecutionOptions =>
  options.observer === undefined ? options : { ...options, observer: change(options.observer) }

/** Times of events are those of the machine. */
const wallClock = (options: Engine.ExecutionOptions): Engine.ExecutionOptions =>
  observing(options, ({ onEvent }) => {
    const clock = Clock.Clock.defaultValue()
    return { onEvent: (event) => onEvent?.({ ...event, atMs: clock.currentTimeMillisUnsafe() }) }
  })

/** Each look at this clock takes a millisecond. */
const ticking =
  (call: twist.Call): twist.Call =>
  (payload) =>
    Effect.clockWith((clock) => {
      let ticks = 0
      const now = (): number => clock.currentTimeMillisUnsafe() + ticks++
      const own: Clock.Clock = {
        currentTimeMillisUnsafe: now,
        currentTimeMillis: Effect.sync(now),
        currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
        currentTimeNanos: clock.currentTimeNanos,
        monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
        monotonicTimeNanos: clock.monotonicTimeNanos,
        sleep: (duration) => clock.sleep(duration)
      }
      return Effect.provideService(call(payload) as Effect.Effect<unknown>, Clock.Clock, own)
    })

type Instance = Accumulator.AccumulatorInstance<never, unknown>

const accumulating = (
  node: Graph.StageNode,
  change: (instance: Instance, host: Accumulator.AccumulatorHost) => Partial<Instance>
): Graph.StageNode => {
  const { operation } = node
  if (operation._tag !== "Accumulate") return node
  const { accumulator } = operation
  const make = (host: Accumulator.AccumulatorHost): Instance => {
    const instance = accumulator.make(host)
    const sound: Instance = {
      process: (batch) => instance.process(batch),
      fire: (now) => instance.fire(now),
      deadline: () => instance.deadline(),
      pending: () => instance.pending(),
      end: () => instance.end(),
      totals: () => instance.totals(),
      openKeys: (limit) => instance.openKeys(limit),
      close: () => instance.close?.()
    }
    return { ...sound, ...change(sound, host) }
  }
  return { ...node, operation: { _tag: "Accumulate", accumulator: { ...accumulator, make } } }
}

/** Names no time: what is due is seen when a batch has been added. */
const onlyWithInput = (
  instance: Instance,
  host: Accumulator.AccumulatorHost
): Partial<Instance> => ({
  deadline: () => Number.POSITIVE_INFINITY,
  pending: () => instance.pending() || instance.deadline() <= host.now()
})

/** Fires until nothing is due, then hands everything on. */
const allAtOnce = (instance: Instance): Partial<Instance> => ({
  fire: (now) => {
    const all: Array<unknown> = []
    for (let more = true; more; more = instance.pending())
      all.push(...(instance.fire(now)?.items ?? []))
    return all.length === 0 ? undefined : Batch.make(all)
  }
})

/** An engine whose runs see no redaction in their context. */
const indiscreet = (): Engine.Engine => {
  const engine = AsyncEngine.make()
  return {
    name: engine.name,
    start: (graph, options) =>
      Effect.provideService(engine.start(graph, options), Redaction.Current, undefined)
  }
}

/** A look at the observer's throwing: the run fails with it. */
const failsWithObserver = (): twist.Twist => {
  let thrown: { readonly cause: unknown } | undefined
  return {
    options: (options) =>
      observing(options, ({ onEvent }) => ({
        onEvent: (event) => {
          try {
            onEvent?.(event)
          } catch (cause) {
            thrown = { cause }
            throw cause
          }
        }
      })),
    handle: (running) => ({
      ...running,
      result: Effect.flatMap(running.result, (result) =>
        thrown === undefined ? Effect.succeed(result) : Effect.die(thrown.cause)
      )
    })
  }
}

/** Tells that a stage has started one event too late. */
const tellsLate = (options: Engine.ExecutionOptions): Engine.ExecutionOptions =>
  observing(options, ({ onEvent }) => {
    const held: Array<Observer.PipelineEvent> = []
    return {
      onEvent: (event) => {
        if (event._tag === "StageStarted") return void held.push(event)
        onEvent?.(event)
        for (const late of held.splice(0)) onEvent?.(late)
      }
    }
  })

const forgetsAtEnd = (): twist.Twist => {
  let ended = false
  const note = Effect.sync(() => {
    ended = true
  })
  return {
    handle: (running) => ({
      ...running,
      inspect: (id) => (ended ? undefined : running.inspect(id)),
      result: Effect.ensuring(running.result, note)
    })
  }
}

const isConcurrent = ({ parallelism }: Graph.StageNode): boolean =>
  parallelism._tag === "Fixed" && parallelism.n > 1

/** Engines that break F1 to F11, T1 to T5 and M1 to M4. */
export const failures: ReadonlyArray<FaultyEngine> = [
  twist.faulty("F1", "fails the call behind a failing one", () => ({
    node: (node) =>
      policy(node, "DeadLetter", (own) =>
        isConcurrent(own) ? twist.calling(own, "MapEffect", takesAlong) : own
      )
  })),
  twist.faulty("F2", "forgets where a dead letter came from", () => ({
    handle: (running) =>
      twist.resulting(running, (result) => ({
        ...result,
        deadLetters: result.deadLetters.map((letter) => ({ ...letter, origin: "" }))
      }))
  })),
  twist.faulty("F3", "drops a failing record of a map instead of ending the run", () => ({
    node: (node) =>
      node.operation._tag === "Map"
        ? policy(node, "Fail", (own) => ({ ...own, errorPolicy: Policy.ignore }))
        : node
  })),
  twist.faulty("F4", "ignores the record behind an ignored one too", () => ({
    node: (node) => policy(node, "Ignore", (own) => twist.calling(own, "Map", throwsTwice))
  })),
  twist.faulty("F5", "tries once more than it is told", () => ({
    node: (node) =>
      node.operation._tag === "MapEffect" && node.errorPolicy._tag === "Retry"
        ? {
            ...node,
            errorPolicy: { ...node.errorPolicy, retriesMax: node.errorPolicy.retriesMax + 1 }
          }
        : node
  })),
  twist.faulty("F6", "swallows what a fallback throws", () => ({
    node: (node) =>
      node.fallback === undefined ? node : { ...node, fallback: swallowedFallback(node.fallback) }
  })),
  twist.faulty("F7", "takes a failing source for one that has ended", () => ({
    node: endsForFailure
  })),
  twist.faulty("F8", "offers a sink again what it has taken", () => ({
    node: (node) => twist.writing(node, refusesAll)
  })),
  twist.faulty("F9", "waits for ever for a segment that failed", () => ({
    handle: hangsWhenFailed
  })),
  twist.faulty("F10", "swallows what a sink dies of", () => ({
    node: (node) => twist.writing(node, swallowsDefects)
  })),
  twist.faulty("F11", "hands over only the dead letters it keeps", () => ({
    options: handsOverKept
  })),
  twist.faulty("T1", "tells events by the machine's clock", () => ({ options: wallClock })),
  {
    rule: "T2",
    fault: "lets time pass while stages run",
    subject: {
      makeEngine: () =>
        twist.twisted(
          () => ({ node: (node) => twist.calling(node, "MapEffect", ticking) }),
          () => SyncEngine.make()
        ),
      clock: "virtual"
    }
  },
  twist.faulty("T3", "looks at the timers of keys only when input comes", () => ({
    node: (node) => accumulating(node, onlyWithInput)
  })),
  twist.faulty("T4", "does not bound attempts", () => ({
    node: (node) => ({ ...node, timeoutMs: undefined })
  })),
  twist.faulty("T5", "serves all due timers at once", () => ({
    node: (node) => accumulating(node, allAtOnce)
  })),
  twist.faulty("M1", "counts every failure twice", () => ({
    handle: (running) =>
      twist.resulting(running, (result) =>
        twist.finalStates(result, (state) => ({ ...state, errors: 2 * state.errors }))
      )
  })),
  twist.faulty("M2", "has forgotten its stages at the end", forgetsAtEnd),
  twist.faulty("M3", "fails when its observer does", failsWithObserver),
  twist.faulty("M4", "tells the start of stages too late", () => ({ options: tellsLate })),
  {
    rule: "M6",
    fault: "does not look for a redaction",
    subject: { makeEngine: indiscreet, clock: "context" }
  }
]
