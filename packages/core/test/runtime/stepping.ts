// Runs a pipeline one step of one fiber at a time and cuts in before step k: interrupts the caller,
// or stops the run. Afterwards nothing may be left: every resource that was opened is closed once,
// every fiber that started has ended, no record was invented.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"
import * as AsyncEngine from "../../src/AsyncEngine.ts"
import type * as Engine from "../../src/Engine.ts"
import * as SteppedSync from "../../src/internal/sync/engine.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import type * as PipelineResult from "../../src/PipelineResult.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import type * as Stage from "../../src/Stage.ts"
import { SteppedScheduler } from "../../src/SteppedScheduler.ts"
import { VirtualClock } from "../../src/VirtualClock.ts"

/** What a pipeline under test opened, closed, read and wrote. */
export class Ledger {
  readonly opened = new Map<string, number>()
  readonly closed = new Map<string, number>()
  read = 0
  readonly written: Array<number> = []
  /** Sinks that were written to after they were closed. */
  readonly late: Array<string> = []

  open(name: string): void {
    this.opened.set(name, (this.opened.get(name) ?? 0) + 1)
  }
  close(name: string): void {
    this.closed.set(name, (this.closed.get(name) ?? 0) + 1)
  }

  /** A resource that takes a few steps to open and to close. */
  resource<A>(name: string, value: A) {
    return Effect.acquireRelease(
      Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => {
          this.open(name)
          return value
        })
      ),
      () =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => this.close(name))
        )
    )
  }

  /** A source of `count` numbers, each chunk an effect of its own. */
  source(name: string, count: number): Source.Source<number> {
    let next = 0
    const wait = Effect.suspend(() => (next % 2 === 0 ? Effect.yieldNow : Effect.sleep(5)))
    const take = Effect.sync(() => {
      if (next >= count) return undefined
      this.read++
      return { items: [next++], bytes: 0, provenance: undefined }
    })
    const pull = Effect.andThen(wait, take)
    return Source.make(name, Effect.as(this.resource(name, pull), { pull: () => pull }))
  }

  /** As `source`, in chunks of `size`. */
  chunks(name: string, count: number, size: number): Source.Source<number> {
    const one = this.source(name, Math.ceil(count / size))
    const open = Effect.map(one.open, ({ pull }) => ({
      pull: () =>
        Effect.map(pull() as Effect.Effect<Source.Chunk<number> | undefined>, (chunk) => {
          if (chunk === undefined) return undefined
          const from = (chunk.items[0] ?? 0) * size
          const items = Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i)
          this.read += items.length - 1
          return { ...chunk, items }
        })
    }))
    return Source.make(name, open)
  }

  /** A sink that takes its time. */
  sink(name: string): Sink.Sink<number> {
    const write = (batch: { readonly items: ReadonlyArray<number> }): Effect.Effect<void> => {
      if (this.closed.has(name)) this.late.push(name)
      return Effect.andThen(
        Effect.sleep(3),
        Effect.sync(() => void this.written.push(...batch.items))
      )
    }
    return Sink.make(name, this.resource(name, { write, end: Effect.yieldNow }))
  }

  /** A custom stage whose `close` must follow its `init`. */
  stage(name: string): Stage.Stage<number, number> {
    return {
      init: () =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => this.open(name))
        ),
      process: (input) => input.pipe(Stream.tap(() => Effect.yieldNow)),
      close: Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => this.close(name))
      )
    }
  }

  /** An effect per record that holds something while it runs. */
  readonly work =
    (name: string) =>
    (n: number): Effect.Effect<number> =>
      Effect.scoped(Effect.andThen(this.resource(name, n), Effect.as(Effect.sleep(n % 3), n)))
}

/** How to end a run early. */
export type Cut = "interrupt" | "abort" | "graceful"

/** What is left of a run. */
export interface Outcome {
  readonly steps: number
  readonly exit: Exit.Exit<PipelineResult.PipelineResult, unknown>
  readonly fibersLeft: number
  readonly ledger: Ledger
}

/** Short steps, so that a cut may fall between any few operations. */
const opsPerStep = 6

interface Stepped {
  readonly engine: Engine.Engine
  readonly launch: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
}

/**
 * An engine whose every step is told; the async engine gets a stepped scheduler and a virtual clock
 * from its caller.
 */
const stepped = (name: "sync" | "async", onStep: () => void): Stepped => {
  if (name === "sync")
    return { engine: SteppedSync.make({ onStep, opsPerStep }), launch: Effect.runFork }
  const clock = new VirtualClock()
  const onIdle = clock.idle
  const scheduler = new SteppedScheduler({ pick: () => 0, onIdle, onStep, opsPerStep })
  clock.follow(scheduler)
  return {
    engine: AsyncEngine.make(),
    launch: (effect) =>
      Effect.runFork(Effect.provideService(effect, Clock.Clock, clock), { scheduler })
  }
}

/** Enough for disks under load; a run that hangs is found within a second. */
const turnsMax = 300_000

const settled = async <A, E>(fiber: Fiber.Fiber<A, E>): Promise<Exit.Exit<A, E>> => {
  for (let turn = 0; turn < turnsMax; turn++) {
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return exit
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error("the run neither ends nor can be ended")
}

/** Runs a pipeline and, before step `at`, ends it as told. */
export const runStepped = async (
  name: "sync" | "async",
  build: (ledger: Ledger) => Pipeline.Closed<unknown>,
  cut?: { readonly at: number; readonly how: Cut }
): Promise<Outcome> => {
  const ledger = new Ledger()
  let [steps, fibers] = [0, 0]
  let running: Engine.RunningPipeline | undefined
  let asked = false
  const perform = (): void => {
    if (cut === undefined || asked || steps <= cut.at) return
    if (cut.how === "interrupt") caller.interruptUnsafe()
    else if (running === undefined) return
    else Effect.runSync(running.stop(cut.how))
    asked = true
  }
  const { engine, launch } = stepped(name, () => {
    steps++
    perform()
  })
  const closed = build(ledger)
  const program = Effect.scoped(
    Effect.flatMap(Pipeline.start(closed, { engine }), (started) => {
      running = started
      return started.result
    })
  )
  const counted = Effect.provideService(program, Metric.FiberRuntimeMetrics, {
    recordFiberStart: () => void fibers++,
    recordFiberEnd: () => void fibers--
  })
  const caller: Fiber.Fiber<PipelineResult.PipelineResult, unknown> = launch(counted)
  const exit = await settled(caller)
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  return { steps, exit, fibersLeft: fibers, ledger }
}

/** Everything wrong with what a run left behind, as text; empty when it left nothing. */
export const leftovers = ({ ledger, fibersLeft }: Outcome): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const name of new Set([...ledger.opened.keys(), ...ledger.closed.keys()])) {
    const [opened, closed] = [ledger.opened.get(name) ?? 0, ledger.closed.get(name) ?? 0]
    if (opened !== closed) found.push(`"${name}" opened ${opened} times, closed ${closed} times`)
  }
  if (fibersLeft !== 0) found.push(`${fibersLeft} fibers left`)
  if (new Set(ledger.written).size !== ledger.written.length)
    found.push(`written twice: ${ledger.written}`)
  if (ledger.late.length > 0) found.push(`written after closing: ${ledger.late}`)
  if (ledger.written.length > ledger.read) found.push("more written than read")
  return found
}

/** Ends a run before each of its steps in turn; returns what was left, by step. */
export const cutEverywhere = async (
  name: "sync" | "async",
  how: Cut,
  build: (ledger: Ledger) => Pipeline.Closed<unknown>,
  check: (outcome: Outcome) => ReadonlyArray<string> = leftovers
): Promise<{ readonly steps: number; readonly found: ReadonlyArray<string> }> => {
  const { steps } = await runStepped(name, build)
  const found: Array<string> = []
  for (let at = 0; at < steps; at++) {
    const outcome = await runStepped(name, build, { at, how })
    for (const finding of check(outcome)) found.push(`step ${at} of ${steps}: ${finding}`)
  }
  return { steps, found }
}
