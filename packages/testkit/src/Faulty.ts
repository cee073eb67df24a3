// Subjects that break one rule each: what a conformance suite must catch. They show that every test
// can fail, and serve as examples of what the rules are about. Not for use in a pipeline.

import type * as Rules from "./ConformanceRules.ts"
import * as accumulation from "./internal/faulty/accumulators.ts"
import * as circuits from "./internal/faulty/breakers.ts"
import * as ends from "./internal/faulty/ends.ts"
import { failures } from "./internal/faulty/failures.ts"
import { flow } from "./internal/faulty/flow.ts"
import * as strategies from "./internal/faulty/flowStrategies.ts"
import { guards } from "./internal/faulty/guards.ts"
import { lifecycle } from "./internal/faulty/lifecycle.ts"
import * as outside from "./internal/faulty/reactiveStreams.ts"
import type * as twist from "./internal/faulty/twist.ts"
import * as web from "./internal/faulty/webStreams.ts"

/** An engine that breaks one rule, by id, and how. */
export type FaultyEngine = twist.FaultyEngine

/** Faulty engines, one or more for each rule of an engine. */
export const engines: ReadonlyArray<FaultyEngine> = [...lifecycle, ...flow, ...failures, ...guards]

/** A subject that breaks one rule, by id, and how. */
export interface Faulty<out S> {
  readonly rule: string
  readonly fault: string
  readonly subject: S
}

/** One faulty source for each rule of a source. */
export const sources: ReadonlyArray<Faulty<Rules.SourceSubject>> = ends.sources

/** One faulty sink for each rule of a sink. */
export const sinks: ReadonlyArray<Faulty<Rules.SinkSubject>> = ends.sinks

/** One faulty custom stage for each rule of a stage. */
export const stages: ReadonlyArray<Faulty<Rules.StageSubject>> = ends.stages

/** One faulty accumulator for each rule of accumulation. */
export const accumulators: ReadonlyArray<Faulty<Rules.AccumulatorSubject>> =
  accumulation.accumulators

/** One faulty engine for each rule of the Reactive Streams specification that is tested. */
export const reactiveStreams: ReadonlyArray<FaultyEngine> = outside.reactiveStreams

/** One faulty pair of Web Streams adapters for each case that is tested. */
export const webStreams: ReadonlyArray<Faulty<Rules.WebStreamsSubject>> = web.webStreams

/** One faulty flow strategy for each rule of a flow strategy. */
export const flowStrategies: ReadonlyArray<Faulty<Rules.FlowStrategySubject>> =
  strategies.flowStrategies

/** Faulty circuit breakers, one or more for each rule of a circuit. */
export const breakers: ReadonlyArray<Faulty<Rules.BreakerSubject>> = circuits.breakers
