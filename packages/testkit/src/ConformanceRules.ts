// The conformance tests as data: rule, title, body. What a subject of each kind is held to; the
// suites of Conformance.ts register them with vitest, any other runner may call `check`.
import type * as Effect from "effect/Effect"
import type { AccumulatorSubject } from "./internal/conformance/accumulators.ts"
import { accumulatorRules } from "./internal/conformance/accumulators.ts"
import type { BreakerSubject } from "./internal/conformance/breakers.ts"
import { breakerRules } from "./internal/conformance/breakers.ts"
import { cost } from "./internal/conformance/engineCost.ts"
import { demand } from "./internal/conformance/engineDemand.ts"
import { failure } from "./internal/conformance/engineFailure.ts"
import { guarded } from "./internal/conformance/engineGuards.ts"
import { lifecycle } from "./internal/conformance/engineLifecycle.ts"
import { limits } from "./internal/conformance/engineLimits.ts"
import { order } from "./internal/conformance/engineOrder.ts"
import { stop } from "./internal/conformance/engineStop.ts"
import { telemetry } from "./internal/conformance/engineTelemetry.ts"
import { time } from "./internal/conformance/engineTime.ts"
import type { FlowStrategySubject } from "./internal/conformance/flowStrategies.ts"
import { flowStrategyRules } from "./internal/conformance/flowStrategies.ts"
import { reactiveStreams as reactiveStreamsRules } from "./internal/conformance/reactiveStreams.ts"
import * as rule from "./internal/conformance/rule.ts"
import type { SinkSubject } from "./internal/conformance/sinks.ts"
import { sinkRules } from "./internal/conformance/sinks.ts"
import type { SourceSubject } from "./internal/conformance/sources.ts"
import { sourceRules } from "./internal/conformance/sources.ts"
import type { StageSubject } from "./internal/conformance/stages.ts"
import { stageRules } from "./internal/conformance/stages.ts"
import type { WebStreamsSubject } from "./internal/conformance/webStreams.ts"
import { webStreamsRules } from "./internal/conformance/webStreams.ts"
import type { EngineSubject } from "./internal/conformance/workload.ts"

/** What accumulators under test are fed with, give, and are made like. */
export type {
  AccumulatorOptions,
  AccumulatorSubject,
  Fragment,
  Gathered
} from "./internal/conformance/accumulators.ts"
/** A circuit breaker under test. */
export type { BreakerSubject } from "./internal/conformance/breakers.ts"
/** A flow strategy under test, and what its settings allow. */
export type { FlowStrategySubject } from "./internal/conformance/flowStrategies.ts"
/** A sink under test: how to make one, and what can be seen of its output. */
export type { SinkCase, SinkSubject } from "./internal/conformance/sinks.ts"
/** A source under test: how to make one, and what can be seen of its input. */
export type { SourceCase, SourceSubject } from "./internal/conformance/sources.ts"
/** A custom stage under test, with records and what it makes of them. */
export type { StageSubject } from "./internal/conformance/stages.ts"
/** Adapters between pipelines and Web Streams under test, and the options they are piped with. */
export type { PipeOptions, WebStreamsSubject } from "./internal/conformance/webStreams.ts"
/** An engine under test: how to make one, and whose clock it follows. */
export type { EngineSubject } from "./internal/conformance/workload.ts"

/** One test of one rule, for subjects of type `S`. */
export type Rule<S> = rule.Rule<S>

/** What a rule's body fails with. */
export type Violation = rule.Violation

/**
 * Runs one rule's body against a subject.
 *
 * Limits: `turns` of the event loop (default 20,000); a subject that has not ended by then fails.
 * Errors: `Violation` names the rule and what was seen.
 */
export const check: <S>(
  rule: Rule<S>,
  subject: S,
  turns?: number
) => Effect.Effect<void, Violation> = rule.check

/** What every engine is held to. */
export const engine: ReadonlyArray<Rule<EngineSubject>> = [
  ...lifecycle,
  ...order,
  ...demand,
  ...failure,
  ...stop,
  ...time,
  ...telemetry,
  ...cost,
  ...guarded,
  ...limits
]

/** What every source is held to. */
export const source: ReadonlyArray<Rule<SourceSubject>> = sourceRules

/** What every sink is held to. */
export const sink: ReadonlyArray<Rule<SinkSubject>> = sinkRules

/** What every custom stage is held to. */
export const stage: ReadonlyArray<Rule<StageSubject>> = stageRules

/** What every accumulator is held to. */
export const accumulator: ReadonlyArray<Rule<AccumulatorSubject>> = accumulatorRules

/** What every flow strategy is held to. */
export const flowStrategy: ReadonlyArray<Rule<FlowStrategySubject>> = flowStrategyRules

/** What every circuit breaker is held to. */
export const breaker: ReadonlyArray<Rule<BreakerSubject>> = breakerRules

/**
 * What the Reactive Streams specification asks for, of an engine between a source and a sink. The
 * rules' ids are the specification's, e.g. `RS2.06` for rule 6 of subscribers.
 */
export const reactiveStreams: ReadonlyArray<Rule<EngineSubject>> = reactiveStreamsRules

/**
 * What the WHATWG streams tests ask of `pipeTo` and of a ReadableStream, for adapters between them
 * and pipelines. The rules' ids are the tests' files, e.g. `piping/flow-control#1`.
 */
export const webStreams: ReadonlyArray<Rule<WebStreamsSubject>> = webStreamsRules
