// From paths and globs to the files to read, in a fixed order. A path that exists as it is written
// is never a glob.
import * as Effect from "effect/Effect"
import type { FileError } from "../FileError.ts"
import * as fileErrors from "./fileErrors.ts"
import type { FileSystem } from "./fileSystem.ts"
import { standardInput } from "./fileSystem.ts"

/** One file to read. */
export interface InputPath {
  readonly path: string
  /** Pipes and devices may answer never, so nobody waits for them on the way out. */
  readonly regular: boolean
}

const isGlob = (path: string): boolean => /[*?[\]{}]|[!@+]\(/.test(path)

const failed = (path: string) => (cause: unknown) => fileErrors.fromSystem("read", path, cause)

const directory = (path: string): FileError =>
  fileErrors.fromSystem("read", path, { code: "EISDIR" })

const expandGlob = (fileSystem: FileSystem, pattern: string) =>
  Effect.gen(function* () {
    const names = yield* Effect.mapError(fileSystem.glob(pattern), failed(pattern))
    const found: Array<InputPath> = []
    // Code unit order: the same on every machine, whatever its language.
    for (const path of [...names].sort()) {
      const info = yield* Effect.mapError(fileSystem.info(path), failed(path))
      if (info === undefined) return yield* Effect.fail(failed(path)({ code: "ENOENT" }))
      if (info.kind !== "directory") found.push({ path, regular: info.kind === "file" })
    }
    if (found.length === 0) return yield* Effect.fail(fileErrors.noMatch(pattern, process.cwd()))
    return found
  })

const expandOne = (fileSystem: FileSystem, path: string) =>
  Effect.gen(function* () {
    if (path === standardInput) return [{ path, regular: false }]
    const info = yield* Effect.mapError(fileSystem.info(path), failed(path))
    if (info?.kind === "directory") return yield* Effect.fail(directory(path))
    if (info !== undefined) return [{ path, regular: info.kind === "file" }]
    if (isGlob(path)) return yield* expandGlob(fileSystem, path)
    return yield* Effect.fail(failed(path)({ code: "ENOENT" }))
  })

/**
 * The files of all patterns: patterns in the order given, the matches of each sorted, a file found
 * twice read once.
 */
export const expand = (
  fileSystem: FileSystem,
  patterns: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<InputPath>, FileError> =>
  Effect.gen(function* () {
    const unique = new Map<string, InputPath>()
    for (const pattern of patterns) {
      for (const input of yield* expandOne(fileSystem, pattern)) unique.set(input.path, input)
    }
    return [...unique.values()]
  })
