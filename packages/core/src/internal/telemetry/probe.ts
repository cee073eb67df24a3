// What telemetry adds to one run: spans, log annotations, and the series its counters belong to.
// Made once a run, before anything is opened; a run without telemetry has none.
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import type * as Accumulator from "../../Accumulator.ts"
import type * as Envelope from "../../Envelope.ts"
import type * as Graph from "../../Graph.ts"
import type * as Policy from "../../Policy.ts"
import type * as Telemetry from "../../Telemetry.ts"
import type { Operator } from "../runtime/operator.ts"
import type { Run } from "../runtime/run.ts"
import { seededRandom } from "../runtime/seededRandom.ts"
import { AccumulatorSpans } from "./accumulatorSpans.ts"
import type { Nesting } from "./instrumented.ts"
import { Instrumented } from "./instrumented.ts"
import type { SamplingSettings } from "./sampling.ts"

const samplingDefault: SamplingSettings = {
  rate: 0.01,
  rateOnAnomaly: 1,
  calmBatches: 256,
  deviations: 8
}

const hintText = (hint: Policy.ParallelismHint): string =>
  hint._tag === "Fixed" ? `Fixed(${hint.n})` : hint._tag

/** The sampler's own numbers: a run must not draw others because it is looked at. */
const randomOf = (run: Run, context: Context.Context<never>): (() => number) => {
  const seed =
    run.mode.random === undefined
      ? Context.get(context, Random.Random).nextDoubleUnsafe()
      : (run.options.seed ?? run.mode.engine)
  return seededRandom(`${seed}:sampling`)
}

/** Telemetry of one run. */
export class Probe {
  readonly spans: boolean
  readonly sampling: SamplingSettings
  readonly engineType: string
  readonly tracer: Tracer.Tracer
  readonly noAnnotations: Context.Context<never> = Context.empty()
  /** The span of the run; undefined where there are no spans. */
  readonly root: Tracer.Span | undefined
  readonly random: () => number
  private readonly run: Run
  private readonly logs: boolean
  // One reading of both clocks: the wall clock costs several times as much as the monotonic one.
  private readonly originNanos: bigint
  private readonly originMicros: number
  private readonly domainId: string

  constructor(run: Run, options: Telemetry.TelemetryOptions, context: Context.Context<never>) {
    const { spans } = options
    this.run = run
    this.originNanos = run.mode.clock.currentTimeNanosUnsafe()
    this.originMicros = run.micros()
    this.spans = spans !== undefined && spans !== false
    this.logs = options.logs === true
    this.sampling = { ...samplingDefault, ...(typeof spans === "object" ? spans : {}) }
    this.engineType = run.mode.engine
    this.domainId = options.domainId ?? run.graph.meta["domainId"] ?? run.graph.id
    this.tracer = Context.get(context, Tracer.Tracer)
    this.random = this.spans ? randomOf(run, context) : () => 1
    this.root = this.spans ? this.openRoot(context) : undefined
  }

  /** Microseconds of the run's monotonic clock. */
  micros(): number {
    return this.run.micros()
  }

  /** The same moment as a span tells it: nanoseconds since the epoch. */
  nanosAt(micros: number): bigint {
    return this.originNanos + BigInt(Math.round((micros - this.originMicros) * 1_000))
  }

  private nanos(): bigint {
    return this.nanosAt(this.run.micros())
  }

  private openRoot(context: Context.Context<never>): Tracer.Span {
    const parent = Context.getOption(context, Tracer.ParentSpan)
    const span = this.tracer.span({
      name: "pipeline.run",
      parent,
      annotations: this.noAnnotations,
      links: [],
      startTime: this.nanos(),
      kind: "internal",
      root: Option.isNone(parent),
      sampled: true
    })
    span.attribute("pipelineId", this.run.graph.id)
    span.attribute("domainId", this.domainId)
    span.attribute("engineType", this.engineType)
    const { seed } = this.run.options
    if (seed !== undefined) span.attribute("seed", String(seed))
    return span
  }

  /** What a trace carries from stage to stage, and as attributes of its spans. */
  baggageOf(parallelismHint: string): Envelope.TraceContext["baggage"] {
    const { id: pipelineId } = this.run.graph
    return Object.freeze({ pipelineId, domainId: this.domainId, parallelismHint })
  }

  private annotationsOf(stageId: string): Readonly<Record<string, unknown>> {
    return { pipelineId: this.run.graph.id, stageId, engineType: this.engineType }
  }

  /** The context for effects of one stage; undefined where logs are not annotated. */
  contextOf(stageId: string, context: Context.Context<never>): Context.Context<never> | undefined {
    if (!this.logs) return undefined
    const known = Context.get(context, References.CurrentLogAnnotations)
    const annotations = { ...known, ...this.annotationsOf(stageId) }
    return Context.add(context, References.CurrentLogAnnotations, annotations)
  }

  /** The operator of some fused stages with telemetry around it, where there is any. */
  around(nodes: ReadonlyArray<Graph.StageNode>, operator: Operator, nesting: Nesting): Operator {
    if (!this.spans && !this.logs) return operator
    const stageId = nodes.map((node) => node.id).join("+")
    const [first] = nodes
    return new Instrumented(operator, {
      probe: this,
      nesting,
      stageId,
      stats: nodes.map((node) => this.run.statsOf(node.id)),
      annotations: this.logs ? this.annotationsOf(stageId) : undefined,
      baggage: this.baggageOf(hintText(first?.parallelism ?? { _tag: "Sequential" }))
    })
  }

  /** The spans of an accumulating stage; undefined where there are none. */
  accumulatorSpans(
    node: Graph.StageNode,
    totals: () => Accumulator.AccumulatorTotals
  ): AccumulatorSpans | undefined {
    if (!this.spans) return undefined
    return new AccumulatorSpans(this, {
      stageId: node.id,
      stats: this.run.statsOf(node.id),
      baggage: this.baggageOf(hintText(node.parallelism)),
      totals
    })
  }

  /** The run is over. */
  ended(status: string): void {
    const { root, run } = this
    if (root === undefined) return
    root.attribute("status", status)
    let [recordsIn, recordsOut] = [0, 0]
    for (const stats of run.stats.values()) {
      if (stats.kind === "source") recordsIn += stats.recordsIn
      if (stats.kind === "sink") recordsOut += stats.recordsOut
    }
    root.attribute("recordsIn", recordsIn)
    root.attribute("recordsOut", recordsOut)
    const failure = run.firstFailure
    root.end(
      this.nanos(),
      failure === undefined
        ? Exit.void
        : Exit.fail(run.stats.get(failure.stageId)?.lastError ?? failure.kind)
    )
  }
}
