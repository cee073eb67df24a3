// Bundles the package in the current folder: one small file for each public module, and behind
// them as few shared files as loading allows. A program that used a hundred modules of a package
// spent a tenth of a second on finding them. Other packages stay imports; declarations come from
// tsc, which runs before.
import { existsSync, globSync } from "node:fs"
import { isAbsolute, sep } from "node:path"
import type { CodeSplittingGroup, GetModuleInfo } from "rolldown"
import { rolldown } from "rolldown"

/** Imports that cost so much to load that only what needs them may have them, lightest first. */
const heavy = {
  stream: ["effect/Stream"],
  schema: ["effect/Schema", "effect/encoding/"],
  http: ["effect/observability/", "effect/http/", "node:http"]
} as const

type Weight = "light" | keyof typeof heavy

const weights: ReadonlyArray<Weight> = ["light", "stream", "schema", "http"]

const isExternal = (id: string): boolean => !(id.startsWith(".") || isAbsolute(id))

/** Every public module of a library, or the one a command starts with, by its name in `dist`. */
const entries = (): Record<string, string> => {
  const paths = existsSync("src/main.ts") ? ["src/main.ts"] : globSync("src/**/*.ts")
  return Object.fromEntries(
    paths
      .map((path) => path.split(sep).join("/"))
      .filter((path) => !path.includes("/internal/"))
      .map((path) => [path.slice("src/".length, -".ts".length), `./${path}`])
  )
}

const weightOfImport = (id: string): Weight =>
  weights.findLast(
    (weight) => weight !== "light" && heavy[weight].some((prefix) => id.startsWith(prefix))
  ) ?? "light"

/** The heaviest of what loading a module loads, over whatever static imports. */
const weightOf = (id: string, info: GetModuleInfo, seen = new Set<string>()): Weight => {
  if (seen.has(id)) return "light"
  seen.add(id)
  const below = (info(id)?.importedIds ?? []).map((imported) => weightOf(imported, info, seen))
  return [weightOfImport(id), ...below].reduce((a, b) =>
    weights.indexOf(b) > weights.indexOf(a) ? b : a
  )
}

/**
 * The files that public modules share, in the order in which modules are given to them: a file may
 * import those before it. What needs Node and what is heavy to load stay apart.
 */
const sharedFiles = weights.flatMap((weight) =>
  weight === "light" ? ["shared", "node"] : [`shared-${weight}`, `node-${weight}`]
)

const sharedFileOf = (id: string, info: GetModuleInfo): string | null => {
  if (!id.includes("/src/")) return null
  const side = id.includes("/src/node/") ? "node" : "shared"
  const weight = weightOf(id, info)
  return weight === "light" ? side : `${side}-${weight}`
}

const groups: Array<CodeSplittingGroup> = sharedFiles.map((file, k) => ({
  debugName: file,
  priority: sharedFiles.length - k,
  name: (id, context) =>
    sharedFileOf(id, (other) => context.getModuleInfo(other)) === file ? file : null
}))

const main = async (): Promise<void> => {
  const bundle = await rolldown({ input: entries(), platform: "neutral", external: isExternal })
  await bundle.write({
    dir: "dist",
    format: "esm",
    sourcemap: true,
    // Docstrings are in the declarations and in the sources: a fifth of what would be read.
    comments: { jsdoc: false },
    chunkFileNames: "internal/[name].js",
    codeSplitting: { groups }
  })
  await bundle.close()
}

if (import.meta.main) await main()
