// The contract and those who cite it agree, in both directions: every rule has a test and a subject
// that breaks it, and every rule that a test, a subject, a text or the code names stands in the
// contract.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import * as Rules from "../src/ConformanceRules.ts"
import * as Faulty from "../src/Faulty.ts"

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

/** Rules that are not among these, however they are held. */
const missing = (stated: ReadonlyMap<string, string>, held: ReadonlySet<string>) =>
  [...stated.keys()].filter((id) => !held.has(id))

/** Cited rules that the contract does not have. */
const unknown = (stated: ReadonlyMap<string, string>, cited: Iterable<string>) =>
  [...cited].filter((id) => !stated.has(id))

const contract = readFileSync(join(root, "specs/contract.md"), "utf8")
const stated = statedIn(contract)

interface Cites {
  readonly rule: string
  readonly optional?: boolean
}

/** Every list a module exports, by its name: a suite of rules, or subjects that break them. */
const listsOf = (module: Readonly<Record<string, unknown>>): ReadonlyMap<string, Cites[]> =>
  new Map(
    Object.entries(module).filter((entry): entry is [string, Cites[]] => Array.isArray(entry[1]))
  )

/** The rules of others have ids of their own. */
const isOurs = (id: string): boolean => /^[A-Z]\d+$/.test(id)

const idsOf = (lists: ReadonlyMap<string, ReadonlyArray<Cites>>): ReadonlySet<string> =>
  new Set([...lists.values()].flatMap((list) => list.map(({ rule }) => rule)).filter(isOurs))

const suites = listsOf(Rules)
const subjects = listsOf(Faulty)
const tested = idsOf(suites)
const broken = idsOf(subjects)

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
    expect([...stated.values()].filter((held) => !/^(required|optional)$/.test(held))).toEqual([])
    expect([...contract.matchAll(/^\*Intent: /gm)].length).toBe(stated.size)
  })

  it("has a conformance test for every rule, required or optional", () => {
    expect(missing(stated, tested)).toEqual([])
  })

  it("says of each rule what its test says: required or optional", () => {
    const ours = [...suites.values()].flat().filter(({ rule }) => isOurs(rule))
    const differing = ours.filter(
      ({ rule, optional }) => stated.get(rule) !== (optional === true ? "optional" : "required")
    )
    expect(differing).toEqual([])
  })

  it("has a faulty subject for every rule", () => {
    expect(missing(stated, broken)).toEqual([])
  })

  it("has every suite of the kit, each with its faulty subjects", () => {
    expect(suites.size).toBeGreaterThan(8)
    expect(subjects.size).toBe(suites.size)
    const bare = [...suites.values()].filter((rules) => rules.length === 0)
    expect(bare).toEqual([])
  })

  it("has every rule that a conformance test or a faulty subject cites", () => {
    expect(unknown(stated, [...tested, ...broken])).toEqual([])
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
  const two = statedIn("**D1** (required) a\n\n**D2** (required) b\n\n**D3** (optional) c\n")

  it("finds rules without a test or a subject, optional ones too", () => {
    expect(missing(two, new Set(["D1"]))).toEqual(["D2", "D3"])
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
