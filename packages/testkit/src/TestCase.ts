// Given-when-then cases of a user's pipeline, as data (the third part is called `expect`: values
// with a `then` are taken for promises): they stand in YAML or TypeScript beside the
// module, and `sluice test` runs them. The pipeline is a function of its sources and sinks, so a
// case can put scripts and collecting sinks in their place. Time is virtual: no case sleeps.
import type * as Pipeline from "@sluice/core/Pipeline"
import type * as Sink from "@sluice/core/Sink"
import type * as Source from "@sluice/core/Source"
import * as Collect from "./Collect.ts"
import { canonicalText } from "./Digest.ts"
import { listDifference } from "./internal/cases/difference.ts"
import { resultDifference } from "./internal/cases/expectations.ts"
import * as Scripted from "./Scripted.ts"
import * as VirtualRun from "./VirtualRun.ts"

/** What a testable pipeline takes its sources and sinks from, by name. */
export interface TestIo {
  /** The source of that name: the script of the case; the given payloads are not checked. */
  readonly source: <A>(name: string) => Source.Source<A, string>
  readonly sink: <A>(name: string) => Sink.Sink<A>
}

/** The type of a module's `testable` export. */
export type Testable = (io: TestIo) => Pipeline.Closed<unknown>

/** One step of a source: one record, several at once, a wait such as `5 seconds`, a failure. */
export type GivenStep =
  | { readonly item: unknown }
  | { readonly items: ReadonlyArray<unknown> }
  | { readonly wait: string }
  | { readonly fail: string }

/** What a sink must have received: payloads in order, or in any. */
export type ExpectedSink = ReadonlyArray<unknown> | { readonly anyOrder: ReadonlyArray<unknown> }

/** One case. */
export interface TestCase {
  readonly name: string
  /** Scripts by the name of their source. */
  readonly given: Readonly<Record<string, ReadonlyArray<GivenStep>>>
  readonly when?: {
    readonly seed?: string | number
    readonly batchSize?: number
    /** Stops the run after so long, gracefully, instead of letting the scripts end it. */
    readonly stopAfter?: string
  }
  /** What is not named is not looked at. */
  readonly expect: {
    readonly status?: string
    readonly sinks?: Readonly<Record<string, ExpectedSink>>
    /** Headers that must stand on the records of a sink, in order; others may stand there too. */
    readonly headers?: Readonly<Record<string, ReadonlyArray<Readonly<Record<string, string>>>>>
    /** Counters by stage, e.g. `{ parse: { deadLetters: 1 } }`. */
    readonly stages?: Readonly<Record<string, Readonly<Record<string, number>>>>
    /** Fragments dropped by an accumulating stage, by reason. */
    readonly drops?: Readonly<Record<string, Readonly<Record<string, number>>>>
  }
}

/** What came of a case: no line when it passed, else what differs, `-` expected and `+` found. */
export interface Outcome {
  readonly name: string
  readonly passed: boolean
  readonly lines: ReadonlyArray<string>
}

const stepOf = (step: GivenStep): Scripted.Step<unknown, string> => {
  if ("item" in step) return Scripted.item(step.item)
  if ("items" in step) return Scripted.items(step.items)
  return "wait" in step ? Scripted.wait(step.wait as "1 second") : Scripted.failure(step.fail)
}

/** Sources and sinks of one run. */
class CaseIo implements TestIo {
  readonly sinks = new Map<string, Collect.Collected<unknown>>()
  readonly asked = new Set<string>()
  private readonly given: TestCase["given"]

  constructor(given: TestCase["given"]) {
    this.given = given
  }

  readonly source = <A>(name: string): Source.Source<A, string> => {
    this.asked.add(name)
    const steps = (this.given[name] ?? []).map(stepOf)
    return Scripted.source(steps as ReadonlyArray<Scripted.Step<A, string>>)
  }

  readonly sink = <A>(name: string): Sink.Sink<A> => {
    const known = this.sinks.get(name)
    if (known !== undefined) return known.sink
    const collected = Collect.sink<unknown>()
    this.sinks.set(name, collected)
    return collected.sink
  }
}

const names = (list: Iterable<string>): string => [...list].map((name) => `"${name}"`).join(", ")

const sinkDifference = (
  name: string,
  expected: ExpectedSink,
  collected: Collect.Collected<unknown>
): ReadonlyArray<string> => {
  const ordered = "anyOrder" in expected ? undefined : expected
  const texts = (values: ReadonlyArray<unknown>): ReadonlyArray<string> => {
    const all = values.map(canonicalText)
    return ordered === undefined ? all.sort() : all
  }
  const wanted = "anyOrder" in expected ? expected.anyOrder : expected
  const lines = listDifference(texts(wanted), texts(collected.payloads()))
  return lines.length === 0 ? [] : [`sink "${name}":`, ...lines]
}

const headerDifference = (
  name: string,
  expected: ReadonlyArray<Readonly<Record<string, string>>>,
  collected: Collect.Collected<unknown>
): ReadonlyArray<string> => {
  const found = collected.records.map(({ headers }, n) => {
    const asked = Object.keys(expected[n] ?? {})
    return Object.fromEntries(asked.map((header) => [header, headers[header]]))
  })
  const lines = listDifference(expected.map(canonicalText), found.map(canonicalText))
  return lines.length === 0 ? [] : [`headers at sink "${name}":`, ...lines]
}

/** Looks at one sink, or says that the pipeline has none of that name. */
const perSink = <Expected>(
  io: CaseIo,
  expectations: Readonly<Record<string, Expected>> | undefined,
  difference: (
    name: string,
    expected: Expected,
    collected: Collect.Collected<unknown>
  ) => ReadonlyArray<string>
): ReadonlyArray<string> =>
  Object.entries(expectations ?? {}).flatMap(([name, expected]) => {
    const collected = io.sinks.get(name)
    if (collected !== undefined) return difference(name, expected, collected)
    return [`the pipeline asks for no sink "${name}", only for ${names(io.sinks.keys())}`]
  })

const differences = async (testable: Testable, one: TestCase): Promise<ReadonlyArray<string>> => {
  const io = new CaseIo(one.given)
  const pipeline = testable(io)
  const strangers = Object.keys(one.given).filter((name) => !io.asked.has(name))
  if (strangers.length > 0) {
    const asked = names(io.asked)
    return [`the pipeline asks for no source ${names(strangers)}, only for ${asked}`]
  }
  const { seed = "sluice", batchSize, stopAfter } = one.when ?? {}
  const sizes = batchSize === undefined ? {} : { batchSize }
  const run = await VirtualRun.start(pipeline, { seed, ...sizes })
  try {
    if (stopAfter !== undefined) {
      await run.advance(stopAfter as "1 second")
      await run.stop("graceful")
    }
    const result = await run.result()
    return [
      ...resultDifference(one.expect, result),
      ...perSink(io, one.expect.sinks, sinkDifference),
      ...perSink(io, one.expect.headers, headerDifference)
    ]
  } finally {
    await run.close()
  }
}

/** Runs one case; what the pipeline throws is a failure of the case, never a rejection. */
export const run = async (testable: Testable, one: TestCase): Promise<Outcome> => {
  try {
    const lines = await differences(testable, one)
    return { name: one.name, passed: lines.length === 0, lines }
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return { name: one.name, passed: false, lines: message.split("\n") }
  }
}

/** Reads cases from untyped data, or tells everything wrong with them. */
export { decode } from "./internal/cases/decode.ts"
