// What the checkers know about the repository: its files, its packages, and how to print a finding.
// Files come from git, so ignored output is never checked, and a file not yet added already is.
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Source } from "./scan.ts"
import { scan } from "./scan.ts"

/** Absolute path of the repository. */
export const root = join(import.meta.dirname, "..", "..")

/** One finding: where, which rule, and what to do about it. */
export interface Finding {
  readonly path: string
  readonly line: number
  readonly rule: string
  readonly cure: string
}

/** The parts of a package.json that the checkers read. */
export interface Manifest {
  readonly name: string
  readonly version?: string
  readonly private?: boolean
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly sluice?: { readonly checks?: ReadonlyArray<ExampleCheck> }
}

/** A command that an example promises to run, and what the run must show. */
export interface ExampleCheck {
  /** Run by the shell in the folder of the example. */
  readonly run: string
  /** Expected exit code, 0 unless given. */
  readonly exit?: number
  /** Texts that standard output or standard error must contain. */
  readonly prints?: ReadonlyArray<string>
}

/** A workspace package. */
export interface Package {
  /** Folder relative to the root, with forward slashes. */
  readonly folder: string
  readonly manifest: Manifest
}

/** Every file of the repository that git knows or would add, relative to the root. */
export const listFiles = (): ReadonlyArray<string> =>
  execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8"
  })
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(root, path)))
    .sort()

export const readText = (path: string): string => readFileSync(join(root, path), "utf8")

export const readSource = (path: string): Source => scan(path, readText(path))

export const isTypeScript = (path: string): boolean => path.endsWith(".ts")

/** The workspace packages, in path order. */
export const listPackages = (files: ReadonlyArray<string>): ReadonlyArray<Package> =>
  files
    .filter((path) => /^((packages|apps|examples)\/[^/]+|bench)\/package\.json$/.test(path))
    .map((path) => ({
      folder: dirname(path),
      manifest: JSON.parse(readText(path)) as Manifest
    }))

/** Prints the findings as `path:line rule: cure` and says whether there were none. */
export const report = (findings: ReadonlyArray<Finding>, summary: string): void => {
  for (const { path, line, rule, cure } of findings) console.log(`${path}:${line} ${rule}: ${cure}`)
  console.log(findings.length === 0 ? summary : `${findings.length} findings`)
  process.exitCode = findings.length === 0 ? 0 : 1
}
