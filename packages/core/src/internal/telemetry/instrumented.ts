// An operator with telemetry around it: a `stage.process` span for the batches that sampling
// chooses and for each that turned out to be out of the ordinary, and the stage's log annotations
// on whatever waits. Put in at assembly, and only where it was asked for.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import type * as Batch from "../../Batch.ts"
import * as DeadLetter from "../../DeadLetter.ts"
import type * as Envelope from "../../Envelope.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import type { StageStats } from "../runtime/stageStats.ts"
import type { Wait } from "../runtime/wait.ts"
import type { Probe } from "./probe.ts"
import type { SamplingState } from "./sampling.ts"
import { initial, transition } from "./sampling.ts"

/** The spans that are open in one segment: batches are pushed one into the other. */
export interface Nesting {
  span: Tracer.Span | undefined
  depth: number
}

/** What is instrumented. */
export interface Instrumentation {
  readonly probe: Probe
  readonly nesting: Nesting
  /** Ids of the fused stages, joined by `+`. */
  readonly stageId: string
  /** Statistics of each of them, in their order. */
  readonly stats: ReadonlyArray<StageStats>
  /** What logs of the stage are annotated with; undefined: nothing is added. */
  readonly annotations: Readonly<Record<string, unknown>> | undefined
  readonly baggage: Envelope.TraceContext["baggage"]
}

interface Started {
  readonly batch: Batch.Batch<unknown>
  /** Microseconds. */
  readonly startedAt: number
  readonly errors: number
  readonly outer: Tracer.Span | undefined
  readonly depthIn: number
  readonly depthOut: number
  span: Tracer.Span | undefined
}

const failureOf = (exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> => {
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return exit
  const error = Cause.squash(exit.cause) as Partial<DeadLetter.DeadLetter>
  return error._tag === "DeadLetter"
    ? Exit.fail(DeadLetter.describe(error as DeadLetter.DeadLetter))
    : exit
}

/** The operator inside is the stage, and behind it the rest of its segment. */
export class Instrumented implements Operator {
  private readonly inner: Operator
  private readonly about: Instrumentation
  private sampling: SamplingState
  readonly close: Effect.Effect<void>

  constructor(inner: Operator, about: Instrumentation) {
    this.inner = inner
    this.about = about
    this.close = inner.close
    this.sampling = initial(about.probe.sampling)
  }

  private errors(): number {
    let errors = 0
    for (const stats of this.about.stats) errors += stats.errors
    return errors
  }

  /** Whether the batch gets a span: with the one around it, with what it comes from, or by lot. */
  private chosen(batch: Batch.Batch<unknown>): boolean {
    const { nesting, probe } = this.about
    if (!probe.spans) return false
    if (nesting.span !== undefined || batch.trace.spanId !== "") return true
    return nesting.depth === 0 && probe.random() < this.sampling.rate
  }

  private open(started: Started): Tracer.Span {
    const { probe, stageId, baggage } = this.about
    const { batch, outer } = started
    const parent = outer ?? probe.root
    const { trace } = batch
    const linked = trace.spanId !== "" && trace.spanId !== parent?.spanId
    const span = probe.tracer.span({
      name: "stage.process",
      parent: parent === undefined ? Option.none() : Option.some(parent),
      annotations: probe.noAnnotations,
      links: linked ? [{ span: Tracer.externalSpan(trace), attributes: {} }] : [],
      startTime: probe.nanosAt(started.startedAt),
      kind: "internal",
      root: parent === undefined,
      sampled: true
    })
    span.attribute("stageId", stageId)
    span.attribute("engineType", probe.engineType)
    span.attribute("batchSize", batch.items.length)
    span.attribute("queueDepthIn", started.depthIn)
    span.attribute("queueDepthOut", started.depthOut)
    span.attribute("origin", batch.origin)
    span.attribute("seqBase", batch.seqBase)
    for (const name in baggage) span.attribute(name, baggage[name])
    return span
  }

  private start(batch: Batch.Batch<unknown>): Started {
    const { nesting, probe, stats } = this.about
    const started: Started = {
      batch,
      startedAt: probe.spans ? probe.micros() : 0,
      errors: this.errors(),
      outer: nesting.span,
      depthIn: stats[0]?.inputDepth() ?? 0,
      depthOut: stats.at(-1)?.outputDepth() ?? 0,
      span: undefined
    }
    if (this.chosen(batch)) started.span = this.open(started)
    nesting.span = started.span
    nesting.depth++
    return started
  }

  private done(started: Started, exit: Exit.Exit<unknown, unknown>): void {
    const { nesting, probe, stats } = this.about
    nesting.span = started.outer
    nesting.depth--
    if (!probe.spans) return
    const endedAt = probe.micros()
    const errors = this.errors() - started.errors
    const [next, anomaly] = transition(
      this.sampling,
      {
        micros: endedAt - started.startedAt,
        records: started.batch.items.length,
        failed: errors > 0 || (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause))
      },
      probe.sampling
    )
    this.sampling = next
    // What stands out is told even where no span was planned for it.
    const span = started.span ?? (anomaly ? this.open(started) : undefined)
    if (span === undefined) return
    const endTime = probe.nanosAt(endedAt)
    if (anomaly) span.attribute("anomaly", errors > 0 ? "errors" : "latency")
    if (errors > 0) {
      span.attribute("errors", errors)
      const message = stats.find((figures) => figures.lastError !== undefined)?.lastError ?? ""
      span.event("record.failed", endTime, { message })
    }
    span.end(endTime, failureOf(exit))
  }

  /**
   * The batch as the stage gets it: its trace is the span's, so that what comes of it links here.
   */
  private traced({ batch, span }: Started): Batch.Batch<unknown> {
    if (span === undefined) return batch
    const { baggage } = this.about
    return { ...batch, trace: { traceId: span.traceId, spanId: span.spanId, baggage } }
  }

  push(batch: Batch.Batch<unknown>): Wait {
    const started = this.start(batch)
    let wait: Wait
    try {
      wait = this.inner.push(this.traced(started))
    } catch (defect) {
      this.done(started, Exit.die(defect))
      throw defect
    }
    if (wait === undefined) {
      this.done(started, Exit.void)
      return undefined
    }
    return Effect.onExit(this.within(wait, started.span), (exit) =>
      Effect.sync(() => this.done(started, exit))
    )
  }

  /** What the stage waits for runs under its span and with its annotations. */
  private within(
    wait: Effect.Effect<void, DeadLetter.DeadLetter>,
    span: Tracer.Span | undefined
  ): Effect.Effect<void, DeadLetter.DeadLetter> {
    const spanned = span === undefined ? wait : Effect.provideService(wait, Tracer.ParentSpan, span)
    const { annotations } = this.about
    return annotations === undefined ? spanned : Effect.annotateLogs(spanned, annotations)
  }

  poll(): Wait {
    return this.inner.poll()
  }

  deadline(): number {
    return this.inner.deadline()
  }

  end(mode: EndMode): Wait {
    return this.inner.end(mode)
  }
}
