// Rules about paths, manifests and plain text, which hold for files of every kind.
import type { Finding, Manifest, Package } from "../source/workspace.ts"

const bannedNames = /(^|[-./])(utils?|common|misc|helpers?)([-./]|$)/i

/** A name has to say what is in the file. */
export const fileNames = (paths: ReadonlyArray<string>): ReadonlyArray<Finding> =>
  paths.flatMap((path) => {
    const name = path.split("/").at(-1)!
    if (bannedNames.test(name)) {
      return [{ path, line: 1, rule: "file-name", cure: "name the concept, not that it is useful" }]
    }
    const source = /^(?:packages|apps)\/[^/]+\/src\/(.*)\.ts$/.exec(path)?.[1]
    if (source === undefined) return []
    const base = source.split("/").at(-1)!
    const upper = /^[A-Z]/.test(base)
    const internal = `/${source}`.includes("/internal/")
    if (internal && upper) {
      return [{ path, line: 1, rule: "file-name", cure: "private files are camelCase" }]
    }
    const isPublic = path.startsWith("packages/") && !internal && base !== "index"
    if (isPublic && !upper) {
      return [{ path, line: 1, rule: "file-name", cure: "public files are PascalCase concepts" }]
    }
    return []
  })

const folders = ["work", "tmp", "home\\/\\w+", "Users\\/\\w+", "root", "var\\/folders"].join("|")
const machinePattern = new RegExp(`(?<![\\w.@~)}*-])\\/(?:${folders})\\/|\\b[A-Z]:\\\\\\\\?Users`)

/** A path of one machine works on no other. */
export const machinePaths = (path: string, text: string): ReadonlyArray<Finding> =>
  text.split("\n").flatMap((line, i) => {
    const found = machinePattern.exec(line)?.[0]
    if (found === undefined) return []
    const cure = `${found}: use import.meta.dirname, os.tmpdir() or a relative path`
    return [{ path, line: i + 1, rule: "machine-path", cure }]
  })

const exact = /^(workspace:\*|\d+\.\d+\.\d+(-[\w.]+)?)$/

/**
 * Installs are repeatable: every version is exact. Peers may be ranges, they are the user's choice.
 */
export const exactVersions = (path: string, manifest: Manifest): ReadonlyArray<Finding> =>
  [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].flatMap(
    (group) =>
      Object.entries(group ?? {})
        .filter(([, version]) => !exact.test(version))
        .map(([name, version]) => ({
          path,
          line: 1,
          rule: "exact-version",
          cure: `${name} "${version}": write the exact version, or workspace:* for a sibling`
        }))
  )

const expectedScripts = ["types", "test", "lint"]

/** Turbo skips a package without the script in silence, so the script must be there. */
export const packageScripts = (
  { folder, manifest }: Package & { readonly manifest: { readonly scripts?: object } },
  hasTests: boolean
): ReadonlyArray<Finding> =>
  expectedScripts
    .filter((script) => script !== "test" || hasTests)
    .filter((script) => !Object.hasOwn(manifest.scripts ?? {}, script))
    .map((script) => ({
      path: `${folder}/package.json`,
      line: 1,
      rule: "package-script",
      cure: `add the script "${script}": without it the task is skipped in silence`
    }))
