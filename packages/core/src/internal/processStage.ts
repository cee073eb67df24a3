// A plain stream function as a custom stage: payloads in, payloads out, results numbered anew.
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Envelope from "../Envelope.ts"
import type * as Stage from "../Stage.ts"

/** Wraps a stream function; it has nothing to initialise or close. */
export const processStage = <A, B, E, R>(
  f: (input: Stream.Stream<A>) => Stream.Stream<B, E, R>
): Stage.Stage<A, B, E, R> => ({
  init: () => Effect.void,
  process: (input) =>
    Stream.mapAccum(
      f(Stream.map(input, (envelope) => envelope.payload)),
      () => 0,
      (seqId, payload) => [seqId + 1, [Envelope.make(payload, { seqId })]] as const
    ),
  close: Effect.void
})
