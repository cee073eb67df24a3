// What the command line asks for, parsed and checked: one tagged value per command.

/** What all commands that read a module share. */
export interface ModuleInvocation {
  /** Path of the module as it was typed. */
  readonly file: string
  /** Values of the module's own parameters, defaults filled in. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Show causes and stacks. */
  readonly verbose: boolean
}

/** Engines the command can run a pipeline on. */
export const engineNames = ["async", "sync"] as const
/** Name of an engine. */
export type EngineName = (typeof engineNames)[number]

/** Formats `sluice graph` can print. */
export const graphFormats = ["mermaid", "dot", "json", "svg"] as const
/** Name of a graph format. */
export type GraphFormat = (typeof graphFormats)[number]

/** `sluice run`. */
export interface RunInvocation extends ModuleInvocation {
  readonly _tag: "Run"
  readonly engine: EngineName
  readonly seed: string | undefined
  readonly requireComplete: boolean
  readonly json: boolean
  readonly quiet: boolean
  readonly deadLetters: string | undefined
  readonly trace: string | undefined
  /** Undefined: chosen by what stderr is. */
  readonly progressIntervalMs: number | undefined
  readonly batchSize: number | undefined
  /** Incomplete keys listed by name. */
  readonly openKeys: number
  /** File of the policies that stages take by name; followed while the run goes on. */
  readonly policies: string | undefined
  /** Show who held whom back. */
  readonly blame: boolean
  /** Where Prometheus may ask while the run goes on. */
  readonly metrics: Listen | undefined
  /** Base URL of an OpenTelemetry collector. */
  readonly otlp: string | undefined
  /** Names of fields whose values are shown nowhere. */
  readonly redact: ReadonlyArray<string>
}

/** An address to listen on; without a host every interface of the machine. */
export interface Listen {
  readonly host: string
  readonly port: number
}

/** `sluice graph`. */
export interface GraphInvocation extends ModuleInvocation {
  readonly _tag: "Graph"
  readonly format: GraphFormat
  /** File to write; standard output when undefined. */
  readonly output: string | undefined
}

/** `sluice explain`. */
export interface ExplainInvocation extends ModuleInvocation {
  readonly _tag: "Explain"
  /** The engine the plan is made for. */
  readonly engine: EngineName
}

/** `sluice test`. */
export interface TestInvocation extends ModuleInvocation {
  readonly _tag: "Test"
  /** YAML file with the cases; undefined: those of the module, or of the file beside it. */
  readonly cases: string | undefined
}

/** What to do. */
export type Invocation = RunInvocation | GraphInvocation | ExplainInvocation | TestInvocation
