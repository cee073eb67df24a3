// Turns a plan into segments ready to run: channels between them, sinks and sources opened in the
// run's scope.
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as DeadLetter from "../../DeadLetter.ts"
import type * as Graph from "../../Graph.ts"
import type * as Plan from "../../Plan.ts"
import { failedOf } from "../operators/attempt.ts"
import type { ErasedWriter } from "../operators/endings.ts"
import { BlameBook } from "./blameBook.ts"
import { bufferOf } from "./bufferOf.ts"
import { buildChain } from "./chain.ts"
import type { OnDropped } from "./channel.ts"
import { Channel } from "./channel.ts"
import type { ErasedReader } from "./feed.ts"
import { feedFromChannel, feedFromSource } from "./feed.ts"
import type { feedThroughStage } from "./feedProcess.ts"
import { GatedChannel } from "./gatedChannel.ts"
import { resourceFailure } from "./rejections.ts"
import type { Run } from "./run.ts"
import { Segment } from "./segment.ts"
import { Wakeup } from "./wakeup.ts"

type Opened<A> = Effect.Effect<A, DeadLetter.DeadLetter, Scope.Scope>

/** Runs the opening of a resource; its failure names the stage. */
const opened = <A>(
  run: Run,
  stageId: string,
  open: Effect.Effect<A, unknown, unknown>
): Opened<A> =>
  Effect.catchCause(open as Effect.Effect<A, unknown, Scope.Scope>, (cause) => {
    const failed = failedOf(cause)
    return Effect.fail(resourceFailure(run, stageId, failed.cause, failed.kind))
  })

/** Opens one kind of resource for every stage that has it, in the graph's order. */
const openAll = Effect.fnUntraced(function* <A>(
  run: Run,
  nodes: ReadonlyArray<Graph.StageNode>,
  openOf: (operation: Graph.Operation) => Effect.Effect<unknown, unknown, unknown> | undefined
) {
  const resources = new Map<string, A>()
  for (const node of nodes) {
    const open = openOf(node.operation)
    if (open === undefined) continue
    resources.set(node.id, (yield* opened(run, node.id, open)) as A)
  }
  return resources
})

const sinkOf = (operation: Graph.Operation) =>
  operation._tag === "Sink" ? operation.sink.open : undefined

const sourceOf = (operation: Graph.Operation) =>
  operation._tag === "Source" ? operation.source.open : undefined

/** The channel in front of a segment, or undefined where a source feeds it. */
const channelFor = (
  run: Run,
  plan: Plan.Plan,
  segment: Plan.PlannedSegment
): Channel | undefined => {
  const first = segment.steps[0]?.stages[0]
  if (segment.source !== undefined || first === undefined) return undefined
  const edge = plan.graph.edges.find((candidate) => candidate.to === first.id) as Graph.Edge
  const policy = bufferOf(first) ?? edge.channel.buffer
  const onDropped: OnDropped = (payloads, reason) => run.dropped(first.id, payloads, reason)
  const gate = run.gates.get(first.id)
  const channel =
    gate === undefined ? new Channel(policy, onDropped) : new GatedChannel(policy, onDropped, gate)
  run.channels.set(first.id, channel)
  run.statsOf(first.id).inputDepth = () => channel.buffer.used
  return channel
}

const observeOutputs = (
  run: Run,
  plan: Plan.Plan,
  channels: ReadonlyArray<Channel | undefined>
): void => {
  for (const segment of plan.segments) {
    for (const { edge, segment: to } of segment.outputs) {
      const stats = run.statsOf(edge.from)
      const before = stats.outputDepth
      stats.outputDepth = () => before() + (channels[to]?.buffer.used ?? 0)
    }
  }
}

/** A segment with the loop that feeds it. */
export interface RunnableSegment {
  readonly segment: Segment
  readonly feed: Effect.Effect<void, DeadLetter.DeadLetter>
}

/**
 * Opens everything and wires the segments. Sinks open first: no source reads for a sink that cannot
 * be opened (rule L2).
 */
export const assemble = Effect.fnUntraced(function* (run: Run, plan: Plan.Plan) {
  const writers = yield* openAll<ErasedWriter>(run, plan.graph.nodes, sinkOf)
  const readers = yield* openAll<ErasedReader>(run, plan.graph.nodes, sourceOf)
  const through = yield* throughOf(plan)
  const channels = plan.segments.map((segment) => channelFor(run, plan, segment))
  observeOutputs(run, plan, channels)
  const segmentOfEdge = new Map(
    plan.segments.flatMap((s) => s.outputs.map(({ edge, segment }) => [edge, segment] as const))
  )
  const book = new BlameBook(run, plan)
  run.blame = () => book.tell()
  return plan.segments.map((planned): RunnableSegment => {
    const wakeup = new Wakeup(run.mode.schedule, (task) => run.later(task))
    const chain = buildChain(
      {
        run,
        wakeup,
        input: channels[planned.id],
        watchOf: (edge) => book.watch(planned.id, segmentOfEdge.get(edge) as number),
        channelTo: (edge) => channels[segmentOfEdge.get(edge) as number] as Channel,
        writerOf: (stageId) => writers.get(stageId) as ErasedWriter
      },
      planned
    )
    const input = channels[planned.id]
    const segment = new Segment(run, planned, wakeup, chain, input)
    return { segment, feed: feedOf(segment, input, readers, through) }
  })
})

type Through = typeof feedThroughStage

const noStages: Through = () => Effect.die(new Error("no stage of this plan is a custom stage"))

let through: Through | undefined

const load: Effect.Effect<Through> = Effect.map(
  Effect.promise(() => import("./feedProcess.ts")),
  (module) => (through = module.feedThroughStage)
)

/**
 * What feeds custom stages; loaded for plans that have one, since Effect's Stream comes with it.
 * Once it is there no run waits for it: equal runs take equal steps.
 */
const throughOf = (plan: Plan.Plan): Effect.Effect<Through> =>
  plan.graph.nodes.some((node) => node.operation._tag === "Process")
    ? Effect.suspend(() => (through === undefined ? load : Effect.succeed(through)))
    : Effect.succeed(noStages)

const feedOf = (
  segment: Segment,
  input: Channel | undefined,
  readers: ReadonlyMap<string, ErasedReader>,
  through: Through
): Effect.Effect<void, DeadLetter.DeadLetter> => {
  const source = segment.planned.source
  if (source !== undefined)
    return feedFromSource(segment, readers.get(source.id) as ErasedReader, source.id)
  const first = segment.planned.steps[0]?.stages[0] as Graph.StageNode
  if (first.operation._tag === "Process") {
    const stage = first.operation.stage as Parameters<Through>[3]
    return through(segment, input as Channel, first, stage)
  }
  return feedFromChannel(segment, input as Channel)
}
