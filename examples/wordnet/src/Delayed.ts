// A sink that takes longer than it must, as a slow service would: to see who is held back by it.
import type * as Sink from "@sluice/core/Sink"
import * as Effect from "effect/Effect"

const delayedWriter = <A, E, R>(
  writer: Sink.SinkWriter<A, E, R>,
  ms: number
): Sink.SinkWriter<A, E, R> => ({
  write: (batch) =>
    Effect.andThen(
      Effect.sleep(ms),
      Effect.suspend(() => writer.write(batch) ?? Effect.void)
    ),
  ...(writer.end === undefined ? {} : { end: writer.end })
})

/** The same sink with a pause before each batch. */
export const delayed = <A, E, R>(sink: Sink.Sink<A, E, R>, ms: number): Sink.Sink<A, E, R> =>
  ms === 0 ? sink : { ...sink, open: Effect.map(sink.open, (writer) => delayedWriter(writer, ms)) }
