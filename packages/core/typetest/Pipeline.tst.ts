// What the types of the DSL promise: payloads flow, failures and services add up, mistakes do not
// compile.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Channel from "@sluice/core/Channel"
import type * as GraphError from "@sluice/core/GraphError"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import * as Policy from "@sluice/core/Policy"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Streams from "@sluice/core/Streams"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** True when two types are the same one. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

declare const same: <A, B>(equal: Same<A, B>) => void

interface ReadFailed {
  readonly _tag: "ReadFailed"
}

interface LookupFailed {
  readonly _tag: "LookupFailed"
}

interface WriteFailed {
  readonly _tag: "WriteFailed"
}

class Prices extends Context.Service<Prices, { readonly of: (item: string) => number }>()(
  "Prices"
) {}

interface Order {
  readonly id: string
  readonly items: ReadonlyArray<string>
}

declare const files: Source.Source<Order, ReadFailed>
declare const price: (item: string) => Effect.Effect<number, LookupFailed, Prices>
declare const store: Sink.Sink<number, WriteFailed>

const orders = Pipeline.source("orders", files)
const numbers = Pipeline.source("numbers", Source.fromIterable([1, 2, 3]))
const texts = Pipeline.source("texts", Source.fromIterable(["a", "b"]))

// Payloads flow from the source through every stage, without annotations.
const prices = orders.pipe(
  Pipeline.flatMap("items", (order) => order.items),
  Pipeline.filter("named", (item) => item.length > 0),
  Pipeline.map("trimmed", (item) => item.trim()),
  Pipeline.mapEffect("price", (item) => price(item), { concurrency: 4 })
)
same<typeof prices, Pipeline.Pipeline<number, ReadFailed | LookupFailed, Prices>>(true)

// Failures and services of sources, stages and sinks add up to those of the run.
const stored = prices.pipe(Pipeline.sink("store", store))
same<typeof stored, Pipeline.Closed<ReadFailed | LookupFailed | WriteFailed, Prices>>(true)

const run = Pipeline.run(stored)
same<
  typeof run,
  Effect.Effect<
    PipelineResult.PipelineResult,
    PipelineResult.PipelineError | GraphError.GraphError,
    Prices
  >
>(true)

// A pipeline without a sink is a Stream of its payloads and failures.
const stream = Streams.stream(prices)
same<
  typeof stream,
  Stream.Stream<
    number,
    ReadFailed | LookupFailed | PipelineResult.PipelineError | GraphError.GraphError,
    Prices
  >
>(true)

// A Stream is a source, with its failures and services.
declare const rows: Stream.Stream<string, ReadFailed, Prices>
const fromStream = Pipeline.source("rows", Streams.source(rows))
same<typeof fromStream, Pipeline.Pipeline<string, ReadFailed, Prices>>(true)

// A type guard narrows what goes on, in a filter and in a branch.
const mixed = Pipeline.source("mixed", Source.fromIterable<string | number>([1, "a"]))
const isText = (value: string | number): value is string => typeof value === "string"
const narrowed = mixed.pipe(Pipeline.filter("text", isText))
same<typeof narrowed, Pipeline.Pipeline<string>>(true)

const routes = mixed.pipe(Pipeline.branch("kind", { text: isText, rest: Pipeline.otherwise }))
same<typeof routes.text, Pipeline.Pipeline<string>>(true)
same<typeof routes.rest, Pipeline.Pipeline<string | number>>(true)

// Merging gives the union of payloads, failures and services.
const merged = Pipeline.merge("both", [prices, texts])
same<typeof merged, Pipeline.Pipeline<number | string, ReadFailed | LookupFailed, Prices>>(true)

// Streams in the middle add their own failures.
const doubled = numbers.pipe(Pipeline.process("double", (input) => Stream.map(input, (n) => n * 2)))
same<typeof doubled, Pipeline.Pipeline<number>>(true)

// An accumulator turns fragments into what its specification emits.
declare const spec: Accumulator.AccumulatorSpec<number, ReadonlyArray<number>>
const groups = numbers.pipe(Pipeline.accumulate("groups", spec))
same<typeof groups, Pipeline.Pipeline<ReadonlyArray<number>>>(true)

// A sink that takes more than the payload will do.
numbers.pipe(Pipeline.sink("drain", Sink.drain))

// Stages refuse payloads of another type.
// error: 'number' is not assignable to type 'string'
numbers.pipe(Pipeline.map("length", (text: string) => text.length))

// error: Property 'length' does not exist on type 'number'
numbers.pipe(Pipeline.map("length", (n) => n.length))

// error: 'string' is not assignable to type 'number'
texts.pipe(Pipeline.sink("store", store))

// error: 'number' is not assignable to type 'string'
numbers.pipe(Pipeline.filter("named", (text: string) => text.length > 0))

// error: 'number' is not assignable to type 'Iterable<unknown
numbers.pipe(Pipeline.flatMap("many", (n) => n))

// error: 'number' is not assignable to type 'Effect
numbers.pipe(Pipeline.mapEffect("effect", (n) => n + 1))

// error: 'string' is not assignable to type 'number'
texts.pipe(Pipeline.accumulate("groups", spec))

// A key function of an ordering sees the payload of its stage.
numbers.pipe(
  Pipeline.mapEffect("keyed", (n: number) => Effect.succeed(n), {
    ordering: Channel.partitionOrdered((n: number) => n % 2)
  })
)

// Named orders and policies leave the payload's type to the stage's function.
const unordered = numbers.pipe(
  Pipeline.mapEffect("any", (n: number) => Effect.succeed(`${n}`), { ordering: Channel.unordered })
)
same<typeof unordered, Pipeline.Pipeline<string>>(true)
Policy.retry({ retriesMax: 1, backoffMs: 1, exhausted: Policy.deadLetter })

// A retry does not follow a retry.
// error: is not assignable to type
Policy.retry({
  retriesMax: 1,
  backoffMs: 1,
  exhausted: Policy.retry({ retriesMax: 1, backoffMs: 1 })
})

// A replacement value must fit the stage's output, and policies are known ones.
texts.pipe(Pipeline.map("size", (text) => text.length, { onError: { fallback: () => 0 } }))
texts.pipe(Pipeline.map("size", (text) => text.length, { onError: Policy.deadLetter }))

// error: is not assignable to type '(number|string)'
texts.pipe(Pipeline.map("size", (text) => text.length, { onError: { fallback: () => "none" } }))

// error: is not assignable to type '.*DropPolicy
numbers.pipe(Pipeline.map("same", (n) => n, { buffer: { onFull: "forget" } }))

// A closed pipeline takes no further stage, and only a closed one runs.
// error: is not assignable to parameter of type
stored.pipe(Pipeline.map("after", (n: number) => n))

// error: is missing the following properties from type 'Closed
Pipeline.run(prices)

// A run needs the services that its stages need.
// error: 'Prices' is not assignable to type 'never'
Effect.runPromise(Pipeline.run(stored))

// Only the routes of a branch exist.
// error: Property 'other' does not exist
routes.other
