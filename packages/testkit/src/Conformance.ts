// Conformance suites: each registers vitest tests that hold one subject to the rules of
// `specs/contract.md`. A test is called "required D1 does not pull a source ahead of acceptance".
// Imports vitest: for test files only; ConformanceRules.ts has the same tests as data.
import * as Effect from "effect/Effect"
import { describe, it } from "vitest"
import * as Rules from "./ConformanceRules.ts"

/** A rule that a subject does not keep, and why that is so. The test is shown as skipped. */
export interface Skip {
  readonly rule: string
  readonly reason: string
}

/** What every suite is told. */
export interface SuiteOptions {
  /** Stands in the title of the suite; default nothing, and of an engine its name. */
  readonly name?: string
  readonly skip?: ReadonlyArray<Skip>
  /**
   * Turns of the event loop a test may take before it fails; default 20,000. More for subjects that
   * wait for the world outside.
   */
  readonly turns?: number
}

const titleOf = (kind: string, name: string | undefined): string =>
  name === undefined ? `${kind} conformance` : `${kind} conformance, ${name}`

const unknownSkips = <S>(rules: ReadonlyArray<Rules.Rule<S>>, skip: ReadonlyArray<Skip>): string =>
  skip
    .filter(({ rule }) => !rules.some((one) => one.rule === rule))
    .map(({ rule }) => rule)
    .join(", ")

const suite = <S>(
  kind: string,
  rules: ReadonlyArray<Rules.Rule<S>>,
  subject: S,
  { name, skip = [], turns }: SuiteOptions
): void => {
  const title = titleOf(kind, name)
  const unknown = unknownSkips(rules, skip)
  if (unknown !== "") throw new Error(`${title}: no such rule to skip: ${unknown}`)
  const silent = skip.find(({ reason }) => reason.trim() === "")
  if (silent !== undefined)
    throw new Error(`${title}: rule ${silent.rule} is skipped without a reason: say why`)
  describe(title, () => {
    for (const rule of rules) {
      if (rule.applies?.(subject) === false) continue
      const skipped = skip.find((one) => one.rule === rule.rule)
      const fact = `${rule.optional === true ? "optional" : "required"} ${rule.rule} ${rule.title}`
      if (skipped !== undefined) it.skip(`${fact} (${skipped.reason})`)
      else it(fact, () => Effect.runPromise(Rules.check(rule, subject, turns)))
    }
  })
}

/** Options of `engineConformance`. */
export interface EngineOptions extends SuiteOptions {
  readonly makeEngine: Rules.EngineSubject["makeEngine"]
  /** Default `context`: runs follow the caller's Clock. */
  readonly clock?: Rules.EngineSubject["clock"]
}

const engineOf = ({ makeEngine, clock = "context" }: EngineOptions): Rules.EngineSubject => ({
  makeEngine,
  clock
})

const named = (options: EngineOptions): SuiteOptions => ({
  ...options,
  name: options.name ?? options.makeEngine().name
})

/**
 * Holds an engine to the contract: lifecycle, order, demand, failure, stop, time, telemetry,
 * and what guards its stages.
 *
 * Limits: no test sleeps or waits longer than `turns` turns of the event loop.
 */
export const engineConformance = (options: EngineOptions): void =>
  suite("engine", Rules.engine, engineOf(options), named(options))

/**
 * Holds a source to what engines rely on: order, one end, demand, closing, its failure last.
 *
 * Limits: what a subject cannot tell (`tellsOpen`, `tellsTaken`, `makeFailing`, …) is not tested.
 */
export const sourceConformance = (options: SuiteOptions & Rules.SourceSubject): void =>
  suite("source", Rules.source, options, options)

/**
 * Holds a sink to what engines rely on: all it accepted is there at its end, refusals have names.
 *
 * Limits: as `sourceConformance`.
 */
export const sinkConformance = (options: SuiteOptions & Rules.SinkSubject): void =>
  suite("sink", Rules.sink, options, options)

/** Holds a custom stage to what engines rely on: its life, its output, its demand. */
export const stageConformance = (options: SuiteOptions & Rules.StageSubject): void =>
  suite("stage", Rules.stage, options, options)

/** Holds an accumulator to the rules of accumulation, driven as an engine drives it. */
export const accumulatorConformance = (options: SuiteOptions & Rules.AccumulatorSubject): void =>
  suite("accumulator", Rules.accumulator, options, options)

/**
 * Holds a flow strategy to what engines rely on: bounded answers, true times, no standstill.
 *
 * Limits: where a subject does not tell `inFlightMax` or `passMax`, its limits are not tested.
 */
export const flowStrategyConformance = (options: SuiteOptions & Rules.FlowStrategySubject): void =>
  suite("flow strategy", Rules.flowStrategy, options, options)

/** Holds a circuit breaker to what engines and operators rely on: trials, epochs, the hand. */
export const breakerConformance = (options: SuiteOptions & Rules.BreakerSubject): void =>
  suite("circuit breaker", Rules.breaker, options, options)

/**
 * Holds an engine to the rules of the Reactive Streams specification, by its ids; what they come to
 * where records are pulled is in `docs/testkit.md`.
 */
export const reactiveStreamsConformance = (options: EngineOptions): void =>
  suite("Reactive Streams", Rules.reactiveStreams, engineOf(options), named(options))

/** Holds adapters between pipelines and Web Streams to cases of the WHATWG streams tests, by id. */
export const webStreamsConformance = (options: SuiteOptions & Rules.WebStreamsSubject): void =>
  suite("Web Streams", Rules.webStreams, options, options)
