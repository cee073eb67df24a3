// What a user of @sluice/accumulation might write: runs on the installed packages, by their
// modules.
import * as Accumulate from "@sluice/accumulation/Accumulate"
import * as Complete from "@sluice/accumulation/Complete"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"

interface Fragment {
  readonly order: string
  readonly item: string
}

const fragments: ReadonlyArray<Fragment> = [
  { order: "a", item: "cup" },
  { order: "b", item: "jug" },
  { order: "a", item: "lid" }
]

const orders: Array<string> = []

const pairs = Accumulate.make({
  key: (fragment: Fragment) => fragment.order,
  complete: Complete.count(() => 2),
  state: {
    init: (): ReadonlyArray<string> => [],
    add: (items: ReadonlyArray<string>, fragment: Fragment) => [...items, fragment.item]
  },
  output: (group) => `${group.key}=${group.state.join("+")}`,
  limits: { keys: 100 },
  expire: { idle: "1 minute", emit: "discard" },
  atEnd: "discard"
})

const pipeline = Pipeline.source("fragments", Source.fromIterable(fragments)).pipe(
  Pipeline.accumulate("orders", pairs),
  Pipeline.sink("keep", Sink.collectInto(orders))
)

await Effect.runPromise(Pipeline.run(pipeline))

console.log(`accumulation: ${orders.join(" ")}`)
