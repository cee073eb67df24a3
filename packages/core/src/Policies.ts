// A registry of named policies: immutable snapshots, each with a version, from a file, from Config
// or from code. Stages take policies by name and follow the registry while they run. A set that is
// refused changes nothing. Reading files is in `node/PolicyFile`.
import * as Config from "effect/Config"
import type * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as registry from "./internal/policies/registry.ts"
import { senseIssues } from "./internal/policies/sense.ts"
import { documentIssues } from "./internal/schemas/documentIssues.ts"
import * as policyFile from "./internal/schemas/policyFile.ts"

/** Named policies of each kind, as they stand in a file; `Schemas.PolicyFile` is the schema. */
export type PolicySet = (typeof policyFile.PolicyFile)["Type"]

/** The kinds of policy a stage can take by name, as they are called in a file. */
export type PolicyKind = "errors" | "flows" | "breakers" | "buffers" | "accumulators"

/** One state of a registry. It never changes: a new one takes its place. */
export interface Snapshot {
  /** 1 for the first, one more with each that took effect. */
  readonly version: number
  readonly policies: PolicySet
  /** Where it came from, e.g. the file's path. */
  readonly origin: string
}

/** One finding in a set of policies. */
export interface PolicyProblem {
  /** Where, e.g. `flows.gentle.ratePerSecond`. */
  readonly path: string
  readonly reason: string
}

/** A set of policies was refused; the snapshot before it stays in force. */
export class PoliciesRefused extends Data.TaggedError("PoliciesRefused")<{
  readonly origin: string
  readonly problems: ReadonlyArray<PolicyProblem>
}> {
  override get message(): string {
    const lines = this.problems.map(({ path, reason }) => `  ${path || "document"}: ${reason}`)
    return (
      `${this.origin}: ${lines.length} finding(s), the policies in force stay:\n` + lines.join("\n")
    )
  }
}

/**
 * A registry.
 *
 * Flow: `update` puts a new snapshot in force, at once for whoever asks; running pipelines take it
 * over between two batches of each stage. `subscribe` is told of each new snapshot, in order.
 */
export interface Policies {
  readonly current: () => Snapshot
  /** Errors: `PoliciesRefused` with every finding; nothing has changed then. */
  readonly update: (policies: unknown, origin?: string) => Effect.Effect<Snapshot, PoliciesRefused>
  /** Answers how to be told no more. */
  readonly subscribe: (listener: (snapshot: Snapshot) => void) => () => void
}

/** The empty set. */
export const none: PolicySet = { version: policyFile.policyFileVersion }

const parse = Schema.decodeUnknownResult(policyFile.PolicyFile)

const frozen = <A>(value: A): A => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value
  for (const part of Object.values(value)) frozen(part)
  return Object.freeze(value)
}

/**
 * A set of policies from parsed JSON or YAML.
 *
 * Errors: `PoliciesRefused` with every place that does not fit the schema, or else every policy
 * that could never work, each with its path and value.
 */
export const decode = (
  document: unknown,
  origin = "policies"
): Result.Result<PolicySet, PoliciesRefused> =>
  Result.flatMap(
    Result.mapError(
      // Keys that mean nothing are typing errors: a policy that is not read protects nobody.
      parse(document, { errors: "all", onExcessProperty: "error" }),
      (error) => new PoliciesRefused({ origin, problems: documentIssues(document, error) })
    ),
    (policies) => {
      const problems = senseIssues(policies)
      return problems.length === 0
        ? Result.succeed(frozen(policies))
        : Result.fail(new PoliciesRefused({ origin, problems }))
    }
  )

/**
 * A registry that starts with these policies.
 *
 * Errors: as `decode`.
 *
 * @example
 * ```ts
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Policies from "@sluice/core/Policies"
 * import * as Sink from "@sluice/core/Sink"
 * import * as Source from "@sluice/core/Source"
 * import * as Effect from "effect/Effect"
 *
 * const pipeline = Pipeline.source("rows", Source.fromIterable([1, 2, 3])).pipe(
 *   Pipeline.mapEffect("price", (n: number) => Effect.succeed(n * 2), {
 *     policies: { onError: "careful" }
 *   }),
 *   Pipeline.sink("store", Sink.drain)
 * )
 *
 * export const program = Effect.gen(function* () {
 *   const policies = yield* Policies.make({
 *     version: 1,
 *     errors: { careful: { _tag: "DeadLetter" } }
 *   })
 *   return yield* Pipeline.run(pipeline, { policies })
 * })
 * ```
 */
export const make = (
  policies: unknown = none,
  origin = "code"
): Effect.Effect<Policies, PoliciesRefused> =>
  Effect.map(Effect.fromResult(decode(policies, origin)), (first): Policies => {
    let snapshot: Snapshot = Object.freeze({ version: 1, policies: first, origin })
    const listeners = new Set<(snapshot: Snapshot) => void>()
    return {
      current: () => snapshot,
      update: (next, from = origin) =>
        Effect.map(Effect.fromResult(decode(next, from)), (decoded) => {
          const version = snapshot.version + 1
          snapshot = Object.freeze({ version, policies: decoded, origin: from })
          for (const listener of [...listeners]) listener(snapshot)
          return snapshot
        }),
      subscribe: (listener) => {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      }
    }
  })

/**
 * Policies from Effect's Config, below `name`, default `policies`: environment variables, a
 * `.env` file, or whatever the provider reads.
 *
 * @example
 * ```ts
 * import * as Policies from "@sluice/core/Policies"
 * import * as Effect from "effect/Effect"
 *
 * export const registry = Effect.flatMap(Policies.config(), (set) => Policies.make(set, "config"))
 * ```
 */
export const config = (name = "policies"): Config.Config<PolicySet> =>
  Config.schema(policyFile.PolicyFile, name)

/** The registry of runs that name none in their options; none by default. */
export const Registry: Context.Reference<Policies | undefined> = registry.Registry

/** The JSON Schema of a policy file, draft 2020-12, as one document. */
export const jsonSchema = (): Readonly<Record<string, unknown>> => {
  const { schema, definitions } = Schema.toJsonSchemaDocument(policyFile.PolicyFile)
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Policies of a Sluice pipeline",
    ...schema,
    $defs: definitions
  }
}
