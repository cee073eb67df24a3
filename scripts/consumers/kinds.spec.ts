// What authors of sources, sinks, stages, accumulators, strategies and circuits might write with
// @sluice/testkit: every suite but those of engines, from outside, against the parts of Sluice.
import * as Accumulate from "@sluice/accumulation/Accumulate"
import * as Complete from "@sluice/accumulation/Complete"
import * as CircuitBreaker from "@sluice/backpressure/CircuitBreaker"
import * as Flow from "@sluice/backpressure/Flow"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as Envelope from "@sluice/core/Envelope"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as WebStreams from "@sluice/core/WebStreams"
import * as Kit from "@sluice/testkit/Conformance"
import type { Fragment, Gathered } from "@sluice/testkit/ConformanceRules"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

const numbers = Array.from({ length: 50 }, (_, n) => n)

Kit.sourceConformance({
  name: "fromIterable",
  make: Effect.sync(() => ({ source: Source.fromIterable(numbers), expected: numbers }))
})

Kit.sinkConformance({
  name: "collectInto",
  make: Effect.sync(() => {
    const out: Array<number> = []
    return { sink: Sink.collectInto(out), records: numbers, output: Effect.sync(() => [...out]) }
  })
})

Kit.stageConformance({
  name: "a stage of a user",
  make: () => ({
    init: () => Effect.void,
    process: (input: Stream.Stream<Envelope.Envelope<number>>) =>
      Stream.map(input, (envelope) => ({ ...envelope, payload: 2 * envelope.payload })),
    close: Effect.void
  }),
  records: numbers,
  expected: numbers.map((n) => 2 * n),
  keepsNumbers: true
})

Kit.accumulatorConformance({
  name: "slots",
  make: ({ slots, idleMs, keysMax, tombstonesMax, atEnd, late }) =>
    Accumulate.make({
      key: (fragment: Fragment) => fragment.key,
      complete: Complete.slots({ slot: (fragment: Fragment) => fragment.slot, required: slots }),
      state: {
        init: (): Record<string, number> => ({}),
        add: (state, fragment) => {
          if (fragment.poisoned === true) throw new Error("poisoned")
          state[fragment.slot] = fragment.value
        }
      },
      output: ({ key, state, isComplete }): Gathered => ({
        key,
        values: state,
        complete: isComplete
      }),
      expire: { idle: idleMs },
      limits: { keys: keysMax },
      tombstones: { max: tombstonesMax },
      atEnd,
      late
    })
})

Kit.flowStrategyConformance({
  name: "reactive pull",
  make: (host) => Flow.implementation({ _tag: "ReactivePull", window: 30 }, host),
  inFlightMax: 30,
  foreign: { _tag: "Bounded", capacity: 1, onFull: "block" }
})

Kit.breakerConformance({ name: "circuit", implementation: CircuitBreaker.implementation })

Kit.webStreamsConformance({
  name: "WebStreams",
  pipe: (from, to, { preventCancel = false, preventAbort = false, preventClose = false }) =>
    Pipeline.run(
      Pipeline.source(
        "from",
        WebStreams.source(() => from, { preventCancel })
      ).pipe(
        Pipeline.sink(
          "to",
          WebStreams.sink(() => to, { preventAbort, preventClose })
        )
      )
    ),
  readable: (source) => WebStreams.readable(source.pipeline())
})

Kit.engineConformance({
  name: "async, without budgets",
  makeEngine: () => AsyncEngine.make(),
  skip: [{ rule: "B10", reason: "to show how an engine without budgets says so" }]
})
