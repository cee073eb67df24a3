// Keeps configured fields out of everything a run says about itself: logs, spans, events, error
// messages, kept dead letters, what the command prints. Records on their way through the pipeline,
// and dead letters handed to `onDeadLetters`, are data and stay as they are.
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type * as DeadLetter from "./DeadLetter.ts"
import { maskText, maskValue } from "./internal/redaction/mask.ts"
import { compileRules } from "./internal/redaction/rules.ts"
import type { Secrets } from "./internal/redaction/secrets.ts"
import { secretsOf } from "./internal/redaction/secrets.ts"

/** What is secret. */
export interface RedactionOptions {
  /**
   * Names of fields, at any depth and in any case; `card.number` is a field `number` inside a field
   * `card`. Headers count as fields.
   */
  readonly fields: ReadonlyArray<string>
  /** What is masked in any text, for instance `/\b\d{16}\b/`. */
  readonly patterns?: ReadonlyArray<RegExp>
  /**
   * Keys of accumulators may be shown. Default false: a key is often the very field that is secret,
   * and does not tell which field it came from.
   */
  readonly keysShown?: boolean
  /** What stands in place of a secret; default `[redacted]`. */
  readonly mark?: string
}

/** Masks secrets in whatever is about to be shown. The functions are pure and never throw. */
export interface Redaction {
  /** A copy without secrets. */
  readonly value: (value: unknown) => unknown
  /** The text without secrets: those of `context`, quoted whole or in part, pairs and patterns. */
  readonly text: (text: string, ...context: ReadonlyArray<unknown>) => string
  /** A copy of `value` that quotes no secret of `context` either. */
  readonly quoting: (value: unknown, ...context: ReadonlyArray<unknown>) => unknown
  /** A dead letter as it may be shown; `context` is what its cause may quote besides the record. */
  readonly letter: (
    letter: DeadLetter.DeadLetter,
    ...context: ReadonlyArray<unknown>
  ) => DeadLetter.DeadLetter
  /** A key as it may be shown. */
  readonly key: (key: unknown) => unknown
  /**
   * The same, with the secrets of what `around` returns known too: the records under way, which a
   * message may quote without naming a field. Each value is looked through once, when first needed.
   */
  readonly within: (around: () => ReadonlyArray<object>) => Redaction
}

const markDefault = "[redacted]"

/**
 * Compiles a redaction.
 *
 * Shape: the value of a named field is replaced whatever it is; text that quotes such a value, or
 * six characters of it in a row, is masked there; `name: value` and `name=value` in text are masked
 * too. An Effect `Redacted` counts as secret without being named.
 * Flow: a run knows the secrets of the records under way, so a message that a later stage writes is
 * masked too although the field is gone by then.
 * Limits: values under 3 characters are masked in their fields only. A secret cut out of a line of
 * CSV, or kept by a stage and told of much later, is not known as one: give a pattern, or wrap the
 * value in `Redacted`. Values nested deeper than 32 are masked whole. Bytes are shown as their
 * number. Once something is to be shown, each batch under way is looked through: some
 * microseconds a record.
 *
 * @example
 * ```ts
 * import * as Redaction from "@sluice/core/Redaction"
 *
 * const redaction = Redaction.make({ fields: ["password"] })
 * redaction.value({ user: "ann", password: "hunter2" }) // { user: "ann", password: "[redacted]" }
 * redaction.text("no such login: hunter2", { password: "hunter2" }) // "no such login: [redacted]"
 * ```
 */
export const make = (options: RedactionOptions): Redaction => {
  const mark = options.mark ?? markDefault
  const rules = compileRules(options.fields, options.patterns ?? [], mark)
  const secretKeys = options.keysShown !== true
  const known = new WeakMap<object, Secrets>()
  const secretsIn = (value: object): Secrets => {
    const found = known.get(value) ?? secretsOf(rules, [value])
    known.set(value, found)
    return found
  }
  const redactionIn = (around: () => ReadonlyArray<object>): Redaction => {
    const secretsWith = (
      context: ReadonlyArray<unknown>,
      whole: ReadonlyArray<unknown> = []
    ): ReadonlyArray<Secrets> => [secretsOf(rules, context, whole), ...around().map(secretsIn)]
    const quoting: Redaction["quoting"] = (value, ...context) =>
      maskValue(rules, value, secretsWith([value, ...context]))
    return {
      value: (value) => quoting(value),
      quoting,
      text: (text, ...context) => maskText(rules, text, secretsWith([text, ...context])),
      letter: (letter, ...context) => {
        const { payload, headers, cause, key } = letter
        const around = [payload, headers, cause, key, ...context]
        const secrets = secretsWith(around, secretKeys ? [key] : [])
        const shown = maskValue(rules, { ...letter }, secrets) as DeadLetter.DeadLetter
        return secretKeys && key !== undefined ? { ...shown, key: mark } : shown
      },
      key: (key) => (secretKeys ? mark : quoting(key)),
      within: redactionIn
    }
  }
  return redactionIn(() => [])
}

/** The redaction of the runs started in this context; undefined: nothing is secret. */
export const Current: Context.Reference<Redaction | undefined> = Context.Reference<
  Redaction | undefined
>("@sluice/core/Redaction", { defaultValue: () => undefined })

/** Sets the redaction for every run started under it. */
export const layer = (options: RedactionOptions): Layer.Layer<never> =>
  Layer.succeed(Current, make(options))
