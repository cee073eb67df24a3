// The contract and those who cite it agree, in both directions: every required rule has a test, and
// every rule that a test, a text or the code names stands in the contract.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import * as Rules from "../src/ConformanceRules.ts"

const root = join(import.meta.dirname, "../../..")

/** Rules of the contract, with how each is held. */
const statedIn = (contract: string): ReadonlyMap<string, string> => {
  const found = contract.matchAll(/^\*\*([A-Z]\d+)\*\* \((\w+)/gm)
  return new Map([...found].map(([, id, held]) => [id ?? "", held ?? ""]))
}

/** Rules a text names: "rule D3", "Rules L1 to L8", "rules A1 and A3". */
const citedIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/\b[Rr]ules? ([LODFSTAMB]\d+(?:(?:,| to| and| or) [LODFSTAMB]\d+)*)/g)].flatMap(
    ([, list]) => list?.match(/[A-Z]\d+/g) ?? []
  )

/** Required rules that no test cites. */
const untested = (stated: ReadonlyMap<string, string>, cited: ReadonlySet<string>) =>
  [...stated].flatMap(([id, held]) => (held === "required" && !cited.has(id) ? [id] : []))

/** Cited rules that the contract does not have. */
const unknown = (stated: ReadonlyMap<string, string>, cited: Iterable<string>) =>
  [...cited].filter((id) => !stated.has(id))

const contract = readFileSync(join(root, "specs/contract.md"), "utf8")
const stated = statedIn(contract)

const suites = [
  Rules.engine,
  Rules.source,
  Rules.sink,
  Rules.stage,
  Rules.accumulator,
  Rules.flowStrategy
]
const tested = new Set(suites.flatMap((rules) => rules.map(({ rule }) => rule)))

const texts = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|md)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(node_modules|dist|out)\/|Citations\.test\.ts$/.test(path))

describe("the contract", () => {
  it("numbers the rules of each group from 1 on, each once", () => {
    const ids = [...contract.matchAll(/^\*\*([A-Z])(\d+)\*\*/gm)]
    const next = new Map<string, number>()
    for (const [, group = "", number] of ids) {
      const expected = (next.get(group) ?? 0) + 1
      expect(`${group}${number}`).toBe(`${group}${expected}`)
      next.set(group, expected)
    }
    expect(ids.length).toBe(stated.size)
    expect(stated.size).toBeGreaterThan(50)
  })

  it("says of each rule how it is held, and gives its intent", () => {
    expect(
      [...stated.values()].filter((held) => !/^(required|optional|untested)$/.test(held))
    ).toEqual([])
    expect([...contract.matchAll(/^\*Intent: /gm)].length).toBe(stated.size)
  })

  it("has a conformance test for every required rule", () => {
    expect(untested(stated, tested)).toEqual([])
  })

  it("has every rule that a conformance test cites", () => {
    expect(unknown(stated, tested)).toEqual([])
  })

  it("has every rule that code, tests and documents name", () => {
    const folders = ["packages", "apps", "bench", "docs", "examples", "scripts", "specs"]
    const wrong = folders
      .flatMap(texts)
      .flatMap((path) =>
        unknown(stated, citedIn(readFileSync(path, "utf8"))).map(
          (id) => `${path.slice(root.length)}: ${id}`
        )
      )
    expect(wrong).toEqual([])
  })

  it("is what the table of Reactive Streams rules in docs/testkit.md points to, by id", () => {
    const table = readFileSync(join(root, "docs/testkit.md"), "utf8").matchAll(
      /^\| (RS[123]\.\d\d) \|.*\| ([^|]+) \|$/gm
    )
    const rows = [...table].map(([, id = "", rules = ""]) => ({ id, rules }))
    expect(rows.map(({ id }) => id)).toEqual(Rules.reactiveStreams.map(({ rule }) => rule))
    const named = rows.flatMap(({ rules }) => rules.match(/\b[LODFSTAMB]\d+\b/g) ?? [])
    expect(named.length).toBeGreaterThan(rows.length)
    expect(named.filter((id) => !tested.has(id))).toEqual([])
  })
})

describe("the check of citations", () => {
  const two = statedIn("**D1** (required) a\n\n**D2** (required) b\n\n**D3** (untested: why) c\n")

  it("finds a required rule without a test", () => {
    expect(untested(two, new Set(["D1"]))).toEqual(["D2"])
  })

  it("finds a rule that is cited and not there", () => {
    expect(unknown(two, ["D1", "D9"])).toEqual(["D9"])
  })

  it("reads lists and ranges", () => {
    expect(citedIn("See Rule D3, and rules L1 to L8, A1 and A2.")).toEqual([
      "D3",
      "L1",
      "L8",
      "A1",
      "A2"
    ])
    expect(citedIn("the rule of thumb")).toEqual([])
  })
})
