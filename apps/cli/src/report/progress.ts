// Live progress: what the running stages say, sampled in an interval and shown as one line.
import type * as Engine from "@sluice/core/Engine"
import type * as Stage from "@sluice/core/Stage"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { bytes, count, duration, perSecond } from "../terminal/format.ts"
import type { StatusLine } from "../terminal/statusLine.ts"

/** One sample. */
export interface Sample {
  readonly elapsedMs: number
  /** Records read from the sources. */
  readonly records: number
  /** Records accepted by the sinks. */
  readonly delivered: number
  /** Undefined when the pipeline accumulates nothing. */
  readonly keys: { readonly open: number; readonly completed: number } | undefined
  readonly rssBytes: number
}

type States = Readonly<Record<string, Stage.StageRuntimeState>>

/** What the stages say now. */
export const sample = (states: States, elapsedMs: number, rssBytes: number): Sample => {
  let records = 0
  let delivered = 0
  let keys: { open: number; completed: number } | undefined
  for (const state of Object.values(states)) {
    if (state.kind === "source") records += state.recordsIn
    if (state.kind === "sink") delivered += state.recordsOut
    if (state.kind !== "accumulator") continue
    keys ??= { open: 0, completed: 0 }
    keys.open += state.metrics["keysOpen"] ?? 0
    keys.completed += state.metrics["keysCompleted"] ?? 0
  }
  return { elapsedMs, records, delivered, keys, rssBytes }
}

/**
 * The line for a sample; the rate is that since the previous one, and that of the whole run without
 * one.
 */
export const progressLine = (now: Sample, previous: Sample | undefined): string => {
  const rate = perSecond(
    now.records - (previous?.records ?? 0),
    now.elapsedMs - (previous?.elapsedMs ?? 0)
  )
  const outcome =
    now.keys === undefined
      ? [`${count(now.delivered)} delivered`]
      : [`${count(now.keys.open)} open`, `${count(now.keys.completed)} completed`]
  return [
    duration(now.elapsedMs),
    `${count(now.records)} records`,
    `${count(rate)}/s`,
    ...outcome,
    `${bytes(now.rssBytes)} RSS`
  ].join("  ")
}

/**
 * Shows the progress of a run until the scope closes; the last sample is shown too where lines are
 * plain, so that even a short run leaves one.
 */
export const follow = (
  running: Pick<Engine.RunningPipeline, "inspectAll">,
  line: StatusLine,
  intervalMs: number,
  label: string
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const started = yield* Clock.monotonicTimeNanos
    let previous: Sample | undefined
    const show = Effect.gen(function* () {
      const elapsedMs = Number((yield* Clock.monotonicTimeNanos) - started) / 1e6
      const now = sample(running.inspectAll(), elapsedMs, process.memoryUsage.rss())
      line.show(`${label}  ${progressLine(now, previous)}`)
      previous = now
    })
    const showTotals = Effect.andThen(
      Effect.sync(() => {
        previous = undefined
      }),
      show
    )
    yield* Effect.addFinalizer(() => Effect.andThen(showTotals, Effect.sync(line.close)))
    yield* Effect.sleep(intervalMs).pipe(Effect.andThen(show), Effect.forever, Effect.forkScoped)
  })
