// What the kit offers to a user's own tests: scripted sources, collecting sinks, a clock to move,
// tables. Every assertion has been seen failing.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import * as Policy from "@sluice/core/Policy"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import * as Collect from "../src/Collect.ts"
import { groups } from "../src/internal/differential/groups.ts"
import { resultTable, runToTable } from "../src/RunTable.ts"
import * as Scripted from "../src/Scripted.ts"
import * as VirtualRun from "../src/VirtualRun.ts"

const script = [
  Scripted.item(1),
  Scripted.wait("1 hour"),
  Scripted.items([2, 3]),
  Scripted.wait("1 hour"),
  Scripted.item(4)
]

const collecting = (steps: ReadonlyArray<Scripted.Step<number, string>>) => {
  const out = Collect.sink<number>()
  const pipeline = Pipeline.source("in", Scripted.source(steps)).pipe(
    Pipeline.map("double", (n: number) => n * 2),
    Pipeline.sink("out", out.sink)
  )
  return { out, pipeline }
}

const engines = {
  async: () => AsyncEngine.make(),
  sync: () => SyncEngine.make()
}

describe.each([
  ["async", engines.async],
  ["sync", engines.sync]
])("a run of the %s engine whose clock is the test's", (_name, makeEngine) => {
  it("goes as far as it is told", async () => {
    const { out, pipeline } = collecting(script)
    const run = await VirtualRun.start(pipeline, { engine: makeEngine() })
    expect(out.payloads()).toEqual([2])
    await run.advance("59 minutes")
    expect(out.payloads()).toEqual([2])
    await run.advance("1 minute")
    expect(out.payloads()).toEqual([2, 4, 6])
    expect(run.now()).toBe(3_600_000)
    expect(run.inspect("double")?.recordsIn).toBe(3)
    const result = await run.result()
    expect(result).toMatchObject({ status: "completed", recordsIn: 4, recordsOut: 4 })
    expect(out.records.map(({ atMs }) => atMs)).toEqual([0, 3_600_000, 3_600_000, 7_200_000])
  })

  it("stops where it stands", async () => {
    const { out, pipeline } = collecting(script)
    const run = await VirtualRun.start(pipeline, { engine: makeEngine(), startMs: 1_000 })
    await run.advance("10 minutes")
    await run.stop("graceful")
    expect((await run.result()).status).toBe("stopped")
    expect(out.payloads()).toEqual([2])
    expect(run.now()).toBe(601_000)
  })

  it("closes what it opened", async () => {
    let closed = 0
    const forever = Stream.never.pipe(Stream.ensuring(Effect.sync(() => closed++)))
    const pipeline = collecting([])
    const run = await VirtualRun.start(
      Pipeline.source("in", Scripted.source([Scripted.item(1)])).pipe(
        Pipeline.process("waits", () => forever),
        Pipeline.sink("out", pipeline.out.sink)
      ),
      { engine: makeEngine() }
    )
    expect(closed).toBe(0)
    await run.close()
    expect(closed).toBe(1)
  })

  it("tells of a source that fails, and keeps what was before", async () => {
    const { out, pipeline } = collecting([
      Scripted.item(1),
      Scripted.failure("broken"),
      Scripted.item(2)
    ])
    const result = await VirtualRun.run(pipeline, { engine: makeEngine() })
    expect(result.status).toBe("failed")
    expect(out.payloads()).toEqual([2])
  })

  it("ends where the script says so", async () => {
    const { out, pipeline } = collecting([Scripted.item(1), Scripted.end, Scripted.item(2)])
    expect((await VirtualRun.run(pipeline, { engine: makeEngine() })).status).toBe("completed")
    expect(out.payloads()).toEqual([2])
  })

  it("refuses what the graph refuses", async () => {
    const twice = Pipeline.source("same", Scripted.source([Scripted.item(1)])).pipe(
      Pipeline.map("same", (n: number) => n),
      Pipeline.sink("out", Collect.sink<number>().sink)
    )
    await expect(VirtualRun.start(twice, { engine: makeEngine() })).rejects.toThrow(/same/)
  })
})

const record = (headers: Record<string, string>): Collect.Received<string> => ({
  payload: "p",
  headers,
  seqId: 0,
  atMs: 0
})

describe("assertions", () => {
  it("on payloads, in order or not, name what differs", async () => {
    const { out, pipeline } = collecting(script)
    await VirtualRun.run(pipeline)
    Collect.assertPayloads(out, [2, 4, 6, 8])
    Collect.assertPayloads(out, [8, 6, 4, 2], { anyOrder: true })
    expect(() => Collect.assertPayloads(out, [2, 6, 4, 8])).toThrow(/payloads differ:\n/)
    expect(() => Collect.assertPayloads(out, [2, 4, 8])).toThrow("  2\n  4\n+ 6\n  8")
  })

  it("on the reason and the missing slots of an accumulated record", () => {
    const partial = record({
      "acc.reason": "idle",
      "acc.missingVars": "limit,risk%2Cclass",
      "acc.completeness": "0.5"
    })
    Collect.assertReason(partial, "idle")
    Collect.assertMissing(partial, ["risk,class", "limit"])
    expect(Collect.completenessOf(partial)).toBe(0.5)
    expect(() => Collect.assertReason(partial, "slots")).toThrow(
      'reason slots expected, found idle on "p"'
    )
    expect(() => Collect.assertReason(record({}), "slots")).toThrow(/found none/)
    expect(() => Collect.assertReason(undefined, "slots")).toThrow(/there is no record/)
    expect(() => Collect.assertMissing(partial, ["limit"])).toThrow(/\+ "risk,class"/)
    Collect.assertMissing(record({}), [])
  })

  it("on drops by reason", () => {
    const totals = { dropsByReason: { late: 2, evicted: 0 } }
    const result = { accumulators: [{ stageId: "acc", totals, openKeys: [] }] }
    const given = result as object as PipelineResult.PipelineResult
    Collect.assertDropped(given, "acc", { late: 2 })
    expect(() => Collect.assertDropped(given, "acc", {})).toThrow(/\+ \["late",2\]/)
    expect(() => Collect.assertDropped(given, "other", {})).toThrow(/there is acc/)
  })
})

describe("tables", () => {
  it("show the outputs with their time and headers, and what every stage counted", async () => {
    const items = [1, 2, 3].map((value) => Scripted.item({ key: 0, value }))
    const text = await runToTable(
      Pipeline.source("in", Scripted.source([...items, Scripted.wait("5 seconds"), ...items])).pipe(
        Pipeline.filter("odd", ({ value }) => value !== 2),
        Pipeline.mapEnvelope("note", (envelope) => ({ ...envelope, headers: { by: "hand" } })),
        Pipeline.accumulate("sum", groups(3, "sum"))
      )
    )
    expect(text).toBe(
      [
        "  ms  seq  payload              headers",
        '5000    3  {"key":0,"value":5}  by=hand',
        '5000    0  {"key":0,"value":3}',
        "",
        "completed after 5000 ms",
        "",
        "stage  status     in  out  dropped  dead  errors",
        "in     completed   6    6        0     0       0",
        "odd    completed   6    4        0     0       0",
        "note   completed   4    4        0     0       0",
        "sum    completed   4    2        0     0       0",
        "out    completed   2    2        0     0       0",
        ""
      ].join("\n")
    )
  })

  it("show a failed run with its failure, and a closed pipeline without outputs", async () => {
    const failing = Pipeline.source("in", Scripted.source([Scripted.items([1, 0])])).pipe(
      Pipeline.map(
        "invert",
        (n: number) => {
          if (n === 0) throw new Error("no inverse of 0")
          return 1 / n
        },
        { onError: Policy.fail }
      )
    )
    const text = await runToTable(failing)
    expect(text).toMatch(/^ms {2}seq {2}payload/)
    expect(text).toMatch(/stage "invert" failed on record in#1: no inverse of 0 \(value 0\)/)
    expect(text).toMatch(/\nfailed after 0 ms\n/)
    const { pipeline } = collecting([Scripted.item(1)])
    expect(await runToTable(pipeline)).toMatch(/^completed after 0 ms\n/)
    expect(resultTable(await VirtualRun.run(pipeline))).toMatch(/^completed after 0 ms\n/)
  })
})
