// Finds the module's file, and says what is near when there is none.
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { CliFailure } from "../failure.ts"
import { usage } from "../failure.ts"
import { didYouMean, nearest } from "../nearest.ts"

const extensions = new Set([".ts", ".mts", ".js", ".mjs"])

const kindOf = (target: string): Promise<"file" | "directory" | "other" | "missing"> =>
  fs.stat(target).then(
    (stats) => (stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other"),
    () => "missing"
  )

const entries = (directory: string): Promise<ReadonlyArray<string>> =>
  fs.readdir(directory).catch(() => [])

/** The deepest directory of the path that exists, and the first name under it that does not. */
const existingPart = async (
  target: string
): Promise<readonly [directory: string, missing: string]> => {
  const directory = path.dirname(target)
  if (directory === target || (await kindOf(directory)) === "directory") {
    return [directory, path.basename(target)]
  }
  return existingPart(directory)
}

const missingMessage = async (file: string, target: string): Promise<string> => {
  const [directory, missing] = await existingPart(target)
  const names = await entries(directory)
  const shown = (name: string) => path.join(path.relative(process.cwd(), directory), name)
  const near = nearest(missing, names)
  const hint =
    near.length > 0 ? `; did you mean ${near.map(shown).join(" or ")}?` : didYouMean(missing, names)
  const where = path.join(directory, missing) === target ? "" : `: there is no ${shown(missing)}`
  return `no such file: ${file}${where}${hint}`
}

const directoryMessage = async (file: string, target: string): Promise<string> => {
  const modules = (await entries(target)).filter((name) => extensions.has(path.extname(name)))
  const listed = modules.slice(0, 3).map((name) => path.join(file, name))
  const hint = listed.length === 0 ? "" : `; did you mean ${listed.join(" or ")}?`
  return `${file} is a directory${hint}`
}

const refusal = async (file: string, target: string): Promise<string | undefined> => {
  const kind = await kindOf(target)
  if (kind === "missing") return missingMessage(file, target)
  if (kind === "directory") return directoryMessage(file, target)
  if (kind === "other" || !extensions.has(path.extname(target))) {
    const endings = [...extensions].join(", ")
    return `${file} is no module; a file ending in ${endings} is expected`
  }
  return undefined
}

/** Absolute path of a module given relative to the working directory. */
export const locate = (file: string): Effect.Effect<string, CliFailure> => {
  const target = path.resolve(file)
  return Effect.flatMap(
    Effect.promise(() => refusal(file, target)),
    (message) => (message === undefined ? Effect.succeed(target) : Effect.fail(usage(message)))
  )
}
