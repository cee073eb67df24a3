import { describe, expect, it } from "vitest"
import { checkDependencies } from "./dependencies.ts"
import { importsOf } from "./source/imports.ts"
import { scan } from "./source/scan.ts"
import type { Package } from "./source/workspace.ts"

const core: Package = {
  folder: "packages/core",
  manifest: { name: "@sluice/core", dependencies: { effect: "4.1.0" } }
}

const accumulation: Package = {
  folder: "packages/accumulation",
  manifest: {
    name: "@sluice/accumulation",
    dependencies: { effect: "4.1.0", "@sluice/core": "workspace:*" }
  }
}

const sound: Readonly<Record<string, string>> = {
  "packages/core/src/Gate.ts": 'import * as Effect from "effect/Effect"\n',
  "packages/core/test/Gate.test.ts": 'import { it } from "vitest"\nimport "../src/Gate.ts"\n',
  "packages/accumulation/src/Slots.ts":
    'import type * as Effect from "effect/Effect"\nimport * as Gate from "@sluice/core/Gate"\n'
}

/** `path:line rule` of each finding in the sound workspace with some files added or replaced. */
const broken = (
  changed: Readonly<Record<string, string>>,
  packages: ReadonlyArray<Package> = [core, accumulation]
): ReadonlyArray<string> =>
  checkDependencies({
    packages,
    files: new Map(Object.entries({ ...sound, ...changed })),
    shared: new Set(["vitest"]),
    mentions: new Map()
  }).map(({ path, line, rule }) => `${path}:${line} ${rule}`)

const inCore = "packages/core/src/A.ts"

describe("importsOf", () => {
  it("sees every form of import, and none in comments, strings or declarations", () => {
    const text = [
      'import "a"',
      'import type { B } from "b"',
      'import {\n  c,\n  type C\n} from "c"',
      'export * as D from "d"',
      'const e = () => import("e")',
      '// import "f"',
      "const g = 'import \"g\"'",
      'export const h = from("h")',
      "import.meta.dirname"
    ].join("\n")
    const found = importsOf(scan("x.ts", text))
    expect(found.map(({ specifier }) => specifier)).toEqual(["a", "b", "c", "d", "e"])
    expect(found.filter(({ typeOnly }) => typeOnly).map(({ specifier }) => specifier)).toEqual([
      "b"
    ])
  })
})

describe("dependencies", () => {
  it("finds nothing in a sound workspace", () => {
    expect(broken({})).toEqual([])
  })

  it("refuses core importing another package, in types too", () => {
    const text = 'import type * as Slots from "@sluice/accumulation/Slots"\n'
    expect(broken({ [inCore]: text })).toEqual([`${inCore}:1 direction`, `${inCore}:1 undeclared`])
  })

  it("refuses a library importing a sibling even when its manifest declares it", () => {
    const spill = { ...core.manifest, name: "@sluice/spill" }
    const packages = [core, { folder: "packages/spill", manifest: spill }]
    const manifest = {
      ...accumulation.manifest,
      dependencies: { ...accumulation.manifest.dependencies, "@sluice/spill": "workspace:*" }
    }
    const path = "packages/accumulation/src/B.ts"
    const files = {
      [path]: 'import "@sluice/spill/Tier"\n',
      "packages/spill/src/Tier.ts": 'import "effect/Effect"\n'
    }
    expect(broken(files, [...packages, { ...accumulation, manifest }])).toEqual([
      `${path}:1 direction`
    ])
  })

  it("refuses internals of another package, by name and by path", () => {
    const path = "packages/accumulation/src/B.ts"
    expect(broken({ [path]: 'import "@sluice/core/internal/gate"\n' })).toEqual([
      `${path}:1 internal`
    ])
    expect(broken({ [path]: 'import "../../core/src/Gate.ts"\n' })).toEqual([`${path}:1 internal`])
  })

  it("refuses Node built-ins outside src/node", () => {
    const text = 'import * as fs from "node:fs"\n'
    expect(broken({ [inCore]: text })).toEqual([`${inCore}:1 builtin`])
    expect(broken({ "packages/core/src/node/Files.ts": text })).toEqual([])
    expect(broken({ "packages/core/src/internal/node/files.ts": text })).toEqual([])
  })

  it("refuses barrels, which load everything", () => {
    expect(broken({ [inCore]: 'import { Effect } from "effect"\n' })).toEqual([
      `${inCore}:1 barrel-import`
    ])
  })

  it("refuses cycles within and across packages, but for erased types", () => {
    const ring = (middle: string): Readonly<Record<string, string>> => ({
      "packages/core/src/A.ts": 'import { b } from "./internal/b.ts"\n',
      "packages/core/src/internal/b.ts": `${middle} { c } from "./c.ts"\n`,
      "packages/core/src/internal/c.ts": 'export { a } from "../A.ts"\n'
    })
    expect(broken(ring("import"))).toEqual([`${inCore}:1 cycle`])
    expect(broken(ring("import type"))).toEqual([])
    const across = {
      "packages/core/src/Gate.ts": 'import "effect/Effect"\nimport "@sluice/accumulation/Slots"\n'
    }
    expect(broken(across)).toContain("packages/core/src/Gate.ts:1 cycle")
  })

  it("refuses imports that no manifest declares, and declarations that nothing imports", () => {
    const test = "packages/core/test/A.test.ts"
    expect(broken({ [test]: 'import "fast-check"\n' })).toEqual([`${test}:1 undeclared`])
    const manifest = { ...core.manifest, dependencies: { effect: "4.1.0", rxjs: "7.8.2" } }
    expect(broken({}, [{ ...core, manifest }, accumulation])).toEqual([
      "packages/core/package.json:1 unused"
    ])
  })

  it("lets tests, and tests alone, import what the root provides", () => {
    const text = 'import { it } from "vitest"\n'
    expect(broken({ [inCore]: text })).toEqual([`${inCore}:1 direction`, `${inCore}:1 undeclared`])
  })
})
