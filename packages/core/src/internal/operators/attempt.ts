// One call of a user function that may be asynchronous, with the stage's timeout and retries around
// it. Fails with what was tried and why it failed, never with a defect; interruption passes
// through.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as DeadLetter from "../../DeadLetter.ts"
import type * as Graph from "../../Graph.ts"
import * as Policy from "../../Policy.ts"
import { functionOf } from "../erased.ts"
import type { CallGuard } from "../runtime/callGuard.ts"

/**
 * Why one attempt failed: `recoverable` for a failure or a timeout, `non-recoverable` for an
 * exception.
 */
export interface Failed {
  readonly cause: unknown
  readonly kind: DeadLetter.FailureKind
}

/** The last attempt's failure and how many attempts there were. */
export interface Attempted extends Failed {
  readonly _tag: "Attempted"
  readonly attempts: number
}

/** A call that was interrupted because it took longer than the stage's timeout. */
export class TimedOut extends Error {
  override readonly name = "TimedOut"
  constructor(stageId: string, timeoutMs: number) {
    super(
      `stage "${stageId}" took longer than ${timeoutMs} ms and was given up by rule T4; ` +
        "raise its timeout or make it faster"
    )
  }
}

/** An effect whose requirements the run's context provides. */
export type UserEffect = Effect.Effect<unknown, unknown>

const backoffMsMaxDefault = 60_000

/** Wait before retry number `n` (1-based), before jitter. */
export const backoffMs = (policy: Policy.RetryPolicy, n: number): number =>
  Math.min(
    policy.backoffMs * (policy.factor ?? 2) ** (n - 1),
    policy.backoffMsMax ?? backoffMsMaxDefault
  )

/** Waits before retry number `n`. */
export const pause = (policy: Policy.RetryPolicy, n: number): Effect.Effect<void> =>
  Effect.flatMap(Random.next, (draw) => Effect.sleep(backoffMs(policy, n) * (0.8 + 0.4 * draw)))

/** Turns a failed run of a user effect into its reason: the failure, else the defect. */
export const reasonOf = (cause: Cause.Cause<unknown>): unknown => Cause.squash(cause)

/**
 * What a failed user effect comes to. An effect that interrupted itself is a failure too; a handler
 * never sees the interruption of the run, which skips it.
 */
export const failedOf = (cause: Cause.Cause<unknown>): Failed => ({
  cause: reasonOf(cause),
  kind:
    DeadLetter.kindOf(reasonOf(cause)) ??
    (Cause.hasFails(cause) ? "recoverable" : "non-recoverable")
})

const settle = (once: () => UserEffect): Effect.Effect<unknown, Failed> =>
  Effect.catchCause(Effect.suspend(once), (cause) => Effect.fail(failedOf(cause)))

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

/** Runs `once` under the timeout of the stage. */
export const tryOnce = (
  node: Graph.StageNode,
  once: () => UserEffect
): Effect.Effect<unknown, Failed> => {
  const { id, timeoutMs } = node
  if (timeoutMs === undefined) return settle(once)
  return Effect.timeoutOrElse(settle(once), {
    duration: timeoutMs,
    orElse: () => Effect.fail<Failed>({ cause: new TimedOut(id, timeoutMs), kind: "recoverable" })
  })
}

/** Bounds all attempts of a record together. */
const bounded = (
  node: Graph.StageNode,
  attempts: Effect.Effect<unknown, Attempted>,
  deadlineMs: number | undefined,
  tried: () => number
): Effect.Effect<unknown, Attempted> => {
  if (deadlineMs === undefined) return attempts
  return Effect.timeoutOrElse(attempts, {
    duration: deadlineMs,
    orElse: () =>
      Effect.fail<Attempted>({
        _tag: "Attempted",
        cause: new TimedOut(node.id, deadlineMs),
        kind: "recoverable",
        attempts: tried()
      })
  })
}

/**
 * Runs `once` under the timeout, the guard, the retries and the deadline of the stage; `payload` is
 * the record it is for, where it is for one.
 */
export const attempt = (
  node: Graph.StageNode,
  once: () => UserEffect,
  guard?: CallGuard | undefined,
  payload?: unknown
): Effect.Effect<unknown, Attempted> => {
  const bare = tryOnce(node, once)
  const trial = guard === undefined ? bare : guard.call(bare, payload)
  const { errorPolicy } = node
  let tried = 1
  const from = (n: number): Effect.Effect<unknown, Attempted> =>
    Effect.catch(trial, (failed) => {
      tried = n
      const policy = Policy.forKind(errorPolicy, failed.kind)
      return policy._tag === "Retry" && n <= policy.retriesMax
        ? Effect.flatMap(pause(policy, n), () => from(n + 1))
        : Effect.fail<Attempted>({ _tag: "Attempted", ...failed, attempts: n })
    })
  return bounded(node, from(1), guard?.deadlineMs, () => tried)
}
