// The commands and their flags. Handlers only record what was asked for; nothing runs in here.
import type * as Parameters from "@sluice/core/Parameters"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { parseInterval } from "./interval.ts"
import type { Invocation } from "./invocation.ts"
import { engineNames, graphFormats } from "./invocation.ts"
import { parseCollector, parseListen } from "./listen.ts"
import { parameterFlags } from "./parameterFlags.ts"

const openKeysDefault = 50
const openKeysMax = 1_000_000
/** The most an engine takes. */
const batchSizeMax = 65_536

const file = Argument.String("file").pipe(
  Argument.withDescription(
    "Module whose default export is a pipeline, a list of them, or a function that makes one"
  )
)

const verbose = Flag.Boolean("verbose").pipe(
  Flag.withDescription("Show the cause and the stack behind an error"),
  Flag.withDefault(false)
)

const optionalText = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.optional
  )

const switchFlag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

const boundedInt = (name: string, min: number, max: number, description: string) =>
  Flag.Int(name).pipe(
    Flag.filter(
      (value) => value >= min && value <= max,
      () => `a whole number from ${min} to ${max} is expected`
    ),
    Flag.withDescription(description)
  )

const engineFlag = Flag.Literals("engine", engineNames).pipe(
  Flag.withDescription("Engine to run on (default: async)"),
  Flag.withDefault("async" as const)
)

const runFlags = {
  engine: engineFlag,
  seed: optionalText("seed", "text", "Seed of Random and of how the stages interleave"),
  requireComplete: switchFlag(
    "require-complete",
    "Exit code 4 when keys were left partial or open"
  ),
  json: switchFlag("json", "Print the result as one line of JSON per pipeline"),
  quiet: switchFlag("quiet", "No progress").pipe(Flag.withAlias("q")),
  deadLetters: optionalText("dead-letters", "file", "Write every dead letter to a file, NDJSON"),
  trace: optionalText("trace", "file", "Write the events of the run to a file, NDJSON"),
  progressInterval: Flag.String("progress-interval").pipe(
    Flag.withMetavar("time"),
    Flag.filter(
      (text) => parseInterval(text) !== undefined,
      () => "a time span such as 500ms, 2s or 1m is expected"
    ),
    Flag.withDescription("Time between two progress lines (default: 200ms on a terminal, else 2s)"),
    Flag.optional
  ),
  batchSize: boundedInt(
    "batch-size",
    1,
    batchSizeMax,
    "Largest batch handed between stages, in records (default: the engine's)"
  ).pipe(Flag.optional),
  openKeys: boundedInt(
    "open-keys",
    0,
    openKeysMax,
    `Incomplete keys listed by name (default: ${openKeysDefault})`
  ).pipe(Flag.withDefault(openKeysDefault)),
  policies: optionalText(
    "policies",
    "file",
    "Policies that stages take by name, JSON or YAML; read again whenever the file changes"
  ),
  blame: switchFlag("blame", "Show who held whom back, as a tree"),
  metrics: Flag.String("metrics").pipe(
    Flag.withMetavar("address"),
    Flag.filter(
      (text) => parseListen(text) !== undefined,
      () => "an address such as :9464 or localhost:9464 is expected"
    ),
    Flag.withDescription("Serve the metrics of the stages to Prometheus while the run goes on"),
    Flag.optional
  ),
  otlp: Flag.String("otlp").pipe(
    Flag.withMetavar("url"),
    Flag.filter(
      (text) => parseCollector(text) !== undefined,
      () => "the base URL of a collector is expected, such as http://localhost:4318"
    ),
    Flag.withDescription("Export metrics, spans and logs to an OpenTelemetry collector"),
    Flag.optional
  ),
  redact: optionalText(
    "redact",
    "fields",
    "Fields whose values are shown nowhere, separated by commas"
  )
}

const namesIn = (text: string | undefined): ReadonlyArray<string> =>
  (text ?? "").split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]))

const runCommand = (parameters: Parameters.Parameters, ask: (invocation: Invocation) => void) =>
  Command.make(
    "run",
    { file, ...runFlags, verbose, parameters: parameterFlags(parameters) },
    ({ seed, deadLetters, trace, progressInterval, batchSize, ...flags }) =>
      Effect.sync(() => {
        const { metrics, otlp, redact, policies } = flags
        const interval = Option.getOrUndefined(progressInterval)
        ask({
          _tag: "Run",
          ...flags,
          seed: Option.getOrUndefined(seed),
          deadLetters: Option.getOrUndefined(deadLetters),
          trace: Option.getOrUndefined(trace),
          progressIntervalMs: interval === undefined ? undefined : parseInterval(interval),
          batchSize: Option.getOrUndefined(batchSize),
          policies: Option.getOrUndefined(policies),
          metrics: Option.isSome(metrics) ? parseListen(metrics.value) : undefined,
          otlp: Option.isSome(otlp) ? parseCollector(otlp.value) : undefined,
          redact: namesIn(Option.getOrUndefined(redact))
        })
      })
  ).pipe(
    Command.withDescription("Run the pipelines of a module and print what came of them"),
    Command.withExamples([
      { command: "sluice run pipeline.ts" },
      { command: "sluice run pipeline.ts --engine sync --seed 7 --require-complete" },
      { command: "sluice run pipeline.ts --json --dead-letters failed.ndjson" },
      { command: "sluice run pipeline.ts --metrics :9464 --otlp http://localhost:4318" }
    ])
  )

const formatOf = (
  format: Option.Option<(typeof graphFormats)[number]>,
  output: string | undefined
) =>
  Option.getOrElse(format, () => {
    const extension = output === undefined ? "" : output.slice(output.lastIndexOf(".") + 1)
    const named = extension === "mmd" ? "mermaid" : extension === "gv" ? "dot" : extension
    return graphFormats.find((name) => name === named) ?? "mermaid"
  })

const graphCommand = (parameters: Parameters.Parameters, ask: (invocation: Invocation) => void) =>
  Command.make(
    "graph",
    {
      file,
      format: Flag.Literals("format", graphFormats).pipe(
        Flag.withDescription("Format (default: that of the output's extension, else mermaid)"),
        Flag.optional
      ),
      output: optionalText("output", "file", "Write to a file instead of standard output").pipe(
        Flag.withAlias("o")
      ),
      verbose,
      parameters: parameterFlags(parameters)
    },
    ({ format, output, ...flags }) =>
      Effect.sync(() => {
        const target = Option.getOrUndefined(output)
        ask({ _tag: "Graph", ...flags, format: formatOf(format, target), output: target })
      })
  ).pipe(
    Command.withDescription("Print the graph of a module's pipelines; nothing is run"),
    Command.withExamples([
      { command: "sluice graph pipeline.ts" },
      { command: "sluice graph pipeline.ts --output pipeline.svg" }
    ])
  )

const explainCommand = (parameters: Parameters.Parameters, ask: (invocation: Invocation) => void) =>
  Command.make(
    "explain",
    { file, engine: engineFlag, verbose, parameters: parameterFlags(parameters) },
    (flags) => Effect.sync(() => ask({ _tag: "Explain", ...flags }))
  ).pipe(
    Command.withDescription(
      "Print the plan: segments, fused stages, engines, and why; nothing is run"
    )
  )

const testCommand = (parameters: Parameters.Parameters, ask: (invocation: Invocation) => void) =>
  Command.make(
    "test",
    {
      file,
      cases: optionalText("cases", "file", "YAML file with the cases (default: beside the module)"),
      verbose,
      parameters: parameterFlags(parameters)
    },
    ({ cases, ...flags }) =>
      Effect.sync(() => ask({ _tag: "Test", ...flags, cases: Option.getOrUndefined(cases) }))
  ).pipe(
    Command.withDescription("Run the given-when-then cases of a module's pipeline; nothing sleeps"),
    Command.withExamples([
      { command: "sluice test pipeline.ts" },
      { command: "sluice test pipeline.ts --cases more.yaml" }
    ])
  )

/** The whole command, with a module's parameters as flags; `ask` gets what was asked for. */
export const commandTree = (
  parameters: Parameters.Parameters,
  ask: (invocation: Invocation) => void
) =>
  Command.make("sluice").pipe(
    Command.withDescription("Run, draw, explain and test streaming pipelines"),
    Command.withSubcommands([
      runCommand(parameters, ask),
      graphCommand(parameters, ask),
      explainCommand(parameters, ask),
      testCommand(parameters, ask)
    ])
  )

/** Flags of the commands by name; a module's parameter may not take one of these. */
export const reservedFlags: ReadonlyArray<string> = [
  "engine",
  "seed",
  "require-complete",
  "json",
  "quiet",
  "dead-letters",
  "trace",
  "progress-interval",
  "batch-size",
  "open-keys",
  "policies",
  "blame",
  "metrics",
  "otlp",
  "redact",
  "format",
  "output",
  "cases",
  "verbose",
  "help",
  "version",
  "completions"
]
