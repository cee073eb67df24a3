// The policy registry: what it refuses and how it says so, what it keeps, and where sets come from.
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as PolicyFile from "../src/node/PolicyFile.ts"
import * as Policies from "../src/Policies.ts"

const set = {
  version: 1,
  errors: { careful: { _tag: "Retry", retriesMax: 2, backoffMs: 10 } },
  flows: { gentle: { _tag: "RateShaping", ratePerSecond: 50, burst: 5 } },
  breakers: { touchy: { errorThreshold: 0.2 } },
  buffers: { small: { capacity: 16, onFull: "block" } },
  accumulators: { short: { ageMs: 1_000, partialFlush: true, spillAllowed: false } },
  resources: { concurrency: 4, deadlineMs: 60_000 }
}

const problemsOf = (document: unknown): ReadonlyArray<Policies.PolicyProblem> => {
  const decoded = Policies.decode(document)
  return Result.isFailure(decoded) ? decoded.failure.problems : []
}

const inFolder = <A, E, R>(use: (folder: string) => Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-policies-"))),
    use,
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )

const yaml = `
version: 1
flows:
  gentle: { _tag: RateShaping, ratePerSecond: 50, burst: 5 }
errors:
  careful:
    _tag: Retry
    retriesMax: 2
    backoffMs: 10
    exhausted: { _tag: DeadLetter }
`

describe("Policies", () => {
  it.effect("snapshots are immutable, versioned, and told to subscribers in order", () =>
    Effect.gen(function* () {
      const policies = yield* Policies.make(set)
      const first = policies.current()
      const seen: Array<number> = []
      const unsubscribe = policies.subscribe(({ version }) => seen.push(version))
      yield* policies.update({ ...set, flows: {} })
      yield* policies.update(set)
      unsubscribe()
      yield* policies.update(set)
      expect(seen).toEqual([2, 3])
      expect(policies.current().version).toBe(4)
      expect(first).toMatchObject({ version: 1, policies: set })
      expect(() => {
        Object.assign(first.policies.flows?.["gentle"] ?? {}, { ratePerSecond: 1 })
      }).toThrow(TypeError)
    })
  )

  it.effect("a refused update changes nothing", () =>
    Effect.gen(function* () {
      const policies = yield* Policies.make(set)
      const before = policies.current()
      const seen: Array<number> = []
      policies.subscribe(({ version }) => seen.push(version))
      const wrong = {
        ...set,
        flows: { gentle: { _tag: "RateShaping", ratePerSecond: -1, burst: 0 } }
      }
      const problem = yield* Effect.flip(policies.update(wrong, "file.yaml"))
      expect(problem.message).toContain("file.yaml: 2 finding(s), the policies in force stay")
      expect(problem.problems.map(({ path }) => path)).toEqual(["flows.gentle", "flows.gentle"])
      expect(problem.message).toContain("ratePerSecond is -1")
      expect(policies.current()).toBe(before)
      expect(seen).toEqual([])
    })
  )

  it.each<readonly [string, unknown, string, string]>([
    ["a missing version", {}, "version", "Missing key"],
    ["another version", { version: 2 }, "version", "found 2"],
    ["a misspelt kind", { version: 1, flow: {} }, "flow", "no excess property"],
    [
      "a misspelt key",
      { version: 1, breakers: { a: { errorTreshold: 0.5 } } },
      "breakers.a.errorTreshold",
      "no excess property"
    ],
    [
      "text for a number",
      { version: 1, buffers: { a: { capacity: "many", onFull: "block" } } },
      "buffers.a.capacity",
      'found "many"'
    ],
    [
      "a breaker that cannot open",
      { version: 1, breakers: { a: { cooldownMs: 5 } } },
      "breakers.a",
      "nothing could open it"
    ],
    [
      "a credit that deadlocks",
      { version: 1, flows: { a: { _tag: "CreditBased", initial: 4, replenishThreshold: 5 } } },
      "flows.a",
      "both sides wait for ever"
    ],
    [
      "retries without end",
      { version: 1, errors: { a: { _tag: "Retry", retriesMax: -1, backoffMs: 1 } } },
      "errors.a",
      "retriesMax is -1"
    ],
    ["a budget of nothing", { version: 1, resources: { concurrency: 0 } }, "resources", "is 0"],
    ["no document at all", null, "", "found null"]
  ])("refuses %s, with its path and reason", (_, document, path, reason) => {
    const problems = problemsOf(document)
    expect(problems.map((problem) => problem.path)).toContain(path)
    expect(problems.find((problem) => problem.path === path)?.reason).toContain(reason)
  })

  it("the shipped JSON Schema is the one of this version", () => {
    const shipped = readFileSync(
      new URL("../schemas/policies.schema.json", import.meta.url),
      "utf8"
    )
    expect(JSON.parse(shipped)).toEqual(JSON.parse(JSON.stringify(Policies.jsonSchema())))
  })

  it.effect("reads them from Config", () =>
    Effect.gen(function* () {
      const provider = ConfigProvider.fromUnknown({ policies: set })
      const read = yield* Policies.config().parse(provider)
      expect(read).toEqual(set)
    })
  )
})

describe("PolicyFile", () => {
  it.effect("reads YAML and JSON by the file's ending", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        writeFileSync(join(folder, "a.yaml"), yaml)
        writeFileSync(join(folder, "b.json"), JSON.stringify(set))
        const a = yield* PolicyFile.load(join(folder, "a.yaml"))
        const b = yield* PolicyFile.load(join(folder, "b.json"))
        expect(a.current().policies.errors?.["careful"]).toEqual({
          _tag: "Retry",
          retriesMax: 2,
          backoffMs: 10,
          exhausted: { _tag: "DeadLetter" }
        })
        expect(b.current().policies).toEqual(set)
        expect(b.current().origin).toBe(join(folder, "b.json"))
      })
    )
  )

  it.effect("a bad file says file, place and reason, and leaves the snapshot before it", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const path = join(folder, "p.yaml")
        writeFileSync(path, yaml)
        const policies = yield* PolicyFile.load(path)
        for (const [text, reason] of [
          ["version: 1\nflows: [", ""],
          [
            "version: 1\nflows:\n  gentle: { _tag: RateShaping, ratePerSecond: 0, burst: 5 }",
            "flows.gentle: ratePerSecond is 0"
          ],
          ["version: 9", "version: Expected 1, found 9"]
        ] as const) {
          writeFileSync(path, text)
          const problem = yield* Effect.flip(PolicyFile.reload(policies, path))
          expect(problem.message).toContain(path)
          expect(problem.message).toContain(reason)
          expect(policies.current().version).toBe(1)
        }
        rmSync(path)
        const gone = yield* Effect.flip(PolicyFile.reload(policies, path))
        expect(gone.message).toContain("check the path")
        expect(policies.current().version).toBe(1)
      })
    )
  )

  it.live("watches: a good change is taken, a bad one told, a replaced file seen", () =>
    inFolder((folder) =>
      Effect.scoped(
        Effect.gen(function* () {
          const path = join(folder, "p.yaml")
          writeFileSync(path, yaml)
          const policies = yield* PolicyFile.load(path)
          const news = yield* Queue.unbounded<string>()
          yield* PolicyFile.watch(
            policies,
            path,
            (problem) => Effect.asVoid(Queue.offer(news, problem.message)),
            ({ version }) => Effect.asVoid(Queue.offer(news, `version ${version}`))
          )
          // Written beside and moved into place, as editors do: never half a file.
          const put = (text: string): void => {
            writeFileSync(join(folder, "next"), text)
            renameSync(join(folder, "next"), path)
          }
          put(yaml.replace("50", "60"))
          expect(yield* Queue.take(news)).toBe("version 2")
          put("version: 7")
          expect(yield* Queue.take(news)).toContain("found 7")
          expect(policies.current().version).toBe(2)
          put(yaml.replace("50", "70"))
          expect(yield* Queue.take(news)).toBe("version 3")
          expect(policies.current().policies.flows?.["gentle"]).toMatchObject({ ratePerSecond: 70 })
        })
      )
    )
  )
})
