// What a conformance rule is: its id, a title, and a body that fails when a subject breaks it.
// Bodies are effects, so that vitest, a meta-test or any other runner can call them. Each ends
// within a bounded number of turns of the event loop: a subject that hangs fails.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"

/** One test of one rule of the contract, for subjects of type `S`. */
export interface Rule<in S> {
  /** Id in `specs/contract.md`, e.g. `D1`. */
  readonly rule: string
  readonly title: string
  /** True: it binds those that have what it is about; an engine without it skips the rule. */
  readonly optional?: boolean
  /** False: the subject does not claim what this rule is about, so the test does not apply. */
  readonly applies?: (subject: S) => boolean
  readonly run: (subject: S) => Effect.Effect<void, unknown, Scope.Scope>
}

/** Ends a body: the subject broke its rule, and this is how. */
export class Violation extends Error {
  override readonly name = "Violation"
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value, (_, inner) => (inner === undefined ? "undefined" : inner))
  return text === undefined ? String(value) : text.slice(0, 400)
}

/** Fails unless it holds. */
export const holds = (condition: boolean, what: string): void => {
  if (!condition) throw new Violation(what)
}

/** Fails unless both are equal by content. */
export const equal = (actual: unknown, expected: unknown, what: string): void => {
  if (Equal.equals(actual, expected)) return
  throw new Violation(`${what}: expected ${shown(expected)}, got ${shown(actual)}`)
}

/** Turns of the event loop a body may take unless said otherwise. */
export const turnsDefault = 20_000

const failed = (rule: string, detail: string): Effect.Effect<never, Violation> =>
  Effect.fail(new Violation(`rule ${rule} is broken: ${detail}`))

const textOf = (cause: Cause.Cause<unknown>): string => {
  const reason = Cause.squash(cause)
  return reason instanceof Error ? reason.message : shown(reason)
}

/**
 * Runs a rule's body.
 *
 * Errors: `Violation` names the rule and what was seen, also when the body did not end in `turns`
 * turns of the event loop; then nobody waits for it any longer.
 */
export const check = <S>(
  rule: Rule<S>,
  subject: S,
  turns: number = turnsDefault
): Effect.Effect<void, Violation> =>
  Effect.gen(function* () {
    const body = Effect.scoped(Effect.suspend(() => rule.run(subject)))
    const fiber = yield* Effect.forkDetach(body)
    for (let turn = 0; turn < turns && fiber.pollUnsafe() === undefined; turn++) {
      yield* Effect.yieldNow
    }
    const exit = fiber.pollUnsafe()
    if (exit === undefined) {
      fiber.interruptUnsafe()
      return yield* failed(rule.rule, `"${rule.title}" did not end in ${turns} turns`)
    }
    if (Exit.isFailure(exit)) return yield* failed(rule.rule, textOf(exit.cause))
  })
