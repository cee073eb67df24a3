// The pipeline of a plan, in the DSL. Step by step in parallel with the oracle, which says what
// order an accumulator's input has.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Batching from "@sluice/core/Batching"
import * as Channel from "@sluice/core/Channel"
import type * as Envelope from "@sluice/core/Envelope"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import type * as Stage from "@sluice/core/Stage"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as bytes from "./bytes.ts"
import type { End } from "./expected.ts"
import {
  boundOf,
  errorsOf,
  failingEffect,
  failingPromise,
  faulty,
  faultyBatch,
  givenUp,
  retried
} from "./failing.ts"
import type { Fault, GroupValue } from "./groups.ts"
import { groups } from "./groups.ts"
import { advance, groupValue, newCounts, startEnds } from "./oracle.ts"
import type { EffectStep, Failing, Item, Plan, SinkKind, Step, Waits } from "./plan.ts"
import {
  added,
  divides,
  indexAt,
  replaced,
  sinkFailingOf,
  stageId,
  stampHeader,
  stampOf
} from "./plan.ts"
import { bufferOf, recordwise } from "./recordwise.ts"

type Open = Pipeline.Pipeline<Item, string>

/** Makes the accumulator of an `accumulate` step; default: the kit's own. */
export type MakeGroups = (
  items: number,
  value: GroupValue,
  fault: Fault
) => Accumulator.AccumulatorSpec<Item, Item>

/** A pipeline with the arrays its sinks fill. */
export interface Built {
  readonly closed: Pipeline.Closed<string>
  readonly received: ReadonlyMap<string, Array<Item>>
  /** What sources have handed over as views. */
  readonly lent: bytes.Lent
}

const waiting = (waits: Waits, item: Item): Effect.Effect<void> => {
  const length = Math.abs(item.value % 4)
  if (waits === "none" || length === 0) return Effect.void
  return waits === "time" ? Effect.sleep(length) : Effect.repeat(Effect.yieldNow, { times: length })
}

const orderings = {
  unordered: Channel.unordered,
  byKey: Channel.partitionOrdered((item: Item) => item.key)
} as const

const turns = async (waits: Waits, item: Item): Promise<void> => {
  const count = waits === "none" ? 0 : Math.abs(item.value % 4)
  for (let turn = 0; turn < count; turn++) await Promise.resolve()
}

/** A promise that the input cannot keep would be refused: then nothing is asked for. */
const orderingOf = ({ ordering }: EffectStep, end: End) =>
  ordering === "ordered" || (ordering === "byKey" && end.promised === "none")
    ? {}
    : { ordering: orderings[ordering] }

const effectful = (id: string, step: EffectStep, open: Open, end: End): Open => {
  const { add, concurrency, waits, failing } = step
  const fault = faulty(failing)
  const options = {
    concurrency,
    ...orderingOf(step, end),
    ...errorsOf(failing, replaced),
    ...boundOf(failing, step.bounded),
    ...bufferOf(step)
  }
  const work = (item: Item): Item => {
    fault(item)
    return added(item, add)
  }
  if (step.op === "mapPromise") {
    const promised = (item: Item): Promise<Item> =>
      failingPromise(
        failing,
        () => turns(waits, item),
        () => work(item)
      )
    return open.pipe(Pipeline.mapPromise(id, promised, options))
  }
  const timed = (item: Item): Effect.Effect<Item, string> =>
    Effect.andThen(
      waiting(waits, item),
      failingEffect(failing, () => work(item))
    )
  return open.pipe(Pipeline.mapEffect(id, timed, options))
}

const partitioned = (id: string, ports: number, open: Open): Open => {
  const names = Array.from({ length: ports }, (_, n) => `p${n}`)
  const parts = open.pipe(Pipeline.partition(id, names, (item: Item) => item.key))
  return Pipeline.merge(
    `${id}-joined`,
    names.map((name) => parts[name] as Open)
  )
}

const branched = (
  id: string,
  step: Extract<Step, { op: "branch" }>,
  open: Open
): ReadonlyArray<Open> => {
  const fault = faulty(step.failing)
  const hit = (item: Item): boolean => {
    fault(item)
    return divides(step.modulo, item.value)
  }
  const options = givenUp(step.failing)
  if (!step.rest) return [open.pipe(Pipeline.branch(id, { hit }, options)).hit]
  const routes = open.pipe(Pipeline.branch(id, { hit, rest: Pipeline.otherwise }, options))
  return [routes.hit, routes.rest]
}

const plusAll = (add: number) => (items: ReadonlyArray<Item>) =>
  items.map((item) => added(item, add))

const batchwise = (id: string, step: Extract<Step, { op: "mapBatch" }>, open: Open): Open => {
  const { failing, effect } = step
  const [fault, plus] = [faultyBatch(failing), plusAll(step.add)]
  const work = (items: ReadonlyArray<Item>): ReadonlyArray<Item> => {
    fault(items)
    return plus(items)
  }
  if (!effect) return open.pipe(Pipeline.mapBatch(id, work, retried(failing)))
  const later = (items: ReadonlyArray<Item>): Effect.Effect<ReadonlyArray<Item>, string> =>
    Effect.andThen(
      Effect.yieldNow,
      failingEffect(failing, () => work(items))
    )
  return open.pipe(
    Pipeline.mapBatch(id, later, { ...retried(failing), ...boundOf(failing, false) })
  )
}

const stamped = (id: string, { failing }: Extract<Step, { op: "stamp" }>, open: Open): Open => {
  const fault = faulty(failing)
  return open.pipe(
    Pipeline.mapEnvelope(
      id,
      (envelope) => {
        fault(envelope.payload)
        const stamp = String(stampOf(envelope.payload))
        return { ...envelope, headers: { ...envelope.headers, [stampHeader]: stamp } }
      },
      givenUp(failing)
    )
  )
}

/** A custom stage with a life of its own: records before `init` or after `close` are an error. */
const customOf = (add: number): Stage.Stage<Item, Item, string> => {
  let open = false
  const alive = (envelope: Envelope.Envelope<Item>) =>
    open
      ? Effect.succeed({ ...envelope, payload: added(envelope.payload, add) })
      : Effect.fail("a record outside of the life of its stage")
  return {
    init: () =>
      Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => {
          open = true
        })
      ),
    process: (input) => Stream.mapEffect(input, alive),
    close: Effect.sync(() => {
      open = false
    })
  }
}

const batchingOf = ({ gathering, count }: Extract<Step, { op: "batch" }>): Batching.Batching => {
  if (gathering === "fixed") return Batching.fixed(count)
  return gathering === "hybrid" ? Batching.hybrid(count, 2) : Batching.timeWindow(count)
}

const continued = (
  id: string,
  step: Exclude<Step, { op: "merge" }>,
  open: Open,
  end: End,
  makeGroups: MakeGroups
): ReadonlyArray<Open> => {
  switch (step.op) {
    case "map":
    case "filter":
    case "flatMap":
    case "where":
    case "columns":
      return [recordwise(id, step, open)]
    case "mapEffect":
    case "mapPromise":
      return [effectful(id, step, open, end)]
    case "mapBatch":
      return [batchwise(id, step, open)]
    case "stamp":
      return [stamped(id, step, open)]
    case "custom":
      return [open.pipe(Pipeline.stage(id, customOf(step.add)))]
    case "batch":
      return [open.pipe(Pipeline.batch(id, batchingOf(step)))]
    case "read": {
      if (!end.stamped) return [open.pipe(Pipeline.map(id, (item: Item) => item))]
      return [
        open.pipe(
          Pipeline.map(id, (item, cursor) => added(item, Number(cursor.headers[stampHeader] ?? 0)))
        )
      ]
    }
    case "process": {
      const { add, concurrency } = step
      const late = (item: Item) => Effect.as(waiting("turns", item), added(item, add))
      return [
        open.pipe(
          Pipeline.process(id, (input: Stream.Stream<Item>) =>
            Stream.mapEffect(input, late, { concurrency })
          )
        )
      ]
    }
    case "accumulate": {
      if (end.lossy) return [open]
      const { items, failing } = step
      const spec = makeGroups(items, groupValue(end.promised), faulty(failing))
      return [open.pipe(Pipeline.accumulate(id, spec, givenUp(failing)))]
    }
    case "branch":
      return branched(id, step, open)
    case "broadcast": {
      const { left, right } = open.pipe(Pipeline.broadcast(id, ["left", "right"]))
      return [left, right]
    }
    case "partition":
      return [partitioned(id, step.ports, open)]
  }
}

const sinkInto = (
  kind: SinkKind,
  failing: Failing | undefined,
  target: Array<Item>
): Sink.Sink<Item, string> => {
  const fault = faulty(failing)
  const push = (item: Item): void => {
    fault(item)
    target.push(item)
  }
  switch (kind) {
    case "each":
      return Sink.forEach(push)
    case "batch":
      return Sink.forEachBatch((items) =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => items.forEach(push))
        )
      )
    case "effect":
      return Sink.forEachEffect((item) => failingEffect(failing, () => push(item)))
    case "writer":
      return Sink.collectInto(target)
    case "views":
      return bytes.sinkInto(target)
  }
}

const chunksOf = (plan: Plan, records: Plan["sources"][number]): ReadonlyArray<Array<Item>> =>
  Array.from({ length: Math.ceil(records.length / plan.chunk) }, (_, n) =>
    records
      .slice(n * plan.chunk, (n + 1) * plan.chunk)
      .map(([key, value]): Item => ({ key, value }))
  )

const joined = (id: string, opens: ReadonlyArray<Open>, a: number, b: number) => {
  const [first, second] = [opens[a], opens[b]]
  if (first === undefined || second === undefined || a === b) return opens
  return [...opens.filter((_, n) => n !== a && n !== b), Pipeline.merge(id, [first, second])]
}

/** What a sink may be promised, so that the validation holds the plan to it too. */
const promiseOf = ({ promised }: End): { readonly ordering?: Channel.OrderingOf<Item> } => {
  if (promised === "none") return {}
  return { ordering: promised === "ordered" ? Channel.ordered : orderings.byKey }
}

/** Makes the pipeline of a plan; stages are named by kind and position, e.g. `map-3`. */
export const build = (plan: Plan, makeGroups: MakeGroups = groups): Built => {
  const counts = newCounts()
  let ends = startEnds(plan)
  const lent: bytes.Lent = []
  let opens: ReadonlyArray<Open> = plan.sources.map((records, n) => {
    const chunks = chunksOf(plan, records)
    const source =
      plan.bytes === undefined ? Source.fromChunks(chunks) : bytes.source(plan.bytes, chunks, lent)
    return Pipeline.source(`source-${n}`, source)
  })
  for (const [position, step] of plan.steps.entries()) {
    const id = stageId(step, position)
    const a = indexAt(step.at, opens.length)
    opens =
      step.op === "merge"
        ? joined(id, opens, a, indexAt(step.with, opens.length))
        : opens.flatMap((open, n) =>
            n === a ? continued(id, step, open, ends[n] as End, makeGroups) : [open]
          )
    ends = advance(ends, step, position, counts)
  }
  const received = new Map<string, Array<Item>>()
  const parts = opens.map((open, n) => {
    const target: Array<Item> = []
    received.set(`sink-${n}`, target)
    const failing = sinkFailingOf(plan)
    const options = { ...retried(failing), ...promiseOf(ends[n] as End) }
    return open.pipe(Pipeline.sink(`sink-${n}`, sinkInto(plan.sink, failing, target), options))
  })
  return { closed: Pipeline.all(parts), received, lent }
}
