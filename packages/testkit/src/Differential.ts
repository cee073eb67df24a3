// Differential runs: random pipelines on an engine, against the plain meaning of their plan and
// against the sync engine. A failing case is made small and printed as code that replays it.
// A plan's choices come from its seed alone: the same seeds test the same pipelines everywhere.
import type * as Engine from "@sluice/core/Engine"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { canonical } from "./Digest.ts"
import type { MakeGroups } from "./internal/differential/build.ts"
import { build } from "./internal/differential/build.ts"
import type { Observed } from "./internal/differential/compare.ts"
import { compare, compareEngines, digestOf } from "./internal/differential/compare.ts"
import { generate } from "./internal/differential/generate.ts"
import { oracle } from "./internal/differential/oracle.ts"
import type { Plan } from "./internal/differential/plan.ts"
import { tame } from "./internal/differential/plan.ts"
import { shrink } from "./internal/differential/shrink.ts"
import { settled, World } from "./internal/virtual/world.ts"

/** Makes the accumulator of an `accumulate` step. */
export type { MakeGroups } from "./internal/differential/build.ts"
/** What an accumulator must emit of a group. */
export type { GroupValue } from "./internal/differential/groups.ts"
/** Plans as data, as a replay writes them. */
export type {
  Bytes,
  EffectStep,
  Failing,
  FailPolicy,
  Gathering,
  Item,
  Operator,
  Ordering,
  Plan,
  SinkKind,
  Step,
  Waits
} from "./internal/differential/plan.ts"

/** The engine under test, and how its runs are started. */
export interface Subject {
  readonly makeEngine: () => Engine.Engine
  /**
   * `virtual` (default): under the kit's seeded scheduler and clock, for engines that take both
   * from their caller. `jumping`: under a scheduler and clock of the engine, in this process, as
   * the sync engine. `real`: as it comes, for threads and processes; a run may then take 10 s.
   */
  readonly time?: "virtual" | "jumping" | "real"
  /** Code that makes the engine, for the printed replay, e.g. `AsyncEngine.make()`. */
  readonly code?: string
  /** Makes the accumulators of the plans; default: the kit's own. */
  readonly makeGroups?: MakeGroups
}

/** How many cases, and which. */
export interface Options extends Subject {
  /** Default 200. */
  readonly cases?: number
  /** Runs of each case, each with an interleaving of its own; default 1. */
  readonly seeds?: number
  /** Seed of the first case; case n has `<seed>/<n>`. Default `kit`. */
  readonly seed?: string | number
}

/** A case that failed, before and after it was made small. */
export interface Failure {
  readonly seed: string
  readonly original: Plan
  readonly plan: Plan
  readonly findings: ReadonlyArray<string>
  /** TypeScript that replays the small plan. */
  readonly code: string
}

/** What came of the cases; it ends with the first failure. */
export interface Report {
  readonly cases: number
  /** How often each kind of stage was part of a case. */
  readonly stages: Readonly<Record<string, number>>
  /**
   * Canonical digest of all outputs, as far as the plans decide them: equal for equal cases on
   * every sound engine and every machine.
   */
  readonly digest: string
  readonly failure: Failure | undefined
}

type Outcome = Exit.Exit<PipelineResult.PipelineResult, unknown>

const noResult = "the run gave no result"

const resultOf = (exit: Outcome): PipelineResult.PipelineResult => {
  if (Exit.isSuccess(exit)) return exit.value
  throw new Error(`${noResult}: ${exit.cause}`)
}

/** A run in real time that takes longer hangs. */
const patience = "10 seconds"

const ended = (
  run: Effect.Effect<PipelineResult.PipelineResult, unknown>,
  time: "virtual" | "jumping" | "real",
  seed: string
): Promise<Outcome> => {
  if (time === "virtual") return settled(new World({ seed }).launch(run))
  if (time === "jumping") return settled(Effect.runFork(run))
  const hangs = () => Effect.fail(`it has not ended after ${patience}`)
  return Effect.runPromiseExit(Effect.timeoutOrElse(run, { duration: patience, orElse: hangs }))
}

/** Runs one plan and gives what it came to, failed or not. */
const observe = async (plan: Plan, subject: Subject, seed: string): Promise<Observed> => {
  const { closed, received, lent } = build(plan, subject.makeGroups)
  const { batchSize } = plan
  const options = { engine: subject.makeEngine(), seed, batchSize, deadLettersMax: 100_000 }
  const run = Effect.catchTag(Pipeline.run(closed, options), "PipelineError", (error) =>
    Effect.succeed(error.result)
  )
  const exit = await ended(run, subject.time ?? "virtual", seed)
  const result = resultOf(exit)
  const kept = lent.filter(({ owners }) => owners > 0).length
  return { graph: Pipeline.graph(closed), received, result, kept }
}

interface Examined {
  readonly findings: ReadonlyArray<string>
  readonly digest: string
}

/** Holds one run against the plan's meaning, then against the sync engine's run of it. */
const examine = async (plan: Plan, subject: Subject, seed: string): Promise<Examined> => {
  const [expected, observed] = [oracle(plan), await observe(plan, subject, seed)]
  const digest = digestOf(expected, observed)
  const findings = compare(expected, observed)
  if (findings.length > 0 || subject.makeEngine === reference.makeEngine)
    return { findings, digest }
  const other = await observe(plan, { ...subject, ...reference }, seed)
  return { findings: compareEngines(expected, other, observed), digest }
}

const examined = async (plan: Plan, subject: Subject, seed: string): Promise<Examined> => {
  try {
    return await examine(subject.time === "real" ? tame(plan) : plan, subject, seed)
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    const finding = message.startsWith(noResult) ? message : `${noResult}: ${message}`
    return { findings: [`${finding} (rule L6)`], digest: "" }
  }
}

/** The plan of a seed. */
export const plan = (seed: string | number): Plan => generate(seed)

/**
 * Runs one plan and says in what it differs from its plain meaning; empty when in nothing.
 *
 * Errors: a run that hangs, dies or is refused is a finding too, never a rejection.
 */
export const replay = async (
  plan: Plan,
  subject: Subject & { readonly seed: string | number }
): Promise<ReadonlyArray<string>> => {
  const { findings } = await examined(plan, subject, String(subject.seed))
  return findings
}

/** The sync engine as a subject: the reference is tested like any other. */
export const reference: Subject = {
  makeEngine: () => SyncEngine.make(),
  time: "jumping",
  code: "SyncEngine.make()"
}

const literal = (plan: Plan): string => {
  const lines = plan.steps.map((step) => `    ${JSON.stringify(step)}`)
  const { sources, chunk, bytes, sink, sinkFailing, batchSize } = plan
  const read = bytes === undefined ? "" : `  bytes: ${JSON.stringify(bytes)},\n`
  const failing =
    sinkFailing === undefined ? "" : `  sinkFailing: ${JSON.stringify(sinkFailing)},\n`
  const steps = lines.length === 0 ? "[]" : `[\n${lines.join(",\n")}\n  ]`
  return `{
  sources: ${JSON.stringify(sources)},
  chunk: ${chunk},
${read}  steps: ${steps},
  sink: ${JSON.stringify(sink)},
${failing}  batchSize: ${batchSize}
}`
}

/** TypeScript that replays a plan on an engine and prints what it finds. */
export const codeOf = (plan: Plan, seed: string, subject: Subject): string => {
  const code = subject.code ?? "AsyncEngine.make()"
  const module = code.split(".")[0]
  const time = subject.time === undefined ? "" : `, time: "${subject.time}"`
  return `import * as ${module} from "@sluice/core/${module}"
import * as Differential from "@sluice/testkit/Differential"

const plan: Differential.Plan = ${literal(plan)}

const makeEngine = () => ${code}
console.log(await Differential.replay(plan, { makeEngine, seed: ${JSON.stringify(seed)}${time} }))
`
}

const failureOf = async (plan: Plan, seed: string, subject: Subject): Promise<Failure> => {
  const again = (smaller: Plan) => replay(smaller, { ...subject, seed })
  const first = await again(plan)
  // A run without a result is another failure than a wrong result: none may turn into the other.
  const alike = (found: ReadonlyArray<string>): boolean =>
    found.length > 0 && found[0]?.startsWith(noResult) === first[0]?.startsWith(noResult)
  const small = await shrink(plan, async (smaller) => alike(await again(smaller)))
  return {
    seed,
    original: plan,
    plan: small.plan,
    findings: await again(small.plan),
    code: codeOf(small.plan, seed, subject)
  }
}

/**
 * Runs random pipelines on an engine and holds each against its plain meaning.
 *
 * Equal payloads in equal order where the edges promise order, per key where they promise that, as
 * multisets elsewhere; equal dead letters, drops, completed and partial keys; every stage ended.
 * A run that must fail fails, having delivered what came before.
 */
export const run = async (options: Options): Promise<Report> => {
  const { cases = 200, seed = "kit", seeds = 1 } = options
  const stages: Record<string, number> = {}
  const digests: Array<string> = []
  for (let n = 0; n < cases; n++) {
    const own = `${seed}/${n}`
    const candidate = generate(own)
    for (const { op } of candidate.steps) stages[op] = (stages[op] ?? 0) + 1
    for (let interleaving = 0; interleaving < seeds; interleaving++) {
      const once = interleaving === 0 ? own : `${own}.${interleaving}`
      const { findings, digest } = await examined(candidate, options, once)
      digests.push(digest)
      if (findings.length === 0) continue
      const failure = await failureOf(candidate, once, options)
      return { cases: n + 1, stages, digest: canonical(digests).ordered, failure }
    }
  }
  return { cases, stages, digest: canonical(digests).ordered, failure: undefined }
}

/** As `run`, but throws the small case with its findings and its replay. */
export const assertAgrees = async (options: Options): Promise<Report> => {
  const report = await run(options)
  const { failure } = report
  if (failure === undefined) return report
  const findings = failure.findings.map((finding) => `  ${finding}`).join("\n")
  throw new Error(`case "${failure.seed}" differs:\n${findings}\nreplay it:\n\n${failure.code}`)
}
