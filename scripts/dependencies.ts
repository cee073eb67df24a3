// Checks who may import whom: the one dependency direction of ARCHITECTURE.md, sealed internals,
// Node built-ins behind src/node, no import cycle, and manifests that agree with the imports.
// Type-only imports count for the direction and the manifests; not for cycles, since they load
// nothing.
import type { Import } from "./source/imports.ts"
import { cyclesOf, importsOf, packageOf, resolveRelative } from "./source/imports.ts"
import type { Source } from "./source/scan.ts"
import { lineOf, scan } from "./source/scan.ts"
import type { Finding, Manifest, Package } from "./source/workspace.ts"
import { isTypeScript, listFiles, listPackages, readText, report } from "./source/workspace.ts"

/**
 * What the library packages may import at run time; a package that is not listed may import core.
 */
const allowed: Readonly<Record<string, ReadonlyArray<string>>> = {
  "packages/core": ["effect"],
  "packages/accumulation": ["effect", "@sluice/core"],
  "packages/testkit": ["effect", "@sluice/core", "vitest"]
}

const allowedFor = (folder: string): ReadonlyArray<string> =>
  allowed[folder] ?? ["effect", "@sluice/core"]

/** A checked file with its place in the workspace. */
interface Module {
  readonly source: Source
  readonly folder: string
  readonly manifest: Manifest
  readonly imports: ReadonlyArray<Import>
}

const isLibrary = ({ source, folder }: Module): boolean =>
  folder.startsWith("packages/") && source.path.startsWith(`${folder}/src/`)

/** Public name of a package, and the file its sub-path stands for when it resolves to source. */
const sourceOf = (specifier: string, packages: ReadonlyArray<Package>): string | undefined => {
  const owner = packages.find(({ manifest }) => manifest.name === packageOf(specifier))
  if (owner === undefined) return undefined
  const rest = specifier.slice(owner.manifest.name.length + 1)
  return `${owner.folder}/src/${rest === "" ? "index" : rest}.ts`
}

const directionCure = (module: Module, { specifier }: Import): string | undefined => {
  const { folder, source } = module
  const target = packageOf(specifier)
  if (target === undefined || target === module.manifest.name) return undefined
  const mayImport = allowedFor(folder)
  if (mayImport.includes(target)) return undefined
  return `${folder} may import ${mayImport.join(", ")} and not ${target}: ${
    target.startsWith("@sluice/") ? "declare a contract in core" : "move the code to an app"
  } (${source.path})`
}

const builtinCure = ({ source, folder }: Module, { specifier }: Import): string | undefined => {
  if (!specifier.startsWith("node:")) return undefined
  const inside = source.path.slice(`${folder}/src/`.length)
  if (/^(node|internal\/node)\//.test(inside)) return undefined
  return `${specifier}: built-ins belong under src/node or src/internal/node`
}

/** Findings that need no other file than the importing one. */
const checkImport = (module: Module, item: Import): ReadonlyArray<readonly [string, string]> => {
  const { specifier } = item
  const found: Array<readonly [string, string]> = []
  const target = packageOf(specifier)
  const add = (rule: string, cure: string | undefined): void => {
    if (cure !== undefined) found.push([rule, cure])
  }
  if (target?.startsWith("@sluice/") && /\/(internal|src|dist)\//.test(`${specifier}/`)) {
    add("internal", `${specifier}: import a public module of ${target}`)
  }
  if (specifier.startsWith(".")) {
    const path = resolveRelative(module.source.path, specifier)
    const inside = path.startsWith(`${module.folder}/`) || !path.includes("/")
    if (!inside) add("internal", `${specifier} leaves ${module.folder}: import by package name`)
  }
  if (isLibrary(module)) {
    add("direction", directionCure(module, item))
    add("builtin", builtinCure(module, item))
  }
  const published = /^(packages|apps)\/[^/]+\/src\//.test(module.source.path)
  if (published && (specifier === "effect" || specifier === module.manifest.name)) {
    add("barrel-import", `"${specifier}" loads everything: import the module, effect/Effect`)
  }
  return found
}

const isShipped = ({ source, folder }: Module): boolean =>
  !source.path.startsWith(`${folder}/test/`) &&
  !source.path.startsWith(`${folder}/typetest/`) &&
  !source.path.endsWith(".config.ts")

/** Every package an import names is declared, and nothing is declared that no file imports. */
const checkManifest = (
  { folder, manifest }: Package,
  modules: ReadonlyArray<Module>,
  shared: ReadonlySet<string>,
  mentioned: string
): ReadonlyArray<Finding> => {
  const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }))
  const forTests = new Set([...declared, ...Object.keys(manifest.devDependencies ?? {}), ...shared])
  const used = new Set<string>([manifest.name])
  const findings: Array<Finding> = []
  for (const module of modules) {
    const shipped = isShipped(module)
    for (const { specifier, offset } of module.imports) {
      const target = packageOf(specifier)
      if (target === undefined || target === manifest.name) continue
      used.add(target)
      if ((shipped ? declared : forTests).has(target)) continue
      const line = lineOf(module.source, offset)
      const cure = `add ${target} to the dependencies of ${folder}/package.json`
      findings.push({ path: module.source.path, line, rule: "undeclared", cure })
    }
  }
  for (const name of declared) {
    // A package of data is resolved by name rather than imported.
    const resolved = modules.some(({ source }) => source.text.includes(`"${name}`))
    if (used.has(name) || resolved || mentioned.includes(name)) continue
    const cure = `${name} is imported nowhere: remove it`
    findings.push({ path: `${folder}/package.json`, line: 1, rule: "unused", cure })
  }
  return findings
}

const runtimeGraph = (
  modules: ReadonlyArray<Module>,
  packages: ReadonlyArray<Package>
): ReadonlyMap<string, ReadonlyArray<string>> => {
  const graph = new Map<string, ReadonlyArray<string>>()
  for (const { source, imports } of modules) {
    const targets = imports
      .filter(({ typeOnly }) => !typeOnly)
      .map(({ specifier }) =>
        specifier.startsWith(".")
          ? resolveRelative(source.path, specifier)
          : sourceOf(specifier, packages)
      )
    graph.set(
      source.path,
      targets.filter((path) => path !== undefined)
    )
  }
  return graph
}

const ownerOf = (path: string, packages: ReadonlyArray<Package>): Package | undefined =>
  packages.find(({ folder }) => path.startsWith(`${folder}/`))

/** A workspace as texts, so that tests can build broken ones. */
export interface Workspace {
  readonly packages: ReadonlyArray<Package>
  /** TypeScript files by path. */
  readonly files: ReadonlyMap<string, string>
  /** Packages every test may import, from the root manifest. */
  readonly shared: ReadonlySet<string>
  /** Other text in which a dependency may be named: scripts and bin files, by folder. */
  readonly mentions: ReadonlyMap<string, string>
}

/** Everything wrong with the imports and manifests of a workspace. */
export const checkDependencies = (workspace: Workspace): ReadonlyArray<Finding> => {
  const { packages } = workspace
  const modules = [...workspace.files].flatMap(([path, text]): ReadonlyArray<Module> => {
    const owner = ownerOf(path, packages)
    if (owner === undefined) return []
    const source = scan(path, text)
    return [{ source, folder: owner.folder, manifest: owner.manifest, imports: importsOf(source) }]
  })
  const direct = modules.flatMap((module) =>
    module.imports.flatMap((item) =>
      checkImport(module, item).map(([rule, cure]) => ({
        path: module.source.path,
        line: lineOf(module.source, item.offset),
        rule,
        cure
      }))
    )
  )
  const manifests = packages.flatMap((item) =>
    checkManifest(
      item,
      modules.filter(({ folder }) => folder === item.folder),
      workspace.shared,
      workspace.mentions.get(item.folder) ?? ""
    )
  )
  const cycles = cyclesOf(runtimeGraph(modules, packages)).map((cycle) => ({
    path: cycle[0]!,
    line: 1,
    rule: "cycle",
    cure: `${cycle.join(" -> ")}: move what both need to a file of its own`
  }))
  return [...direct, ...manifests, ...cycles]
}

const readMentions = ({ folder }: Package, files: ReadonlyArray<string>): string => {
  const { scripts } = JSON.parse(readText(`${folder}/package.json`)) as { scripts?: object }
  const others = files.filter((path) => path.startsWith(`${folder}/`) && /\.m?js$/.test(path))
  return [JSON.stringify(scripts ?? {}), ...others.map(readText)].join("\n")
}

const main = (): void => {
  const paths = listFiles()
  const packages = listPackages(paths)
  const files = new Map(paths.filter(isTypeScript).map((path) => [path, readText(path)] as const))
  const rootManifest = JSON.parse(readText("package.json")) as Manifest
  const mentions = new Map(packages.map((item) => [item.folder, readMentions(item, paths)]))
  const shared = new Set(
    Object.keys(rootManifest.devDependencies ?? {}).filter((name) => !name.startsWith("@sluice/"))
  )
  const findings = checkDependencies({ packages, files, shared, mentions })
  report(findings, `${files.size} files import only what they may, no cycle`)
}

if (import.meta.main) main()
