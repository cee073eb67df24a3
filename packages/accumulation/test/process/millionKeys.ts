// A program for millionKeys.test.ts: a million keys of two fragments each, the second one `lag`
// keys behind the first. Called with the limit on open keys and the lag; prints what became of the
// fragments.
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"
import * as Accumulate from "../../src/Accumulate.ts"
import * as Complete from "../../src/Complete.ts"

const keys = 1_000_000

const lag = Number(process.argv[3])

function* fragments(): Generator<{ readonly key: string; readonly part: number }> {
  for (let i = 0; i < keys + lag; i++) {
    if (i < keys) yield { key: `key-${i}`, part: 0 }
    if (i >= lag) yield { key: `key-${i - lag}`, part: 1 }
  }
}

const pairs = Accumulate.make({
  key: (fragment: { readonly key: string }) => fragment.key,
  complete: Complete.items(2),
  state: { init: () => ({ parts: 0 }), add: (state) => void state.parts++ },
  output: (group) => group.key,
  limits: { keys: Number(process.argv[2]), emit: "discard" },
  expire: { idle: "1 hour" },
  atEnd: "discard"
})

const pipeline = Pipeline.source("fragments", Source.fromIterable(fragments())).pipe(
  Pipeline.accumulate("pairs", pairs),
  Pipeline.sink("drain", Sink.drain)
)

const result = await Effect.runPromise(Pipeline.run(pipeline))
process.stdout.write(JSON.stringify(result.accumulators[0]?.totals))
