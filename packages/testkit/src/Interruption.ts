// Ends a run before each of its steps in turn, and looks at what is left: every scope closed, every
// pool balanced, no fiber running, every record accounted for. Steps are those of fibers under a
// scheduler the kit sees: the sync engine's own, or the kit's for engines that take it from their
// caller.
import type * as Engine from "@sluice/core/Engine"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import * as PoolTracker from "@sluice/core/PoolTracker"
import type * as Stage from "@sluice/core/Stage"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { conservation } from "./internal/simulation/conservation.ts"
import { Book, leaked, watched } from "./internal/simulation/watched.ts"
import { FiberCount, settled, World } from "./internal/virtual/world.ts"

/** How a run is ended: the caller is interrupted, or the run is stopped. */
export type Cut = "interrupt" | Engine.StopMode

/** An engine whose every step is told. */
export interface Stepped {
  readonly engine: Engine.Engine
  readonly launch: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  /** Stops the clock: what sleeps when the run has ended is left of it, and must be seen. */
  readonly freeze?: () => void
}

/** Makes an engine that tells its steps, of so many operations each. */
export type MakeStepped = (onStep: () => void, opsPerStep: number) => Stepped

/** The sync engine. */
export const sync: MakeStepped = (onStep, opsPerStep) => ({
  engine: SyncEngine.make({ onStep, opsPerStep }),
  launch: Effect.runFork
})

/** An engine that takes scheduler and clock from its caller, e.g. the async one. */
export const virtual =
  (makeEngine: () => Engine.Engine): MakeStepped =>
  (onStep, opsPerStep) => {
    const world = new World({ onStep, opsPerStep })
    const freeze = (): void => world.clock.limit(Number.NEGATIVE_INFINITY)
    return { engine: makeEngine(), launch: world.launch, freeze }
  }

/** What is left of a run that was ended early. */
export interface Leftovers {
  /** Step before which the run was ended. */
  readonly step: number
  readonly exit: Exit.Exit<PipelineResult.PipelineResult, unknown>
  readonly states: Readonly<Record<string, Stage.StageRuntimeState>>
  readonly fibersLeft: number
}

/** What to end, where, and what to look at besides. */
export interface Options {
  readonly make: MakeStepped
  /** A new pipeline for each run; sources and sinks of one run do not serve the next. */
  readonly pipeline: () => Pipeline.Closed<unknown>
  readonly cut: Cut
  /**
   * Operations of a step, default 6: the smaller, the more places to cut at; 1 cuts at every effect
   * boundary.
   */
  readonly opsPerStep?: number
  /**
   * Stops the clock when the run has ended, so that a fiber that only sleeps is seen as left;
   * default false. Virtual engines only.
   */
  readonly freeze?: boolean
  /** Your own look at what is left; what it returns are findings. */
  readonly check?: (left: Leftovers) => ReadonlyArray<string>
}

/** Steps of the whole run, and what was found, each with its step. */
export interface Report {
  readonly steps: number
  readonly found: ReadonlyArray<string>
}

const opsPerStepDefault = 6

/** Turns after the end in which a fiber may still say goodbye. */
const graceTurns = 3

interface Ended extends Leftovers {
  readonly steps: number
  readonly found: ReadonlyArray<string>
}

const statusFindings = (
  exit: Exit.Exit<PipelineResult.PipelineResult, unknown>,
  cut: Cut | undefined
): ReadonlyArray<string> => {
  if (cut === "interrupt") return []
  if (!Exit.isSuccess(exit)) return [`the run ended with ${exit.cause} (rule L6)`]
  const wanted = cut === "abort" ? ["aborted", "completed"] : ["stopped", "completed"]
  const { status } = exit.value
  return wanted.includes(status)
    ? []
    : [`the run ended ${status}, not ${wanted.join(" or ")} (rule L6)`]
}

const isDrained = (exit: Ended["exit"]): boolean =>
  Exit.isSuccess(exit) && (exit.value.status === "stopped" || exit.value.status === "completed")

/** Runs once, ended before step `at`; to its end without. */
const runOnce = async (options: Options, at: number | undefined): Promise<Ended> => {
  const { make, cut } = options
  const [book, fibers, pools] = [new Book(), new FiberCount(), new PoolTracker.PoolTracker()]
  const atCut: Array<string> = []
  const graph = watched(Pipeline.graph(options.pipeline()), book)
  let steps = 0
  let asked = at === undefined
  let running: Engine.RunningPipeline | undefined
  const perform = (): void => {
    if (asked || steps <= (at ?? 0)) return
    if (cut !== "interrupt" && running === undefined) return
    asked = true
    if (running !== undefined) atCut.push(...conservation(graph, running.inspectAll(), false))
    if (cut === "interrupt") caller.interruptUnsafe()
    else if (running !== undefined) Effect.runSync(running.stop(cut))
  }
  const { engine, launch, freeze } = make(() => {
    steps++
    perform()
  }, options.opsPerStep ?? opsPerStepDefault)
  const program = Effect.scoped(
    Effect.flatMap(engine.start(graph, {}), (started) => {
      running = started
      return started.result
    })
  )
  const watching = Effect.provideService(fibers.of(program), PoolTracker.Current, pools)
  const caller: Fiber.Fiber<PipelineResult.PipelineResult, unknown> = launch(watching)
  if (options.freeze === true) caller.addObserver(() => freeze?.())
  const exit = await settled(caller)
  for (let turn = 0; turn < graceTurns; turn++) await Effect.runPromise(Effect.yieldNow)
  const states = running?.inspectAll() ?? {}
  const left: Leftovers = { step: at ?? steps, exit, states, fibersLeft: fibers.left }
  const found = [
    ...book.unbalanced(),
    ...leaked(pools),
    ...atCut.map((finding) => `at the cut: ${finding}`),
    ...(fibers.left === 0 ? [] : [`${fibers.left} fibers left (rule L4)`]),
    ...statusFindings(exit, at === undefined ? "graceful" : cut),
    ...(running === undefined ? [] : conservation(graph, states, isDrained(exit))),
    ...(isDrained(exit) ? book.unread(states) : []),
    ...(options.check?.(left) ?? [])
  ]
  return { ...left, steps, found }
}

/** A run that hangs is a finding; its steps are not known. */
const runOrHang = (options: Options, at: number | undefined): Promise<Report> =>
  runOnce(options, at).catch((thrown: unknown) => ({
    steps: 0,
    found: [`${thrown instanceof Error ? thrown.message : String(thrown)} (rule L6)`]
  }))

/**
 * Runs the pipeline once to its end, then once for each of its steps, ended before that step.
 *
 * Every source and sink that was opened is closed once, what was rented of pools that follow
 * `PoolTracker.Current` is returned, no fiber is left, and at each stage, at the cut and at the
 * end, in + made = out + dropped + dead + in flight, which is nothing where all was drained.
 */
export const everyStep = async (options: Options): Promise<Report> => {
  const whole = await runOrHang(options, undefined)
  const found = whole.found.map((finding) => `whole run: ${finding}`)
  for (let at = 0; at < whole.steps; at++) {
    const ended = await runOrHang(options, at)
    for (const finding of ended.found)
      found.push(`step ${at} of ${whole.steps}, ${options.cut}: ${finding}`)
  }
  return { steps: whole.steps, found }
}
