// Checks of the code itself that neither the compiler nor the linter makes: sizes, words, names,
// docs. `node scripts/tidy.ts` prints one line per finding, `path:line rule: cure`, and fails on
// any. A line under `// tidy: allow <rule>: <reason>` is exempt from that rule; exemptions are
// counted.
import { outdatedBarrels } from "./barrels.ts"
import type { Source } from "./source/scan.ts"
import { lineOf, scan } from "./source/scan.ts"
import type { Finding } from "./source/workspace.ts"
import { isTypeScript, listFiles, listPackages, readText, report } from "./source/workspace.ts"
import { docRules } from "./tidy/docs.ts"
import { exactVersions, fileNames, machinePaths, packageScripts } from "./tidy/project.ts"
import type { Rule } from "./tidy/rule.ts"
import { sizeRules } from "./tidy/size.ts"
import { wordRules } from "./tidy/words.ts"

const rules: ReadonlyArray<Rule> = [...sizeRules, ...wordRules, ...docRules]

const exemption = /^\/\/ tidy: allow ([\w-]+): (\S.{9,})$/

/**
 * Lines exempt from a rule, as `line rule`. The reason is part of the form: without one it is no
 * exemption.
 */
const exemptions = (source: Source): ReadonlySet<string> =>
  new Set(
    source.comments.flatMap((comment) => {
      const rule = exemption.exec(comment.text)?.[1]
      return rule === undefined ? [] : [`${lineOf(source, comment.end) + 1} ${rule}`]
    })
  )

/** Findings of one TypeScript file, and how many an exemption took away. */
export const checkSource = (
  path: string,
  text: string
): { readonly findings: ReadonlyArray<Finding>; readonly exempt: number } => {
  const source = scan(path, text)
  const allowed = exemptions(source)
  const all = rules
    .filter((rule) => rule.appliesTo(path))
    .flatMap((rule) =>
      [...rule.check(source)].map(({ offset, cure }) => ({
        path,
        line: lineOf(source, offset),
        rule: rule.name,
        cure
      }))
    )
  const findings = all.filter(({ line, rule }) => !allowed.has(`${line} ${rule}`))
  return { findings, exempt: all.length - findings.length }
}

const hasText = (path: string): boolean =>
  /\.(ts|js|json|md|ya?ml|sh|tla|cfg)$/.test(path) || path.startsWith(".ci/")

const main = (): void => {
  const files = listFiles()
  const findings: Array<Finding> = [...fileNames(files), ...outdatedBarrels(files)]
  let exempt = 0
  for (const path of files) {
    if (!hasText(path) || path === "pnpm-lock.yaml") continue
    const text = readText(path)
    findings.push(...machinePaths(path, text))
    if (!isTypeScript(path)) continue
    const checked = checkSource(path, text)
    findings.push(...checked.findings)
    exempt += checked.exempt
  }
  for (const item of listPackages(files)) {
    const tested = files.some((path) => path.startsWith(`${item.folder}/test/`))
    findings.push(...exactVersions(`${item.folder}/package.json`, item.manifest))
    findings.push(...packageScripts(item, tested))
  }
  findings.push(...exactVersions("package.json", JSON.parse(readText("package.json"))))
  report(findings, `${files.length} files tidy, ${exempt} exemptions`)
}

if (import.meta.main) main()
