// A module's parameters as flags of the command.
import type * as Parameters from "@sluice/core/Parameters"
import { flagName, mismatch } from "@sluice/core/Parameters"
import * as Flag from "effect/cli/Flag"

type ParameterFlag = Flag.Flag<string> | Flag.Flag<number> | Flag.Flag<boolean>

const described = (parameter: Parameters.Parameter): string => {
  const shown = parameter.default === "" ? "none" : String(parameter.default)
  return `${parameter.description} (default: ${shown})`
}

const integerFlag = (name: string, parameter: Parameters.IntegerParameter): Flag.Flag<number> =>
  Flag.Int(name).pipe(
    Flag.filter(
      (value) => mismatch(parameter, value) === undefined,
      (value) => mismatch(parameter, value) ?? ""
    ),
    Flag.withDescription(described(parameter)),
    Flag.withDefault(parameter.default)
  )

const parameterFlag = (name: string, parameter: Parameters.Parameter): ParameterFlag => {
  switch (parameter.type) {
    case "integer":
      return integerFlag(name, parameter)
    case "boolean":
      return Flag.Boolean(name).pipe(
        Flag.withDescription(described(parameter)),
        Flag.withDefault(parameter.default)
      )
    case "choice":
      return Flag.Literals(name, parameter.choices).pipe(
        Flag.withDescription(described(parameter)),
        Flag.withDefault(parameter.default)
      )
    case "string":
      return Flag.String(name).pipe(
        Flag.withDescription(described(parameter)),
        Flag.withDefault(parameter.default)
      )
  }
}

/** Flags for the parameters, under the parameters' own names. */
export const parameterFlags = (
  parameters: Parameters.Parameters
): Readonly<Record<string, ParameterFlag>> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [
      name,
      parameterFlag(flagName(name), parameter)
    ])
  )

/** Names of the flags, as they are typed. */
export const parameterFlagNames = (parameters: Parameters.Parameters): ReadonlyArray<string> =>
  Object.keys(parameters).map(flagName)
