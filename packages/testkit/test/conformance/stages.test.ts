// A stage built from a stream function, and the plainest accumulator, keep the contract.

import type * as Envelope from "@sluice/core/Envelope"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { accumulatorConformance, stageConformance } from "../../src/Conformance.ts"
import {
  ReferenceAccumulator,
  specOf
} from "../../src/internal/conformance/referenceAccumulator.ts"

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
