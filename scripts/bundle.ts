// Bundles the package in the current folder: one small file for each public module, and behind
// them as few shared files as loading allows. A program that used a hundred modules of a package
// spent a tenth of a second on finding them. Other packages stay imports; declarations come from
// tsc, which runs before.
import { existsSync, globSync } from "node:fs"
import { isAbsolute, sep } from "node:path"
import type { CodeSplittingGroup, GetModuleInfo } from "rolldown"
import { rolldown } from "rolldown"

/** Modules that cost so much to load that only what needs them may import them. */
const heavy: ReadonlyArray<string> = ["effect/Schema"]

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

/** Whether loading a module loads one of `heavy`, over whatever static imports. */
export const loadsHeavy = (id: string, info: GetModuleInfo, seen = new Set<string>()): boolean => {
  if (heavy.includes(id)) return true
  if (seen.has(id)) return false
  seen.add(id)
  return (info(id)?.importedIds ?? []).some((imported) => loadsHeavy(imported, info, seen))
}

/**
 * The files that public modules share, in the order in which modules are given to them: a file may
 * import those before it. What needs Node and what is heavy to load stay apart.
 */
const sharedFiles = ["shared", "node", "shared-schema", "node-schema"] as const

const sharedFileOf = (id: string, info: GetModuleInfo): (typeof sharedFiles)[number] | null => {
  // An exporter loads half of HTTP: it stays a file of its own, for those who export.
  if (!id.includes("/src/") || id.includes("/src/telemetry/")) return null
  const side = id.includes("/src/node/") ? "node" : "shared"
  return loadsHeavy(id, info) ? `${side}-schema` : side
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
    chunkFileNames: "internal/[name].js",
    codeSplitting: { groups }
  })
  await bundle.close()
}

if (import.meta.main) await main()
