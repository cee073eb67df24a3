// Given-when-then cases pass, fail with what differs, and are refused when they make no sense.
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import { describe, expect, it } from "vitest"
import { groups } from "../src/internal/differential/groups.ts"
import * as TestCase from "../src/TestCase.ts"

const testable: TestCase.Testable = (io) =>
  Pipeline.source("numbers", io.source<number>("numbers")).pipe(
    Pipeline.map(
      "invert",
      (n) => {
        if (n === 0) throw new Error("no inverse of 0")
        return 1 / n
      },
      { onError: Policy.deadLetter }
    ),
    Pipeline.mapEnvelope("sign", (envelope) => ({
      ...envelope,
      headers: { sign: envelope.payload < 0 ? "-" : "+", other: "x" }
    })),
    Pipeline.sink("out", io.sink<number>("inverses"))
  )

const one = (wanted: TestCase.TestCase["expect"], more: Partial<TestCase.TestCase> = {}) =>
  TestCase.run(testable, {
    name: "a case",
    given: { numbers: [{ items: [2, 0] }, { wait: "1 hour" }, { item: -4 }] },
    expect: wanted,
    ...more
  })

const passed = { name: "a case", passed: true, lines: [] }

describe("a case", () => {
  it("passes when everything it names holds", async () => {
    const outcome = await one({
      status: "completed",
      sinks: { inverses: [0.5, -0.25] },
      headers: { inverses: [{ sign: "+" }, { sign: "-" }] },
      stages: { invert: { deadLetters: 1, recordsIn: 3 } }
    })
    expect(outcome).toEqual(passed)
    expect(await one({ sinks: { inverses: { anyOrder: [-0.25, 0.5] } } })).toEqual(passed)
  })

  it("may stop a run before its script ends", async () => {
    const when = { stopAfter: "30 minutes", batchSize: 1, seed: 7 }
    expect(await one({ status: "stopped", sinks: { inverses: [0.5] } }, { when })).toEqual(passed)
  })

  it.each([
    [{ sinks: { inverses: [0.5] } }, ['sink "inverses":', "  0.5", "+ -0.25"]],
    [
      { sinks: { inverses: { anyOrder: [1, 0.5] } } },
      ['sink "inverses":', "+ -0.25", "  0.5", "- 1"]
    ],
    [{ status: "stopped" }, ["status:", "- stopped", /^\+ completed \(stage "invert" failed/]],
    [
      { headers: { inverses: [{ sign: "+" }, { sign: "+" }] } },
      ['headers at sink "inverses":', '  {"sign":"+"}', '- {"sign":"+"}', '+ {"sign":"-"}']
    ],
    [{ stages: { invert: { dropped: 1 } } }, ['stage "invert" dropped:', "- 1", "+ 0"]],
    [
      { stages: { invert: { inverted: 1 } } },
      ['stage "invert" inverted:', "- 1", "+ no such counter"]
    ],
    [{ stages: { none: {} } }, ['the pipeline has no stage "none"']],
    [{ drops: { invert: {} } }, ['stage "invert" accumulates nothing']],
    [{ sinks: { other: [] } }, ['the pipeline asks for no sink "other", only for "inverses"']]
  ])("fails on %j and says what differs", async (wanted, lines) => {
    const outcome = await one(wanted)
    expect(outcome.passed).toBe(false)
    expect(outcome.lines.length).toBe(lines.length)
    for (const [n, line] of lines.entries()) expect(outcome.lines[n]).toMatch(line)
  })

  it("fails when a source fails that should not, and passes when it should", async () => {
    const given = { numbers: [{ item: 1 }, { fail: "unplugged" }] }
    const unexpected = await one({ sinks: { inverses: [1] } }, { given })
    expect(unexpected.lines.join("\n")).toMatch(/- completed\n\+ failed \(stage "numbers": unplu/)
    expect(await one({ status: "failed", sinks: { inverses: [1] } }, { given })).toEqual(passed)
  })

  it("fails on a source that the pipeline does not have", async () => {
    const { lines } = await one({ status: "completed" }, { given: { other: [] } })
    expect(lines).toEqual(['the pipeline asks for no source "other", only for "numbers"'])
  })

  it("fails with what the pipeline's function throws", async () => {
    const broken = (): never => {
      throw new Error("no pipeline today")
    }
    const { lines } = await TestCase.run(broken, { name: "n", given: {}, expect: {} })
    expect(lines).toEqual(["no pipeline today"])
  })

  it("looks at drops by reason; none named means that none may be", async () => {
    const gathering: TestCase.Testable = (io) =>
      Pipeline.source("in", io.source<{ key: number; value: number }>("in")).pipe(
        Pipeline.accumulate("sum", groups(1, "sum")),
        Pipeline.sink("out", io.sink("out"))
      )
    const given = { in: [{ item: { key: 1, value: 2 } }] }
    const wanted = (drops: Record<string, number>) => ({
      sinks: { out: [{ key: 1, value: 2 }] },
      drops: { sum: drops }
    })
    const clean = await TestCase.run(gathering, { name: "a case", given, expect: wanted({}) })
    expect(clean).toEqual(passed)
    const late = await TestCase.run(gathering, {
      name: "a case",
      given,
      expect: wanted({ late: 1 })
    })
    expect(late.lines).toEqual(['drops of "sum", late:', "- 1", "+ 0"])
  })
})

describe("cases as data", () => {
  const good = { name: "n", given: { in: [{ item: 1 }] }, expect: { status: "completed" } }

  it("are read from a list or from the field cases", () => {
    expect(TestCase.decode([good])).toEqual({ _tag: "Cases", cases: [good] })
    expect(TestCase.decode({ cases: [good] })).toEqual({ _tag: "Cases", cases: [good] })
  })

  it.each([
    [{}, "cases: a list of at least one case is expected"],
    [[], "cases: a list of at least one case is expected"],
    [[{ ...good, name: 1 }], "cases[0].name: a text is expected"],
    [[{ ...good, than: {} }], 'cases[0]: no field "than", only name, given, when, expect'],
    [[{ ...good, expect: {} }], "cases[0].expect: a case that expects nothing cannot fail"],
    [[{ ...good, expect: { status: "done" } }], /^cases\[0\]\.expect\.status: one of completed/],
    [[{ ...good, expect: { sinks: { out: 1 } } }], /^cases\[0\]\.expect\.sinks\.out: a list, or/],
    [[{ ...good, expect: { headers: { out: [1] } } }], /headers\.out: a list of headers is/],
    [[{ ...good, expect: { stages: { s: { n: "1" } } } }], /stages\.s: counters is expected/],
    [[{ ...good, given: { in: [{ wait: "soon" }] } }], /given\.in\[0\]\.wait: a time such as/],
    [[{ ...good, given: { in: [{ item: 1, wait: "1 second" }] } }], /in\[0\]: one of item, items/],
    [[{ ...good, given: { in: [{ items: 1 }] } }], /in\[0\]\.items: a list is expected/],
    [[{ ...good, given: { in: 1 } }], "cases[0].given.in: a list of steps is expected"],
    [[{ ...good, when: { batchSize: 0 } }], /when\.batchSize: a whole number from 1/],
    [[{ ...good, when: { stopAfter: 5 } }], /when\.stopAfter: a time such as/]
  ])("that make no sense are refused: %j", (value, problem) => {
    const decoded = TestCase.decode(value)
    const problems = decoded._tag === "Problems" ? decoded.problems : []
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(problem)
  })
})
