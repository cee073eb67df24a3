// One call of a user function that may be asynchronous, with the stage's timeout and retries around it.
// Fails with what was tried and why it failed, never with a defect; interruption passes through.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Graph from "../../Graph.ts"
import type * as Policy from "../../Policy.ts"
import { functionOf } from "../erased.ts"

/** The last attempt's cause and how many there were. */
export interface Attempted {
  readonly _tag: "Attempted"
  readonly cause: unknown
  readonly attempts: number
}

/** An effect whose requirements the run's context provides. */
export type UserEffect = Effect.Effect<unknown, unknown>

const backoffMsMaxDefault = 60_000

/** Wait before retry number `n` (1-based), before jitter. */
export const backoffMs = (policy: Policy.RetryPolicy, n: number): number =>
  Math.min(policy.backoffMs * (policy.factor ?? 2) ** (n - 1), policy.backoffMsMax ?? backoffMsMaxDefault)

const pause = (policy: Policy.RetryPolicy, n: number): Effect.Effect<void> =>
  Effect.flatMap(Random.next, (draw) => Effect.sleep(backoffMs(policy, n) * (0.8 + 0.4 * draw)))

/** Turns a failed run of a user effect into its reason: the failure, else the defect. */
export const reasonOf = (cause: Cause.Cause<unknown>): unknown => Cause.squash(cause)

const settle = (once: () => UserEffect): Effect.Effect<unknown, unknown> =>
  Effect.catchCause(Effect.suspend(once), (cause) =>
    Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause) : Effect.fail(reasonOf(cause))
  )

/** What the function of an effectful stage returns, made an Effect. */
export const callOf = (node: Graph.StageNode, payload: unknown): (() => UserEffect) => {
  const f = functionOf(node)
  if (node.operation._tag === "MapPromise") {
    return () =>
      Effect.tryPromise({ try: async (signal) => f(payload, signal), catch: (cause) => cause })
  }
  return () => {
    const result = f(payload)
    return Effect.isEffect(result) ? (result as UserEffect) : Effect.succeed(result)
  }
}

/** Runs `once` under the timeout and retry policy of the stage. */
export const attempt = (
  node: Graph.StageNode,
  once: () => UserEffect
): Effect.Effect<unknown, Attempted> => {
  const timeoutMs = node.timeoutMs
  const timed =
    timeoutMs === undefined
      ? settle(once)
      : Effect.timeoutOrElse(settle(once), {
          duration: timeoutMs,
          orElse: () => Effect.fail(new Error(`stage "${node.id}" took longer than ${timeoutMs} ms; raise its timeout or make it faster`))
        })
  const policy = node.errorPolicy
  const retriesMax = policy._tag === "Retry" ? policy.retriesMax : 0
  const from = (n: number): Effect.Effect<unknown, Attempted> =>
    Effect.catch(timed, (cause) =>
      policy._tag === "Retry" && n <= retriesMax
        ? Effect.flatMap(pause(policy, n), () => from(n + 1))
        : Effect.fail<Attempted>({ _tag: "Attempted", cause, attempts: n })
    )
  return from(1)
}
