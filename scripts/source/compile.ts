// Runs the compiler once over a list of files and returns what it says, as data.
// TypeScript 7 has no stable JavaScript API, so this reads the printed form of `tsc --pretty
// false`.
import { spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join, relative, sep } from "node:path"
import type { Package } from "./workspace.ts"
import { root } from "./workspace.ts"

/** One error of the compiler. */
export interface Diagnostic {
  /** Relative to the root. */
  readonly path: string
  /** 1-based. */
  readonly line: number
  readonly code: string
  /** The message with its explanations, one per line. */
  readonly message: string
}

const errorLine = /^(.+?)\((\d+),\d+\): error (TS\d+): (.*)$/

/** Reads the output of `tsc --pretty false`; paths are relative to `from`. */
export const parseDiagnostics = (output: string, from: string): ReadonlyArray<Diagnostic> => {
  const found: Array<Diagnostic> = []
  for (const text of output.split("\n")) {
    const [, path, line, code, message] = errorLine.exec(text) ?? []
    if (path !== undefined) {
      const absolute = join(from, path)
      const repository = relative(root, absolute).split(sep).join("/")
      found.push({ path: repository, line: Number(line), code: code!, message: message! })
    } else if (/^\s+\S/.test(text) && found.length > 0) {
      const last = found.pop()!
      found.push({ ...last, message: `${last.message}\n${text.trim()}` })
    } else if (/^error TS\d+/.test(text)) {
      found.push({ path: "tsconfig.json", line: 1, code: "TS", message: text })
    }
  }
  return found
}

/** Where package names lead when the file that imports them has no node_modules that knows them. */
export const sourcePaths = (
  packages: ReadonlyArray<Package>
): Readonly<Record<string, ReadonlyArray<string>>> =>
  Object.fromEntries(
    packages
      .filter(({ folder }) => folder.startsWith("packages/"))
      .flatMap(({ folder, manifest: { name } }) => [
        [name, [join(root, folder, "src/index.ts")]],
        [`${name}/*`, [join(root, folder, "src/*.ts")]]
      ])
  )

/** Compiles the files, paths relative to the root, with the options of the house. */
export const compile = (
  name: string,
  files: ReadonlyArray<string>,
  compilerOptions: Readonly<Record<string, unknown>> = {}
): ReadonlyArray<Diagnostic> => {
  if (files.length === 0) return []
  const folder = join(root, "out", name)
  mkdirSync(folder, { recursive: true })
  const config = {
    extends: join(root, "tsconfig.base.json"),
    files: files.map((path) => join(root, path)),
    compilerOptions
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config, undefined, 2))
  const tsc = join(root, "node_modules/typescript/bin/tsc")
  const ran = spawnSync(process.execPath, [tsc, "-p", folder, "--pretty", "false"], {
    cwd: root,
    encoding: "utf8"
  })
  const found = parseDiagnostics(ran.stdout, root)
  if (ran.status !== 0 && found.length === 0) {
    throw new Error(`tsc failed on ${folder} and named no error:\n${ran.stdout}${ran.stderr}`)
  }
  return found
}
