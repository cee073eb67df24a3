// The policies of --policies, read again whenever the file changes, and who carries out what a
// pipeline or a policy describes as plain data. What is not asked for is not loaded.
import type * as Graph from "@sluice/core/Graph"
import type * as Policies from "@sluice/core/Policies"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { CliFailure } from "./failure.ts"
import { usage } from "./failure.ts"

/** The registry of a policy file; `say` is told of every change, taken or refused. */
export const policiesOf = (
  file: string | undefined,
  say: (text: string) => void
): Effect.Effect<Policies.Policies | undefined, CliFailure, Scope.Scope> =>
  Effect.gen(function* () {
    if (file === undefined) return undefined
    const PolicyFile = yield* Effect.promise(() => import("@sluice/core/node/PolicyFile"))
    const told = (text: string): Effect.Effect<void> => Effect.sync(() => say(`sluice: ${text}\n`))
    const policies = yield* PolicyFile.load(file)
    yield* PolicyFile.watch(
      policies,
      file,
      (problem) => told(problem.message),
      ({ version, origin }) => told(`${origin}: version ${version} of the policies is in force`)
    )
    return policies
  }).pipe(Effect.mapError((problem) => usage(problem.message, problem)))

const needsImplementation = ({ nodes }: Graph.PipelineGraph): boolean =>
  nodes.some(
    ({ backpressure, controls }) =>
      (backpressure !== undefined && controls?.flow === undefined) ||
      (controls?.breaker !== undefined && controls.circuit === undefined)
  )

/** Flow control and circuits, where a graph or a policy leaves open who carries them out. */
export const implementationsOf = (
  graphs: ReadonlyArray<Graph.PipelineGraph>,
  byName: boolean
): Effect.Effect<Layer.Layer<never>> =>
  Effect.promise(async () => {
    if (!byName && !graphs.some(needsImplementation)) return Layer.empty
    const [Flow, CircuitBreaker] = await Promise.all([
      import("@sluice/backpressure/Flow"),
      import("@sluice/backpressure/CircuitBreaker")
    ])
    return Layer.mergeAll(Flow.layer, CircuitBreaker.layer)
  })
