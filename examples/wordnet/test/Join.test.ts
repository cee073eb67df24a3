// The whole of WordNet: the figures of the job, and the oracle against the streaming parts.

import { createHash } from "node:crypto"
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { digestFile, digestLines } from "../src/Digest.ts"
import { fragmentsOf } from "../src/Files.ts"
import type { Fragment, Gloss, Lemma, Sense } from "../src/Fragment.ts"
import { countDeclaredBy, slotOf, slotsDeclaredBy } from "../src/Fragment.ts"
import { inputFiles, wordnetDirectory } from "../src/Inputs.ts"
import { joinedLines, oracle } from "../src/Join.ts"
import { assemble, synsetJson } from "../src/Synset.ts"

interface Group {
  readonly glosses: Array<Gloss>
  readonly senses: Array<Sense>
  readonly lemmas: Array<Lemma>
  readonly slots: Set<string>
  count: number
}

const groups = new Map<string, Group>()
let fragments = 0
let directory = ""

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "wordnet-join-"))
  for (const { name, format } of inputFiles) {
    const text = await readFile(join(wordnetDirectory(), name), "utf8")
    for (const line of text.split("\n")) {
      if (line !== "") for (const fragment of fragmentsOf(format, line)) add(fragment)
    }
  }
}, 60_000)

afterAll(() => rm(directory, { recursive: true }))

const add = (fragment: Fragment): void => {
  fragments++
  let group = groups.get(fragment.key)
  if (group === undefined) {
    group = { glosses: [], senses: [], lemmas: [], slots: new Set(), count: 0 }
    groups.set(fragment.key, group)
  }
  group.count++
  group.slots.add(slotOf(fragment))
  if (fragment._tag === "Gloss") group.glosses.push(fragment)
  else if (fragment._tag === "Sense") group.senses.push(fragment)
  else group.lemmas.push(fragment)
}

describe("the nine files", () => {
  it("hold 532,261 fragments of 117,791 keys, each with one gloss row", () => {
    expect(fragments).toBe(532_261)
    expect(groups.size).toBe(117_791)
    expect([...groups.values()].every((group) => group.glosses.length === 1)).toBe(true)
  })

  it("complete every key by named slots, one fragment per slot, none left over", () => {
    for (const [key, group] of groups) {
      const declared = slotsDeclaredBy(group.glosses[0]!)
      const filled = declared.every((slot) => group.slots.has(slot))
      if (!filled || group.count !== declared.length) {
        expect.unreachable(`${key}: declared ${declared}, arrived ${[...group.slots]}`)
      }
    }
  })

  it("leave exactly 37 keys waiting for ever when words are counted", () => {
    const waiting = [...groups].filter(([, g]) => g.count !== countDeclaredBy(g.glosses[0]!))
    expect(waiting).toHaveLength(37)
    expect(waiting.map(([key]) => key)).toContain("n08579604")
    for (const [, { glosses, count }] of waiting) {
      expect(count).toBeLessThan(countDeclaredBy(glosses[0]!))
    }
  })
})

describe("the batch join", () => {
  it("gives the same lines as assembling, whatever order the fragments came in", async () => {
    const joined = await oracle(wordnetDirectory())
    const lines = [...groups.values()].map(({ glosses, senses, lemmas }) =>
      synsetJson(assemble(glosses[0]!, [...senses, ...lemmas].toReversed()))
    )
    expect(joined).toMatchObject({ keys: 117_791, fragments: 532_261 })
    expect(digestLines(lines.reverse()).digest).toBe(joined.digest)
  }, 60_000)

  it("leaves out the synset whose row is missing, and only that one", async () => {
    const small = join(directory, "small")
    await cp(wordnetDirectory(), small, { recursive: true })
    const path = join(small, "index.sense")
    const text = await readFile(path, "utf8")
    await writeFile(path, text.replace(/^entity%.*\n/m, ""))
    const { lines, fragments: remaining } = await joinedLines(small)
    expect(remaining).toBe(532_260)
    expect(lines).toHaveLength(117_790)
    expect(lines.some((line) => line.includes('"key":"n00001740"'))).toBe(false)
  }, 60_000)
})

describe("the digest", () => {
  it("is that of the lines sorted by bytes, each with a line feed", async () => {
    const path = join(directory, "out.ndjson")
    await writeFile(path, "b\nB\n\u{1F600}\n\uFF5E\na\n")
    const expected = createHash("sha256").update("B\na\nb\n\uFF5E\n\u{1F600}\n").digest("hex")
    expect(await digestFile(path)).toStrictEqual({ lines: 5, digest: expected })
    expect(digestLines(["a", "b"]).digest).not.toBe(digestLines(["a", "c"]).digest)
  })
})
