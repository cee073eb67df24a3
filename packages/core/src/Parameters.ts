// What a pipeline module may be asked on the command line: parameters as plain data, and their
// typed values. Depends on nothing and runs nothing; the `sluice` command turns the declarations
// into flags.

/** Any text. */
export interface StringParameter {
  readonly type: "string"
  readonly default: string
  readonly description: string
}

/** A whole number, optionally within bounds (inclusive). */
export interface IntegerParameter {
  readonly type: "integer"
  readonly default: number
  readonly description: string
  readonly min?: number
  readonly max?: number
}

/** A switch: `--name` and `--no-name`. */
export interface BooleanParameter {
  readonly type: "boolean"
  readonly default: boolean
  readonly description: string
}

/** One of a fixed set of words. */
export interface ChoiceParameter<Choice extends string = string> {
  readonly type: "choice"
  readonly choices: ReadonlyArray<Choice>
  readonly default: Choice
  readonly description: string
}

/** One parameter of a pipeline module. */
export type Parameter = StringParameter | IntegerParameter | BooleanParameter | ChoiceParameter

/**
 * The parameters of a module: camelCase name → declaration; `completeBy` becomes the flag
 * `--complete-by`.
 */
export type Parameters = Readonly<Record<string, Parameter>>

/** Type of one parameter's value. */
export type ValueOf<P extends Parameter> =
  P extends ChoiceParameter<infer Choice>
    ? Choice
    : P extends IntegerParameter
      ? number
      : P extends BooleanParameter
        ? boolean
        : string

/** The values a module's function gets, typed from its declarations. */
export type ParametersOf<P extends Parameters> = { readonly [Name in keyof P]: ValueOf<P[Name]> }

/**
 * Declares the parameters of a pipeline module.
 *
 * Shape: returns its argument, with the choices kept as literal types. Export it as `parameters`;
 * the module's default export is then a function of `ParametersOf<typeof parameters>`.
 * Errors: none here; `problems` lists what is wrong with a declaration, and the command refuses it.
 *
 * @example
 * ```ts
 * import * as Parameters from "@sluice/core/Parameters"
 *
 * export const parameters = Parameters.define({
 *   mode: { type: "choice", choices: ["slots", "count"], default: "slots", description: "Rule" },
 *   keys: { type: "integer", default: 100, min: 1, description: "Number of keys" }
 * })
 *
 * export const describe = (values: Parameters.ParametersOf<typeof parameters>): string =>
 *   `${values.keys} keys, mode ${values.mode}`
 * ```
 */
export const define = <const P extends Parameters>(parameters: P): P => parameters

/** The default of every parameter: what a function gets when nothing was given. */
export const defaults = <P extends Parameters>(parameters: P): ParametersOf<P> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [name, parameter.default])
  ) as ParametersOf<P>

/** Name of a parameter's flag, without the dashes: `completeBy` → `complete-by`. */
export const flagName = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const namePattern = /^[a-z][a-zA-Z0-9]*$/

/** Why a value does not fit its parameter, or undefined when it does. */
export const mismatch = (parameter: Parameter, value: unknown): string | undefined => {
  switch (parameter.type) {
    case "string":
      return typeof value === "string" ? undefined : "a text is expected"
    case "boolean":
      return typeof value === "boolean" ? undefined : "true or false is expected"
    case "choice":
      return parameter.choices.some((choice) => choice === value)
        ? undefined
        : `one of ${parameter.choices.join(", ")} is expected`
    case "integer":
      return integerMismatch(parameter, value)
  }
}

const integerMismatch = (parameter: IntegerParameter, value: unknown): string | undefined => {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = parameter
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) {
    return undefined
  }
  const from = parameter.min === undefined ? "" : ` from ${parameter.min}`
  const to = parameter.max === undefined ? "" : ` up to ${parameter.max}`
  return `a whole number${from}${to} is expected`
}

const typeNames: ReadonlySet<string> = new Set(["string", "integer", "boolean", "choice"])

const problemOf = (name: string, parameter: unknown): string | undefined => {
  if (!namePattern.test(name)) {
    return `parameter "${name}": a name is letters and digits in camelCase, e.g. completeBy`
  }
  if (typeof parameter !== "object" || parameter === null) {
    return `parameter "${name}" is no declaration; write { type, default, description }`
  }
  const declared = parameter as { readonly [K in keyof ChoiceParameter]?: unknown }
  if (typeof declared.type !== "string" || !typeNames.has(declared.type)) {
    const given = JSON.stringify(declared.type)
    return `parameter "${name}": its type is ${given}; use ${[...typeNames].join(", ")}`
  }
  if (
    declared.type === "choice" &&
    !(Array.isArray(declared.choices) && declared.choices.length > 0)
  ) {
    return `parameter "${name}": a choice needs a non-empty list of choices`
  }
  const reason = mismatch(parameter as Parameter, declared.default)
  return reason === undefined
    ? undefined
    : `parameter "${name}": its default ${JSON.stringify(declared.default)} does not fit, ${reason}`
}

/**
 * Everything wrong with what a module exports as `parameters`, one message each; empty when it is
 * sound. Takes any value, since the module may be plain JavaScript.
 */
export const problems = (parameters: unknown): ReadonlyArray<string> => {
  if (typeof parameters !== "object" || parameters === null || Array.isArray(parameters)) {
    return ["`parameters` is no record of declarations; build it with Parameters.define({ … })"]
  }
  return Object.entries(parameters)
    .map(([name, parameter]) => problemOf(name, parameter))
    .filter((problem) => problem !== undefined)
}
