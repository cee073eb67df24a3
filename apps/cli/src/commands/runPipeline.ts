// One pipeline from start to final table: engine options, progress, signals, the module's report,
// the exit code.
import type * as DeadLetter from "@sluice/core/DeadLetter"
import type * as Engine from "@sluice/core/Engine"
import type * as Graph from "@sluice/core/Graph"
import * as Observer from "@sluice/core/Observer"
import type * as Policies from "@sluice/core/Policies"
import * as Redaction from "@sluice/core/Redaction"
import type { RunReport } from "@sluice/core/RunReport"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { RunInvocation } from "../commandLine/invocation.ts"
import { refused } from "../engine.ts"
import type { ExitCode } from "../exitCode.ts"
import type { CliFailure } from "../failure.ts"
import { messageText } from "../failure.ts"
import type { LoadedModule } from "../module/load.ts"
import { follow } from "../report/progress.ts"
import { deadLetterJson, resultJson } from "../report/resultJson.ts"
import { resultTable } from "../report/resultTable.ts"
import type { RunSummary } from "../report/summary.ts"
import type { Signal } from "../signals.ts"
import { Signals } from "../signals.ts"
import type { OutputFile } from "../terminal/outputFile.ts"
import { Screen } from "../terminal/screen.ts"
import type { StatusLine } from "../terminal/statusLine.ts"
import { silent, statusLine } from "../terminal/statusLine.ts"
import { askReport } from "./askReport.ts"
import type { Ended, Verdict } from "./verdict.ts"
import { verdictOf } from "./verdict.ts"

/** Files the run writes beside its sinks. */
export interface RunFiles {
  readonly deadLetters: OutputFile | undefined
  readonly trace: OutputFile | undefined
}

/** Everything one run needs. */
export interface PipelineRun {
  readonly invocation: RunInvocation
  readonly module: LoadedModule
  readonly files: RunFiles
  readonly engine: Engine.Engine
  readonly graph: Graph.PipelineGraph
  /** The registry of --policies. */
  readonly policies: Policies.Policies | undefined
}

const terminalIntervalMs = 200
const plainIntervalMs = 2_000
const signalsMax = 8

/**
 * Dead letters go to the file as they arise; when it takes no more, the run is aborted rather than
 * its losses hidden.
 */
const writeDeadLetters =
  (file: OutputFile, abort: () => Effect.Effect<void>) =>
  (
    _: ReadonlyArray<DeadLetter.DeadLetter>,
    shown: ReadonlyArray<DeadLetter.DeadLetter>
  ): Effect.Effect<void> =>
    Effect.suspend(() => {
      for (const letter of shown) file.write(`${deadLetterJson(letter)}\n`)
      return file.failure() === undefined ? Effect.void : abort()
    })

const executionOptions = (
  run: PipelineRun,
  abort: () => Effect.Effect<void>
): Engine.ExecutionOptions => {
  const { seed, batchSize, openKeys } = run.invocation
  const { deadLetters, trace } = run.files
  return {
    ...(run.policies === undefined ? {} : { policies: run.policies }),
    openKeysMax: openKeys,
    ...(seed === undefined ? {} : { seed }),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(trace === undefined ? {} : { observer: Observer.lines(trace.write) }),
    ...(deadLetters === undefined ? {} : { onDeadLetters: writeDeadLetters(deadLetters, abort) })
  }
}

const fileFailure = (files: RunFiles): CliFailure | undefined =>
  files.deadLetters?.failure() ?? files.trace?.failure()

/** First signal: drain. Every further one: abort. Returns a reader of the first signal. */
const stopOnSignals = (
  running: Engine.RunningPipeline,
  line: StatusLine
): Effect.Effect<() => Signal | undefined, never, Signals | Scope.Scope> =>
  Effect.gen(function* () {
    const queue = yield* Queue.dropping<Signal>(signalsMax)
    const signals = yield* Signals
    yield* signals.listen((signal) => void Queue.offerUnsafe(queue, signal))
    let first: Signal | undefined
    const stop = Effect.gen(function* () {
      const signal = yield* Queue.take(queue)
      const isFirst = first === undefined
      first ??= signal
      const again = signal === "SIGINT" ? "Ctrl-C" : signal
      line.message(
        isFirst
          ? `sluice: interrupted, draining what was read; ${again} once more aborts`
          : "sluice: aborting"
      )
      yield* running.stop(isFirst ? "graceful" : "abort")
    })
    yield* Effect.forkScoped(Effect.forever(stop))
    return () => first
  })

const execute = (run: PipelineRun): Effect.Effect<Ended, CliFailure, Screen | Signals> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { err } = yield* Screen
      const { quiet, progressIntervalMs } = run.invocation
      const startedAt = yield* Clock.monotonicTimeNanos
      let started: Engine.RunningPipeline | undefined
      const options = executionOptions(run, () => started?.stop("abort") ?? Effect.void)
      const running = yield* Effect.mapError(run.engine.start(run.graph, options), refused)
      started = running
      const line = quiet ? silent(err) : statusLine(err)
      const signal = yield* stopOnSignals(running, line)
      if (!quiet) {
        const interval =
          progressIntervalMs ?? (err.isTerminal ? terminalIntervalMs : plainIntervalMs)
        yield* follow(running, line, interval, run.graph.id)
      }
      const { result, failure } = yield* running.result.pipe(
        Effect.map((completed) => ({ result: completed, failure: undefined })),
        Effect.catch((error) => Effect.succeed({ result: error.result, failure: error }))
      )
      const durationMs = Number((yield* Clock.monotonicTimeNanos) - startedAt) / 1e6
      const blame = run.invocation.blame ? running.blame() : undefined
      return { result, failure, signal: signal(), durationMs, blame }
    })
  )

/** A module's report knows nothing of what must not be shown. */
const shownReport = (
  redaction: Redaction.Redaction | undefined,
  report: RunReport | undefined
): RunReport | undefined => {
  if (redaction === undefined || report === undefined) return report
  const rows = report.rows.map(([label, value]): RunReport["rows"][number] => {
    const shown = redaction.value({ [label]: value }) as Readonly<Record<string, string | number>>
    return [redaction.text(label), Object.values(shown)[0] ?? ""]
  })
  return { ...report, rows }
}

/** Runs one pipeline and prints what came of it. */
export const runPipeline = (
  run: PipelineRun
): Effect.Effect<ExitCode, CliFailure, Screen | Signals> =>
  Effect.gen(function* () {
    const { invocation, files } = run
    const screen = yield* Screen
    const redaction = yield* Redaction.Current
    const ended = yield* execute(run)
    // Read before the module's report, whose memory is not the pipeline's.
    const peakRssBytes = process.resourceUsage().maxRSS * 1_024
    files.deadLetters?.flush()
    files.trace?.flush()
    const unwritten = fileFailure(files)
    const asked = ended.result.status === "completed" && ended.failure === undefined
    const report = asked
      ? yield* Effect.result(askReport(run.module, ended.result, invocation.parameters))
      : Result.succeed(undefined)
    const summary: RunSummary = {
      result: ended.result,
      failure: ended.failure?.message,
      durationMs: ended.durationMs,
      peakRssBytes,
      blame: ended.blame,
      report: shownReport(redaction, Result.getOrUndefined(report))
    }
    const broken = unwritten ?? (Result.isFailure(report) ? report.failure : undefined)
    const demands = { ...invocation, file: run.module.file }
    const verdict: Verdict = broken ?? verdictOf(ended, summary, demands)
    const { exitCode, message, cause } = verdict
    screen.out.write(
      invocation.json
        ? resultJson(summary, invocation.openKeys, exitCode)
        : resultTable(summary, invocation.openKeys, screen.out)
    )
    const { write, paint } = screen.err
    if (message !== undefined) {
      const [text, shown] = [redaction?.text(message) ?? message, redaction?.value(cause) ?? cause]
      write(messageText(text, shown, invocation.verbose, paint))
    }
    return exitCode
  })
