// Where the platform forbids code generation, reading a format is refused with the cure, and the
// cure works.
import { execFileSync, spawnSync } from "node:child_process"
import { expect, it } from "vitest"

const flags = ["-C", "sluice-source", "--disallow-code-generation-from-strings"]

const script = (body: string): ReadonlyArray<string> => [
  ...flags,
  "--input-type=module",
  "-e",
  `import * as Format from "@sluice/core/Format"
   import * as Records from "@sluice/core/node/Records"
   const pairs = Format.delimited({ name: Format.text(), value: Format.integer() })
   ${body}`
]

const cwd = new URL("../..", import.meta.url).pathname

it("refuses to read a format", () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [...script('Records.files("pairs.tsv", pairs)')],
    { cwd, encoding: "utf8" }
  )
  expect(status).toBe(1)
  expect(stderr).toContain("Records.files: this platform forbids code generation")
  expect(stderr).toContain("Cure: allow it, or read Files.lines and map them by Format.decoder.")
})

it("decodes lines of a format", () => {
  const printed = execFileSync(
    process.execPath,
    [...script('console.log(JSON.stringify(Format.decoder(pairs)("a\\t1")))')],
    { cwd, encoding: "utf8" }
  )
  expect(JSON.parse(printed)).toMatchObject({ _tag: "Records", records: [{ name: "a", value: 1 }] })
})
