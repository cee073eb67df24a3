// Custom stages, the stages core makes of stream functions, and the plainest accumulator keep the
// contract.

import type * as Envelope from "@sluice/core/Envelope"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import type * as Stage from "@sluice/core/Stage"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { accumulatorConformance, stageConformance } from "../../src/Conformance.ts"
import {
  ReferenceAccumulator,
  specOf
} from "../../src/internal/conformance/referenceAccumulator.ts"

/** The stage that core makes of a stream function. */
const processOf = (
  f: (input: Stream.Stream<number>) => Stream.Stream<number>
): Stage.Stage<never, unknown, unknown> => {
  const closed = Pipeline.source("in", Source.fromIterable([1])).pipe(
    Pipeline.process("stream", f),
    Pipeline.sink("out", Sink.drain)
  )
  for (const { operation } of Pipeline.graph(closed).nodes) {
    if (operation._tag === "Process") return operation.stage as Stage.Stage<never, unknown, unknown>
  }
  throw new Error("the pipeline has no stream function")
}

stageConformance({
  name: "a stream function",
  make: () =>
    processOf((input) =>
      Stream.filter(
        Stream.map(input, (n) => n * 2),
        (n) => n % 3 !== 0
      )
    ),
  records: [1, 2, 3, 4, 5, 6, 7, 8],
  expected: [2, 4, 8, 10, 14, 16],
  ahead: 16
})

let open = 0

stageConformance({
  name: "a running sum",
  make: () => {
    let sum = 0
    return {
      init: () =>
        Effect.sync(() => {
          open++
          sum = 0
        }),
      process: (input: Stream.Stream<Envelope.Envelope<number>>) =>
        Stream.map(input, (envelope) => {
          sum += envelope.payload
          return { ...envelope, payload: sum }
        }),
      close: Effect.sync(() => void open--)
    }
  },
  records: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  expected: [1, 3, 6, 10, 15, 21, 28, 36, 45, 55],
  open: () => open,
  ahead: 16,
  keepsNumbers: true
})

accumulatorConformance({
  name: "the plainest accumulator",
  make: (options) => specOf(options, (own, host) => new ReferenceAccumulator(own, host))
})
