// Simulation: a pipeline under the sync engine, over many seeds, with faults the seeds choose. A
// run is a function of its seed, so what is found is told as a seed and a step, and replayed by it.
import type * as Engine from "@sluice/core/Engine"
import type * as Graph from "@sluice/core/Graph"
import * as Observer from "@sluice/core/Observer"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import * as PoolTracker from "@sluice/core/PoolTracker"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Fault, FaultTag } from "./Fault.ts"
import { inject, possible } from "./Fault.ts"
import { conservation } from "./internal/simulation/conservation.ts"
import { Book, leaked, watched } from "./internal/simulation/watched.ts"
import type { Random } from "./internal/virtual/seeded.ts"
import { between, oneOf, seeded } from "./internal/virtual/seeded.ts"
import { FiberCount, settled } from "./internal/virtual/world.ts"

/** A request to stop before a step. */
export interface StopAt {
  readonly step: number
  readonly mode: Engine.StopMode
}

/** What a seed made go wrong. */
export interface Plan {
  readonly faults: ReadonlyArray<Fault>
  readonly stop: StopAt | undefined
}

/** A simulated run that has ended. */
export interface Outcome extends Plan {
  readonly seed: string
  /** Undefined when the run hung or died. */
  readonly result: PipelineResult.PipelineResult | undefined
  readonly steps: number
  /** Events of the run, one line of JSON each. */
  readonly trace: string
}

/** One simulated pipeline, with what must hold of it. */
export interface Subject {
  readonly pipeline: Pipeline.Closed<unknown>
  /** Asked before every step; what it returns are findings. */
  readonly always?: (running: Engine.RunningPipeline) => ReadonlyArray<string>
  /** Asked once at the end. */
  readonly check?: (outcome: Outcome) => ReadonlyArray<string>
}

/** What to simulate. */
export interface Options {
  /** A new subject for each run. */
  readonly subject: () => Subject
  /** Runs, each with a seed of its own; default 100. */
  readonly runs?: number
  /** Run n has the seed `<seed>/<n>`; default `simulation`. */
  readonly seed?: string | number
  /** Kinds of faults that may be injected; default all, `[]` for none. */
  readonly faults?: ReadonlyArray<FaultTag>
  /** Whether runs may be stopped; default true. */
  readonly stops?: boolean
}

/** A found failure: the seed replays it, the step is where it showed. */
export interface Finding {
  readonly seed: string
  readonly step: number
  readonly findings: ReadonlyArray<string>
  readonly outcome: Outcome
}

/** What came of a simulation; it ends with the first finding. */
export interface Report {
  readonly runs: number
  readonly steps: number
  /** How often each fault was injected; `Stop` too. */
  readonly injected: Readonly<Record<string, number>>
  readonly found: Finding | undefined
}

/** Calls among which the faulty one is chosen, and virtual milliseconds of a delay. */
const callsMax = 8
const delayMsMax = 1_000
const faultsMax = 2
const stopShare = 0.3
const stopStepMax = 120
const allFaults: ReadonlyArray<FaultTag> = ["Delay", "Failure", "Crash", "Duplicate", "Reorder"]

const faultOf = (
  random: Random,
  graph: Graph.PipelineGraph,
  kinds: ReadonlyArray<FaultTag>
): ReadonlyArray<Fault> => {
  const offered = graph.nodes.flatMap((node) =>
    possible(node).flatMap((tag) => (kinds.includes(tag) ? [{ tag, stageId: node.id }] : []))
  )
  const [first, ...rest] = offered
  if (first === undefined) return []
  const { tag, stageId } = oneOf(random, [first, ...rest])
  const call = between(random, 1, callsMax)
  return tag === "Delay"
    ? [{ _tag: tag, stageId, call, ms: between(random, 1, delayMsMax) }]
    : [{ _tag: tag, stageId, call }]
}

const planOf = (seed: string, graph: Graph.PipelineGraph, options: Options): Plan => {
  const random = seeded(`faults ${seed}`)
  const count = between(random, 0, faultsMax)
  const faults = Array.from({ length: count }).flatMap(() =>
    faultOf(random, graph, options.faults ?? allFaults)
  )
  const stops = options.stops !== false && random() < stopShare
  const stop: StopAt | undefined = stops
    ? { step: between(random, 1, stopStepMax), mode: oneOf(random, ["graceful", "abort"]) }
    : undefined
  return { faults, stop }
}

const deadly: ReadonlySet<FaultTag> = new Set(["Failure", "Crash"])

const statusFindings = ({ result, faults, stop }: Outcome): ReadonlyArray<string> => {
  if (result === undefined)
    return ["the run hangs: nothing is left to do, and it has not ended (rule L6)"]
  const { status } = result
  const mayFail = faults.some(({ _tag }) => deadly.has(_tag))
  const mayStop = stop !== undefined
  if (status === "completed") return []
  if (status === "failed" ? mayFail : mayStop) return []
  return [`the run ended ${status}, though nothing made it (rule L6)`]
}

const traceFindings = ({ trace, result }: Outcome): ReadonlyArray<string> => {
  const last = trace.trimEnd().split("\n").at(-1) ?? ""
  return result === undefined || last.includes(`"RunEnded"`)
    ? []
    : [`the last event is no RunEnded: ${last} (rule M4)`]
}

const drained = (result: PipelineResult.PipelineResult): boolean =>
  result.status === "completed" || result.status === "stopped"

interface Simulated {
  readonly outcome: Outcome
  readonly step: number
  readonly findings: ReadonlyArray<string>
}

/** One run: its own subject, faults of its seed, every step looked at. */
const simulate = async (seed: string, options: Options): Promise<Simulated> => {
  const subject = options.subject()
  const [book, fibers, pools] = [new Book(), new FiberCount(), new PoolTracker.PoolTracker()]
  const sound = Pipeline.graph(subject.pipeline)
  const { faults, stop } = planOf(seed, sound, options)
  const graph = watched(inject(sound, faults), book)
  let [steps, trace] = [0, ""]
  let running: Engine.RunningPipeline | undefined
  let early: { readonly step: number; readonly findings: ReadonlyArray<string> } | undefined
  const onStep = (): void => {
    steps++
    if (running === undefined) return
    const findings = early === undefined ? (subject.always?.(running) ?? []) : []
    if (findings.length > 0) early = { step: steps, findings }
    if (stop !== undefined && steps === stop.step) Effect.runSync(running.stop(stop.mode))
  }
  const engine = SyncEngine.make({ onStep, opsPerStep: 16 })
  const observer = Observer.lines((line) => {
    trace += line
  })
  const program = Effect.scoped(
    Effect.flatMap(engine.start(graph, { seed, observer }), (started) => {
      running = started
      return Effect.catchTag(started.result, "PipelineError", (error) =>
        Effect.succeed(error.result)
      )
    })
  )
  const watching = Effect.provideService(fibers.of(program), PoolTracker.Current, pools)
  const exit = await settled(Effect.runFork(watching)).catch(() => undefined)
  if (exit !== undefined && Exit.isFailure(exit)) throw new Error(`seed "${seed}": ${exit.cause}`)
  const result = exit?.value
  const outcome: Outcome = { seed, faults, stop, result, steps, trace }
  const atEnd = [
    ...statusFindings(outcome),
    ...traceFindings(outcome),
    ...(result === undefined ? [] : conservation(graph, result.finalStates, drained(result))),
    ...(result !== undefined && drained(result) ? book.unread(result.finalStates) : []),
    ...book.unbalanced(),
    ...leaked(pools),
    ...(fibers.left === 0 ? [] : [`${fibers.left} fibers left (rule L4)`]),
    ...(subject.check?.(outcome) ?? [])
  ]
  const { step, findings } = early ?? { step: steps, findings: atEnd }
  return { outcome, step, findings }
}

/** One run in this many is done twice, to see that its seed decides it. */
const twiceEvery = 10

const simulateTwice = async (seed: string, options: Options): Promise<Simulated> => {
  const first = await simulate(seed, options)
  if (first.findings.length > 0) return first
  const second = await simulate(seed, options)
  if (second.outcome.trace === first.outcome.trace) return first
  return { ...first, findings: ["the same seed gave another trace (rule O5)"] }
}

/**
 * Simulates a pipeline over many seeds.
 *
 * Looks at every run: it ends, as its faults and stops allow; its trace says so; every source and
 * sink is closed; pools are balanced; no fiber is left; the counters of its stages add up; your own
 * checks hold.
 */
export const run = async (options: Options): Promise<Report> => {
  const { runs = 100, seed = "simulation" } = options
  const injected: Record<string, number> = {}
  let steps = 0
  for (let n = 0; n < runs; n++) {
    const own = `${seed}/${n}`
    const once = n % twiceEvery === 0 ? simulateTwice : simulate
    const { outcome, step, findings } = await once(own, options)
    steps += outcome.steps
    const tags = [...outcome.faults.map(({ _tag }) => _tag), ...(outcome.stop ? ["Stop"] : [])]
    for (const tag of tags) injected[tag] = (injected[tag] ?? 0) + 1
    if (findings.length === 0) continue
    return { runs: n + 1, steps, injected, found: { seed: own, step, findings, outcome } }
  }
  return { runs, steps, injected, found: undefined }
}

/** Runs one seed again, as `run` did. */
export const replay = async (seed: string, options: Options): Promise<Finding> => {
  const { outcome, step, findings } = await simulate(seed, options)
  return { seed, step, findings, outcome }
}

/** A finding as text: seed, step, faults and what was found. */
export const describe = ({ seed, step, findings, outcome }: Finding): string => {
  const faults = outcome.faults.map((fault) => JSON.stringify(fault))
  const stop = outcome.stop === undefined ? [] : [`stop ${JSON.stringify(outcome.stop)}`]
  const wrong = [...faults, ...stop].join(", ")
  const lines = findings.map((finding) => `  ${finding}`).join("\n")
  return `seed "${seed}", step ${step}, with ${wrong === "" ? "no fault" : wrong}:\n${lines}`
}

/** As `run`, but throws what was found. */
export const assertHolds = async (options: Options): Promise<Report> => {
  const report = await run(options)
  if (report.found !== undefined) throw new Error(describe(report.found))
  return report
}

/** Trace of one run without faults under the sync engine: equal bytes for equal seeds. */
export const trace = async (
  pipeline: Pipeline.Closed<unknown>,
  seed: string | number = "golden"
): Promise<string> => {
  let text = ""
  const observer = Observer.lines((line) => {
    text += line
  })
  const run = Pipeline.run(pipeline, { engine: SyncEngine.make(), seed, observer })
  await Effect.runPromiseExit(run)
  return text
}
