// From a module's default export to the graphs of its pipelines.
import { causeText } from "@sluice/core/DeadLetter"
import type * as Graph from "@sluice/core/Graph"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { graphOf, isPipeline } from "../engine.ts"
import type { CliFailure } from "../failure.ts"
import { failed, usage } from "../failure.ts"
import { didYouMean } from "../nearest.ts"
import type { LoadedModule } from "./load.ts"

const described = (value: unknown): string => {
  if (value === undefined) return "undefined"
  if (value === null) return "null"
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list"
  if (typeof value === "object") {
    const names = Object.keys(value).slice(0, 5)
    return names.length === 0 ? "an empty object" : `an object with ${names.join(", ")}`
  }
  return `a ${typeof value}`
}

const expected =
  "a pipeline closed by a sink, a list of them, or a function (parameters) => pipeline is expected"

const nothingExported = (module: LoadedModule): CliFailure => {
  const names = module.exportNames
  const found = names.length === 0 ? "it exports nothing" : `it exports ${names.join(", ")}`
  return usage(
    `${module.file} has no default export (${found}${didYouMean("default", names)}); ${expected}`
  )
}

const noPipeline = (
  module: LoadedModule,
  value: unknown,
  position: number | undefined
): CliFailure => {
  const what =
    typeof module.exported === "function" ? "the function exported by" : "the default export of"
  const place = position === undefined ? "" : ` at position ${position}`
  return usage(`${what} ${module.file} gives ${described(value)}${place}; ${expected}`)
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function"

/** Waits for what a function returned: a value, a promise, or an effect that needs no services. */
export const settled = (value: unknown): Effect.Effect<unknown, unknown> => {
  if (isPromise(value)) return Effect.tryPromise({ try: () => value, catch: (cause) => cause })
  return Effect.isEffect(value) ? (value as Effect.Effect<unknown, unknown>) : Effect.succeed(value)
}

/**
 * Calls a function of the module; what it throws or fails with becomes the failure `onFailure`
 * makes.
 */
export const callModule = (
  call: () => unknown,
  onFailure: (cause: unknown) => CliFailure
): Effect.Effect<unknown, CliFailure> =>
  Effect.suspend(() => settled(call())).pipe(
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.interrupt
        : Effect.fail(onFailure(Cause.squash(cause)))
    )
  )

const valueOf = (
  module: LoadedModule,
  parameters: Readonly<Record<string, unknown>>
): Effect.Effect<unknown, CliFailure> => {
  const exported = module.exported
  return callModule(
    () => (typeof exported === "function" ? exported(parameters) : exported),
    (cause) =>
      failed(`the pipeline of ${module.file} could not be made: ${causeText(cause)}`, cause)
  )
}

/**
 * The graphs of the module's pipelines, in the order of its list.
 *
 * Errors: exit code 2 when there is no pipeline, 3 when a graph is refused, 1 when the module's
 * function fails.
 */
export const graphs = (
  module: LoadedModule,
  parameters: Readonly<Record<string, unknown>>
): Effect.Effect<ReadonlyArray<Graph.PipelineGraph>, CliFailure> =>
  Effect.gen(function* () {
    if (!module.exportNames.includes("default")) return yield* Effect.fail(nothingExported(module))
    const value = yield* valueOf(module, parameters)
    const listed = Array.isArray(value) && value.length > 0
    const list: ReadonlyArray<unknown> = listed ? value : [value]
    const odd = list.findIndex((item) => !isPipeline(item))
    if (odd !== -1)
      return yield* Effect.fail(noPipeline(module, list[odd], listed ? odd : undefined))
    return yield* Effect.forEach(list.filter(isPipeline), graphOf)
  })
