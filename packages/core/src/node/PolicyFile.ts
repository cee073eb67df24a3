// Policies from a file, and again whenever it changes. JSON or YAML, by the file's ending. A file
// that cannot be read or is refused changes nothing: the error says which file, where, and why.
import { watch as watchPath } from "node:fs"
import { readFile } from "node:fs/promises"
import { basename, dirname, extname } from "node:path"
import * as Effect from "effect/Effect"
import * as Yaml from "effect/encoding/Yaml"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Policies from "../Policies.ts"

const yamlEndings: ReadonlySet<string> = new Set([".yaml", ".yml"])

const refused = (path: string, cause: unknown, cure: string): Policies.PoliciesRefused => {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Policies.PoliciesRefused({
    origin: path,
    problems: [{ path: "", reason: `${reason}; ${cure}` }]
  })
}

const textOf = (path: string): Effect.Effect<string, Policies.PoliciesRefused> =>
  Effect.tryPromise({
    try: () => readFile(path, "utf8"),
    catch: (cause) => refused(path, cause, "check the path")
  })

const parsed = (path: string, text: string): Effect.Effect<unknown, Policies.PoliciesRefused> =>
  Effect.try({
    try: (): unknown =>
      yamlEndings.has(extname(path).toLowerCase()) ? Yaml.parse(text) : JSON.parse(text),
    catch: (cause) => refused(path, cause, "correct the text")
  })

const documentOf = (path: string): Effect.Effect<unknown, Policies.PoliciesRefused> =>
  Effect.flatMap(textOf(path), (text) => parsed(path, text))

/**
 * A registry with the policies of a file.
 *
 * Limits: YAML 1.2 as configuration files use it: one document, no tags.
 * Errors: `PoliciesRefused` names the file, the place in it and the reason.
 *
 * @example
 * ```ts
 * import * as PolicyFile from "@sluice/core/node/PolicyFile"
 * import * as Effect from "effect/Effect"
 *
 * export const registry = Effect.gen(function* () {
 *   const policies = yield* PolicyFile.load("policies.yaml")
 *   yield* PolicyFile.watch(policies, "policies.yaml", (problem) =>
 *     Effect.logWarning(problem.message)
 *   )
 *   return policies
 * })
 * ```
 */
export const load = (path: string): Effect.Effect<Policies.Policies, Policies.PoliciesRefused> =>
  Effect.flatMap(documentOf(path), (document) => Policies.make(document, path))

/** Reads the file once more and puts its policies in force; refused, it changes nothing. */
export const reload = (
  policies: Policies.Policies,
  path: string
): Effect.Effect<Policies.Snapshot, Policies.PoliciesRefused> =>
  Effect.flatMap(documentOf(path), (document) => policies.update(document, path))

/** Changes of the file that were not looked at yet: one is as good as many. */
const pendingMax = 1

/**
 * Reads the file again whenever it changes, until the scope closes.
 *
 * Flow: editors replace files as well as write into them, so the folder is watched. What is refused
 * is handed to `onRefused`, and the policies before it stay; a file that says the same puts nothing
 * new in force.
 */
export const watch = <R>(
  policies: Policies.Policies,
  path: string,
  onRefused: (problem: Policies.PoliciesRefused) => Effect.Effect<void, never, R>,
  onTaken: (snapshot: Policies.Snapshot) => Effect.Effect<void, never, R> = () => Effect.void
): Effect.Effect<void, Policies.PoliciesRefused, R | Scope.Scope> =>
  Effect.gen(function* () {
    const changes = yield* Queue.sliding<void>(pendingMax)
    let known = yield* textOf(path)
    const name = basename(path)
    yield* Effect.acquireRelease(
      Effect.try({
        try: () =>
          watchPath(dirname(path), (_, changed) => {
            if (changed === null || changed === name) Queue.offerUnsafe(changes, undefined)
          }),
        catch: (cause) => refused(path, cause, "the folder must exist and be readable")
      }),
      (watcher) => Effect.sync(() => watcher.close())
    )
    const look = Effect.gen(function* () {
      yield* Queue.take(changes)
      const text = yield* textOf(path)
      if (text === known) return
      known = text
      const document = yield* parsed(path, text)
      yield* onTaken(yield* policies.update(document, path))
    })
    yield* Effect.forkScoped(Effect.forever(Effect.catch(look, onRefused)))
  })
