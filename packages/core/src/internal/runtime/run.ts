// Everything the operators of one run share: options with their defaults, time, stats, dead
// letters, the drain flag. One Run belongs to one execution of one graph; it holds no fiber and
// opens nothing.
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import type * as Accumulator from "../../Accumulator.ts"
import { BatchPool } from "../../BatchPool.ts"
import type * as Blame from "../../Blame.ts"
import * as DeadLetter from "../../DeadLetter.ts"
import type * as Engine from "../../Engine.ts"
import type * as Graph from "../../Graph.ts"
import type * as Observer from "../../Observer.ts"
import type * as Policy from "../../Policy.ts"
import type * as Quarantine from "../../Quarantine.ts"
import type * as Redaction from "../../Redaction.ts"
import { KernelCodes } from "../kernel/generate.ts"
import type { LivePolicies } from "../policies/live.ts"
import type { UnderWay } from "../redaction/underWay.ts"
import { Notifier } from "../telemetry/notifier.ts"
import type { Probe } from "../telemetry/probe.ts"
import type { Budget } from "./budget.ts"
import type { CallGuard } from "./callGuard.ts"
import type { Channel } from "./channel.ts"
import type { FlowGate } from "./flowGate.ts"
import type { FrontDrop } from "./stageStats.ts"
import { StageStats } from "./stageStats.ts"
import type { Schedule } from "./wakeup.ts"

const batchSizeDefault = 4_096
const deadLettersDefault = 1_000
const openKeysDefault = 100

/** What the engines decide about a run. */
export interface RunMode {
  readonly engine: string
  readonly schedule: Schedule
  /** One fiber step at a time under the seeded scheduler; effects run one by one. */
  readonly sequential: boolean
  readonly clock: Clock.Clock
  /** The engine's own choices, or undefined where nothing was seeded. */
  readonly random: (() => number) | undefined
}

const causesMax = 8

/**
 * Until its stack is read, an error holds on to every function that was running, and with them to
 * the chunk and the batch it was thrown in: half a megabyte for each letter that is kept.
 */
const letGo = (cause: unknown): void => {
  let error = cause
  try {
    for (let depth = 0; depth < causesMax && error instanceof Error; depth++) {
      void error.stack
      error = error.cause
    }
  } catch {
    // A getter of the user's own error threw: there is nothing to let go of.
  }
}

/** Shared state of one execution. */
export class Run {
  readonly graph: Graph.PipelineGraph
  readonly options: Engine.ExecutionOptions
  readonly mode: RunMode
  readonly batchSize: number
  readonly openKeysMax: number
  readonly stats = new Map<string, StageStats>()
  /** Stages that are alike share the code of their kernels. */
  readonly kernelCodes = new KernelCodes()
  /** Flow control by stage, where one has it; filled before the run begins. */
  readonly gates = new Map<string, FlowGate>()
  /** Guards of calls by stage, likewise. */
  readonly guards = new Map<string, CallGuard>()
  /** Channels by the stage behind them. */
  readonly channels = new Map<string, Channel>()
  /** What the run follows of a registry, where a stage takes a policy by name. */
  live: LivePolicies | undefined = undefined
  /** What the stages share, where a limit was asked for. */
  budget: Budget | undefined = undefined
  /** Who holds whom back; set once the segments are wired. */
  blame: () => Blame.Blame = () => ({ elapsedMicros: 0, heldBack: [], causes: [] })
  /** Stages that were set aside. */
  readonly quarantined = new Map<string, Quarantine.Quarantined>()
  readonly deadLetters: Array<DeadLetter.DeadLetter> = []
  deadLetterCount = 0
  /** Set once: sources stop pulling, everything read is carried to its end. */
  draining = false
  /** When the run was made, microseconds of the monotonic clock. */
  readonly startedMicros: number
  /** How hard memory presses, 0 to 1, as far as somebody measures it. */
  gcShare: () => number = () => 0
  firstFailure: DeadLetter.DeadLetter | undefined = undefined
  private dispatcher: Scheduler.SchedulerDispatcher | undefined
  private context: Context.Context<never> = Context.empty()
  readonly notifier: Notifier
  /** Set before anything is opened, where the caller's context asks for it. */
  redaction: Redaction.Redaction | undefined = undefined
  underWay: UnderWay | undefined = undefined
  probe: Probe | undefined = undefined
  /** For pools made in this run: who watches them, as far as anybody does. */
  pools: Accumulator.PoolHost | undefined = undefined
  private columnPool: BatchPool | undefined = undefined

  constructor(graph: Graph.PipelineGraph, options: Engine.ExecutionOptions, mode: RunMode) {
    this.graph = graph
    this.options = options
    this.mode = mode
    this.batchSize = Math.min(
      65_536,
      Math.max(1, Math.trunc(options.batchSize ?? batchSizeDefault))
    )
    this.openKeysMax = options.openKeysMax ?? openKeysDefault
    this.notifier = new Notifier(this, options.observer === undefined ? [] : [options.observer])
    for (const node of graph.nodes) this.stats.set(node.id, new StageStats(node.id, node.kind))
    this.startedMicros = this.micros()
  }

  /** Index columns, rented by kernels as long as they run. */
  get columns(): BatchPool {
    if (this.columnPool !== undefined) return this.columnPool
    const pool = new BatchPool({ tracker: this.pools?.tracker })
    this.columnPool = pool
    this.pools?.watch(() => pool.statistics()[0])
    this.pools?.watch(() => pool.statistics()[1])
    return pool
  }

  statsOf(stageId: string): StageStats {
    const stats = this.stats.get(stageId)
    if (stats === undefined) throw new Error(`no stage "${stageId}" in pipeline "${this.graph.id}"`)
    return stats
  }

  now(): number {
    return this.mode.clock.currentTimeMillisUnsafe()
  }

  micros(): number {
    return Number(this.mode.clock.monotonicTimeNanosUnsafe()) / 1_000
  }

  /**
   * Takes the services of the effect it wraps (clock, random, scheduler, the caller's own) for
   * `fork`.
   */
  readonly bound = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.flatMap(Effect.context<never>(), (context) => {
      this.context = context
      return effect
    })

  /** Runs a task behind everything that is runnable now. */
  later(task: () => void): void {
    this.dispatcher ??= Context.get(this.context, Scheduler.Scheduler).makeDispatcher()
    this.dispatcher.scheduleTask(task, 0)
  }

  /** Starts a fiber of its own with the run's services; it runs until its first wait at once. */
  fork<A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    return Effect.runForkWith(this.context)(effect)
  }

  get observed(): boolean {
    return this.notifier.listening
  }

  /** Tells the observers; one that throws is cut off, the run goes on (rule M3). */
  emit(event: Observer.PipelineEvent): void {
    this.notifier.event(event)
  }

  /** How effects of one stage are started: with its annotations, where telemetry asks for them. */
  forkerOf(stageId: string): <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E> {
    const annotated = this.probe?.contextOf(stageId, this.context)
    return annotated === undefined
      ? (effect) => this.fork(effect)
      : (effect) => Effect.runForkWith(annotated)(effect)
  }

  /** A letter as it may be shown; its cause may quote `lineage` too. */
  shown(letter: DeadLetter.DeadLetter, lineage?: unknown): DeadLetter.DeadLetter {
    return this.redaction?.letter(letter, lineage) ?? letter
  }

  /** The bound of the channel in front of a stage that names none. */
  bufferDefaultOf(stageId: string): Policy.BufferPolicy | undefined {
    return this.graph.edges.find((edge) => edge.to === stageId)?.channel.buffer
  }

  /** Sets a stage aside from its next batch on. */
  quarantine(letter: DeadLetter.DeadLetter): void {
    const { stageId, seqId, location } = letter
    if (this.quarantined.has(stageId)) return
    const reason = DeadLetter.causeText(letter.cause)
    const atMs = this.now()
    this.quarantined.set(stageId, { stageId, atMs, seqId, location, reason })
    this.statsOf(stageId).status = "quarantined"
    if (this.observed) this.emit({ _tag: "StageQuarantined", atMs, stageId, reason })
  }

  /** Keeps a dead letter as far as there is room; all are counted. */
  keep(letter: DeadLetter.DeadLetter): void {
    this.deadLetterCount++
    if (this.deadLetters.length >= (this.options.deadLettersMax ?? deadLettersDefault)) return
    letGo(letter.cause)
    this.deadLetters.push(letter)
  }

  /**
   * Records that were given up: `front` says why in front of the stage, without it the stage did.
   */
  dropped(stageId: string, payloads: ReadonlyArray<unknown>, front?: FrontDrop): void {
    if (payloads.length === 0) return
    const stats = this.statsOf(stageId)
    stats.dropped += payloads.length
    if (front !== undefined) stats.kept[front] += payloads.length
    this.options.onDropped?.(stageId, payloads)
    if (this.observed) {
      const reason = front ?? "unrouted"
      const [atMs, count] = [this.now(), payloads.length]
      this.emit({ _tag: "RecordsDropped", atMs, stageId, count, reason })
    }
  }
}
