// A plain stream function as a custom stage: payloads in, payloads out, results numbered anew.
// Effect's Stream is loaded when such a stage starts: it takes as long to load as the engines.
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import * as Envelope from "../Envelope.ts"
import type * as Stage from "../Stage.ts"

type StreamModule = typeof Stream

let loaded: StreamModule | undefined

/** Told by whoever has it anyway, so that a run need not wait for it. */
export const haveStream = (module: StreamModule): void => {
  loaded = module
}

const load = Effect.suspend(() =>
  loaded === undefined
    ? Effect.map(
        Effect.promise(() => import("effect/Stream")),
        (module) => (loaded = module)
      )
    : Effect.succeed(loaded)
)

/** Wraps a stream function; it has nothing to close. */
export const processStage = <A, B, E, R>(
  f: (input: Stream.Stream<A>) => Stream.Stream<B, E, R>
): Stage.Stage<A, B, E, R> => ({
  init: () => Effect.asVoid(load),
  process: (input) => {
    const { map, mapAccum } = loaded as StreamModule
    return mapAccum(
      f(map(input, (envelope) => envelope.payload)),
      () => 0,
      (seqId, payload) => [seqId + 1, [Envelope.make(payload, { seqId })]] as const
    )
  },
  close: Effect.void
})
