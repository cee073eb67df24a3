// What the types promise of guards, policies and flow control.
import type * as Breaker from "@sluice/core/Breaker"
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as Policies from "@sluice/core/Policies"
import * as Policy from "@sluice/core/Policy"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"

declare const flow: FlowStrategy.Flow
declare const breaker: Breaker.StageBreaker
declare const policies: Policies.Policies

const numbers = Pipeline.source("numbers", Source.fromIterable([1, 2, 3]), { flow })
const price = (n: number) => Effect.succeed(n * 2)

// Any stage may have flow control and named policies; what calls may be guarded.
export const sound = numbers.pipe(
  Pipeline.map("map", (n) => n + 1, { flow, policies: { flow: "gentle", onError: "careful" } }),
  Pipeline.mapEffect("price", price, {
    flow: { _tag: "ReactivePull", window: 8 },
    breaker,
    bulkhead: { name: "pricing", concurrency: 2 },
    deadline: "1 second",
    onError: Policy.quarantine({ failures: 3 }),
    sentinel: ({ seqId }) => -seqId
  }),
  Pipeline.mapBatch("rows", (items) => items, { breaker: { errorThreshold: 0.5 } }),
  Pipeline.sink("store", Sink.drain, { flow, breaker, deadline: 500 })
)

export const run = Pipeline.run(sound, { policies, budget: { concurrency: 4, deadlineMs: 1_000 } })

// A function that is called at once has nothing that could be refused or held back.
// error: 'breaker' does not exist
numbers.pipe(Pipeline.map("map", (n: number) => n, { breaker }))

// A sentinel is a record like the others behind the stage.
// error: Type 'string' is not assignable to type 'number'
numbers.pipe(Pipeline.mapEffect("price", price, { sentinel: () => "gone" }))

// A kind that does not exist has no policy.
// error: 'sporadic' does not exist
Policy.byKind({ sporadic: Policy.ignore }, Policy.fail)

// Strategies are described whole.
// error: Property 'replenishThreshold' is missing
numbers.pipe(Pipeline.map("map", (n: number) => n, { flow: { _tag: "CreditBased", initial: 8 } }))

// What stages share has units in its names.
// error: 'deadline' does not exist
Pipeline.run(sound, { budget: { deadline: "1 minute" } })

declare const byParity: Breaker.StageBreaker<number>
declare const byHost: Breaker.StageBreaker<URL>

// Calls for single records may have a circuit for each key, and be hedged.
export const keyed = numbers.pipe(
  Pipeline.mapEffect("price", price, { breaker: byParity, concurrency: 2, hedge: { afterMs: 50 } })
)

// The key is one of the stage's own records.
// error: Type 'number' is not assignable to type 'URL'
numbers.pipe(Pipeline.mapEffect("price", price, { breaker: byHost }))

// Calls for whole batches have no key.
// error: Type 'unknown' is not assignable to type 'number'
numbers.pipe(Pipeline.sink("store", Sink.drain, { breaker: byParity }))

// Nor can they be hedged.
// error: 'hedge' does not exist
numbers.pipe(Pipeline.mapBatch("rows", (items) => items, { hedge: { afterMs: 50 } }))
