// Packs every publishable package, checks the tarballs, installs them into empty projects outside
// the workspace, alone and together, and uses them there: programs run, types compile, internals
// are sealed. Nothing under @sluice is looked up on the registry: siblings are overridden by their
// tarballs.
import { spawnSync } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import type { Package } from "./source/workspace.ts"
import { listFiles, listPackages, root } from "./source/workspace.ts"

/** A command in an installed project and a text that it must print. */
interface Use {
  readonly command: ReadonlyArray<string>
  readonly prints: string
  /** Default 0. */
  readonly exit?: number
}

/** One empty project: what it installs and what it does with that. */
interface Project {
  readonly name: string
  readonly installs: ReadonlyArray<string>
  /** Packages of others, by exact version. */
  readonly besides?: Readonly<Record<string, string>>
  /** Files of scripts/consumers, compiled and at hand. */
  readonly files: ReadonlyArray<string>
  readonly uses: ReadonlyArray<Use>
}

const node = process.execPath

const sealed = (specifier: string): Use => ({
  command: [node, "--input-type=module", "-e", `await import(${JSON.stringify(specifier)})`],
  prints: "ERR_PACKAGE_PATH_NOT_EXPORTED",
  exit: 1
})

const useCore: Use = { command: [node, "core.ts"], prints: "core: 2 and 2 records, 4 16 4 16" }

const useAccumulation: Use = {
  command: [node, "accumulation.ts"],
  prints: "accumulation: a=cup+lid"
}

const useCli: ReadonlyArray<Use> = [
  { command: ["npx", "--no-install", "sluice", "--help"], prints: "USAGE" },
  { command: ["npx", "--no-install", "sluice", "run", "pipeline.ts"], prints: "doubled 6" },
  { command: ["npx", "--no-install", "sluice", "graph", "pipeline.ts"], prints: "double" }
]

const projects: ReadonlyArray<Project> = [
  {
    name: "core alone",
    installs: ["@sluice/core"],
    files: ["core.ts"],
    uses: [
      useCore,
      sealed("@sluice/core/internal/link"),
      sealed("@sluice/core/node/internal/lineSplitter")
    ]
  },
  {
    name: "accumulation alone",
    installs: ["@sluice/accumulation"],
    files: ["accumulation.ts"],
    uses: [useAccumulation, sealed("@sluice/accumulation/internal/any")]
  },
  {
    name: "testkit alone",
    installs: ["@sluice/testkit"],
    besides: { vitest: "5.1.1" },
    files: ["testkit.ts", "testkit.spec.ts"],
    uses: [
      { command: [node, "testkit.ts"], prints: "testkit: 100 cases agree, 0 findings" },
      { command: ["npx", "--no-install", "vitest", "run"], prints: "Test Files  1 passed" },
      sealed("@sluice/testkit/internal/conformance/rule")
    ]
  },
  {
    name: "testkit, and parts it holds",
    installs: ["@sluice/testkit", "@sluice/accumulation", "@sluice/backpressure"],
    besides: { vitest: "5.1.1" },
    files: ["kinds.spec.ts"],
    uses: [{ command: ["npx", "--no-install", "vitest", "run"], prints: "Test Files  1 passed" }]
  },
  { name: "cli alone", installs: ["@sluice/cli"], files: ["pipeline.ts"], uses: useCli },
  {
    name: "together",
    installs: ["@sluice/core", "@sluice/accumulation", "@sluice/cli"],
    files: ["core.ts", "accumulation.ts", "pipeline.ts"],
    uses: [useCore, useAccumulation, ...useCli]
  }
]

/**
 * Runs a command to its end and returns its output; throws with it when the exit code is another
 * one.
 */
const run = (command: ReadonlyArray<string>, cwd: string, exit = 0): string => {
  const [file, ...args] = command
  const bins = [dirname(node), join(root, "node_modules/.bin")]
  // The pnpm that started this must not decide for npm where packages come from.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm|pnpm)_/i.test(name))
  const ran = spawnSync(file!, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    env: {
      ...Object.fromEntries(inherited),
      NO_COLOR: "1",
      PATH: [...bins, process.env["PATH"]].join(delimiter)
    }
  })
  const output = `${ran.stdout}${ran.stderr}`
  if (ran.status === exit) return output
  const cause = ran.error ?? `exit code ${ran.status}, expected ${exit}`
  throw new Error(`${command.join(" ")}: ${cause}\n${output}`)
}

/** Every module of a package that its exports offer, for the tool that does not expand patterns. */
const entrypointsOf = ({ folder }: Package): ReadonlyArray<string> =>
  readdirSync(join(root, folder, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.includes("internal"))
    .map((path) => path.slice(0, -3))
    .map((path) => (path === "index" ? "." : path.split("\\").join("/")))

/**
 * Output of a module that is gone: an incremental build leaves it behind, and users could import
 * it. Shared files under `dist/internal` have no single source, and nobody can import them.
 */
const isStale = ({ folder }: Package, path: string): boolean => {
  if (/^dist\/internal\/[\w-]+\.js$/.test(path)) return false
  const name = /^dist\/(.*?)(\.d)?\.(js|ts)$/.exec(path)?.[1]
  return name !== undefined && !existsSync(join(root, folder, "src", `${name}.ts`))
}

const pack = (item: Package, folder: string): string => {
  const packed = run(
    ["pnpm", "pack", "--json", "--pack-destination", folder],
    join(root, item.folder)
  )
  const { filename, files } = JSON.parse(packed.slice(packed.indexOf("{"))) as {
    readonly filename: string
    readonly files: ReadonlyArray<{ readonly path: string }>
  }
  const odd = files.filter(({ path }) =>
    /(^|\/)(test|out|typetest|node_modules)\/|\.tst\./.test(path)
  )
  if (odd.length > 0) throw new Error(`${item.folder} packs ${odd.map(({ path }) => path)}`)
  const stale = files.filter(({ path }) => isStale(item, path)).map(({ path }) => path)
  if (stale.length > 0) {
    throw new Error(
      `${item.folder} packs output without a source, ${stale}: delete its dist, build`
    )
  }
  for (const wanted of ["LICENSE", "package.json"]) {
    if (!files.some(({ path }) => path === wanted))
      throw new Error(`${item.folder} lacks ${wanted}`)
  }
  return filename
}

const inspect = (item: Package, tarball: string): void => {
  run(["publint", "run", tarball, "--strict"], root)
  // A package that offers only a command has no modules whose types could be wrong.
  if (item.manifest.exports === undefined) return
  run(["attw", tarball, "--profile", "esm-only", "--entrypoints", ...entrypointsOf(item)], root)
}

const install = (project: Project, folder: string, tarballs: ReadonlyMap<string, string>): void => {
  mkdirSync(folder)
  const fileOf = (name: string): string => `file:${tarballs.get(name)}`
  const others = [...tarballs.keys()].filter((name) => !project.installs.includes(name))
  const manifest = {
    name: "empty",
    private: true,
    type: "module",
    dependencies: {
      ...Object.fromEntries(project.installs.map((name) => [name, fileOf(name)])),
      ...project.besides
    },
    overrides: Object.fromEntries([
      ...others.map((name) => [name, fileOf(name)]),
      ...project.installs.map((name) => [name, `$${name}`])
    ])
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, undefined, 2))
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
  run(["npm", "install", "--loglevel=error", ...quiet], folder)
}

const compile = ({ files }: Project, folder: string): void => {
  for (const file of files) cpSync(join(root, "scripts/consumers", file), join(folder, file))
  const config = {
    compilerOptions: {
      target: "es2024",
      lib: ["es2024", "dom", "dom.iterable"],
      module: "nodenext",
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      types: []
    },
    files
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config, undefined, 2))
  run([node, join(root, "node_modules/typescript/bin/tsc"), "-p", folder], folder)
}

const use = (project: Project, folder: string): void => {
  for (const { command, prints, exit } of project.uses) {
    const output = run(command, folder, exit)
    if (output.includes(prints)) continue
    throw new Error(`${command.join(" ")} did not print "${prints}" but:\n${output}`)
  }
}

/** Runs one part, prints how it went, and says whether it went well. */
const attempt = (name: string, part: () => void): boolean => {
  try {
    part()
    console.log(`ok   ${name}`)
    return true
  } catch (error) {
    console.log(`FAIL ${name}\n${error instanceof Error ? error.message : error}`)
    return false
  }
}

const main = (): void => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-pack-"))
  const published = listPackages(listFiles()).filter(({ manifest }) => manifest.private !== true)
  const tarballs = new Map<string, string>()
  const results: Array<boolean> = []
  try {
    for (const item of published) {
      results.push(
        attempt(`${item.manifest.name} packs`, () => {
          const tarball = pack(item, folder)
          tarballs.set(item.manifest.name, tarball)
          inspect(item, tarball)
        })
      )
    }
    // Without all tarballs an install would look for the missing ones on the registry.
    const installable = results.includes(false) ? [] : projects
    for (const [i, project] of installable.entries()) {
      const place = join(folder, `project-${i}`)
      results.push(
        attempt(project.name, () => {
          install(project, place, tarballs)
          compile(project, place)
          use(project, place)
        })
      )
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const failed = results.filter((ok) => !ok).length
  const uses = projects.reduce((sum, project) => sum + project.uses.length, 0)
  if (failed === 0)
    console.log(`${tarballs.size} packages, ${projects.length} projects, ${uses} uses`)
  process.exitCode = failed === 0 ? 0 : 1
}

if (import.meta.main) main()
