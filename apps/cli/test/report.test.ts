import { describe, expect, it } from "@effect/vitest"
import type * as Accumulator from "@sluice/core/Accumulator"
import type * as Engine from "@sluice/core/Engine"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import type * as Stage from "@sluice/core/Stage"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { jsonLine } from "../src/report/json.ts"
import { follow, progressLine, sample } from "../src/report/progress.ts"
import { resultJson } from "../src/report/resultJson.ts"
import { resultTable } from "../src/report/resultTable.ts"
import { incompleteKeys } from "../src/report/summary.ts"
import { statusLine } from "../src/terminal/statusLine.ts"
import { captured } from "./memoryScreen.ts"

const state = (
  stageId: string,
  kind: Stage.StageKind,
  figures: Partial<Stage.StageRuntimeState> = {}
): Stage.StageRuntimeState => ({
  stageId,
  kind,
  status: "running",
  inputQueueDepth: 0,
  outputQueueDepth: 0,
  recordsIn: 0,
  recordsOut: 0,
  recordsMade: 0,
  errors: 0,
  deadLetters: 0,
  dropped: 0,
  batches: 0,
  bytes: 0,
  inFlight: 0,
  latency: { counts: [], p50Micros: 0, p95Micros: 0, maxMicros: 0 },
  lastError: undefined,
  metrics: {},
  busyMicros: 0,
  blockedMicros: 0,
  flow: undefined,
  circuit: undefined,
  ...figures
})

const totals: Accumulator.AccumulatorTotals = {
  fragmentsIn: 532_261,
  fragmentsCompleted: 532_000,
  fragmentsPartial: 0,
  fragmentsDropped: 261,
  fragmentsFailed: 0,
  fragmentsOpen: 0,
  keysOpen: 0,
  keysCompleted: 117_754,
  keysPartial: 0,
  keysDropped: 37,
  bytesOpen: 0,
  dropsByReason: { end: 261 },
  completedByReason: { count: 117_754 }
}

const openKeys = Array.from({ length: 37 }, (_, i) => ({
  key: `n0000${i}`,
  fragments: 3,
  completeness: 0.999,
  missing: [`sense ${i}`, "gloss"]
}))

const result: PipelineResult.PipelineResult = {
  pipelineId: "wordnet",
  engine: "async",
  seed: "7",
  success: true,
  status: "completed",
  recordsIn: 600_000,
  recordsOut: 117_754,
  errorCount: 0,
  droppedCount: 261,
  bytesIn: 1,
  durationMs: 0,
  deadLetters: [],
  deadLetterCount: 0,
  accumulators: [{ stageId: "synset", totals, openKeys }],
  quarantined: [],
  finalStates: { lines: state("lines", "source", { recordsIn: 600_000, recordsOut: 600_000 }) }
}

const summary = {
  result,
  durationMs: 2_000,
  peakRssBytes: 222_298_112,
  report: undefined,
  blame: undefined,
  failure: undefined
}

describe("result table", () => {
  it("shows fragments, keys, rate and memory", () => {
    const table = resultTable(summary, 50, captured())
    expect(table).toMatch(/^wordnet {2}completed in 2\.0 s\n/)
    expect(table).toMatch(/engine +async, seed 7\n/)
    expect(table).toMatch(/fragments in +532,261\n/)
    expect(table).toMatch(/keys out +117,754 complete, 0 partial, 37 discarded\n/)
    expect(table).toMatch(/records\/s +300,000\n/)
    expect(table).toMatch(/peak RSS +212 MB\n/)
  })

  it("names every incomplete key with what it waits for", () => {
    const table = resultTable(summary, 50, captured())
    expect(table).toContain('incomplete keys in "synset": 37\n')
    expect(table.match(/n0000\d+ +99 % +3 {2}waits for sense \d+, gloss\n/g)).toHaveLength(37)
    expect(table).not.toContain("more")
  })

  it("bounds the list and says how many there are", () => {
    const table = resultTable(summary, 5, captured())
    expect(table.match(/waits for/g)).toHaveLength(5)
    expect(table).toContain("… and 32 more\n")
  })

  it("names circuits that let nothing through, stages in quarantine, and who is to blame", () => {
    const quarantined = [
      { stageId: "parse", atMs: 1, seqId: 9, location: "data.noun:14", reason: "not a\nnumber" }
    ]
    const finalStates = {
      price: state("price", "transform", { circuit: "open" }),
      store: state("store", "sink", { circuit: "closed" })
    }
    const charge = { stageId: "store", ownMicros: 900_000, behind: [] }
    const blame = {
      elapsedMicros: 1_000_000,
      heldBack: [{ stageId: "lines", waitedMicros: 900_000, by: [charge] }],
      causes: [{ stageId: "store", micros: 900_000 }]
    }
    const told = { ...summary, blame, result: { ...result, quarantined, finalStates } }
    const table = resultTable(told, 50, captured())
    expect(table).toContain('circuit of "price": open')
    expect(table).not.toContain('circuit of "store"')
    expect(table).toMatch(/in quarantine:\n +parse +data\.noun:14 +not a number\n/)
    expect(table).toContain("begin with store:\n    lines was held back 900.0 ms (90 %) by\n")
    expect(table).toContain("    └─ store busy 900.0 ms (100 %)")
    const calm = { ...told, blame: { ...blame, heldBack: [], causes: [] } }
    expect(resultTable(calm, 50, captured())).toContain("nobody was held back")
  })

  it("shows the first dead letters with stage, place and cause, on one line each", () => {
    const letter = {
      _tag: "DeadLetter" as const,
      stageId: "parse",
      kind: "non-recoverable" as const,
      seqId: 9,
      origin: "lines",
      location: "data.noun:14",
      key: undefined,
      headers: {},
      payload: "x",
      cause: new Error("not a\nnumber"),
      attempts: 1,
      timestamp: 0
    }
    const letters = Array.from({ length: 8 }, () => letter)
    const table = resultTable(
      {
        ...summary,
        result: { ...result, accumulators: [], deadLetters: letters, deadLetterCount: 900 }
      },
      50,
      captured()
    )
    expect(table.match(/parse {2}data\.noun:14 {2}not a number\n/g)).toHaveLength(5)
    expect(table).toContain("… and 895 more\n")
    expect(table).not.toContain("fragments in")
  })

  it("adds the module's rows", () => {
    const report = {
      rows: [
        ["digest", "ab12"],
        ["words", 206_941]
      ] as const,
      ok: true
    }
    expect(resultTable({ ...summary, report }, 0, captured())).toMatch(
      /digest +ab12\n +words +206,941\n/
    )
  })

  it("counts partial, discarded and open keys as incomplete", () => {
    const odd = { ...totals, keysPartial: 1, keysDropped: 2, keysOpen: 4 }
    const accumulators = [{ stageId: "a", totals: odd, openKeys: [] }]
    expect(incompleteKeys({ ...result, accumulators })).toBe(7)
  })
})

describe("result as JSON", () => {
  it("is one line with the figures, the exit code and bounded open keys", () => {
    const line = resultJson(summary, 2, 4)
    expect(line.indexOf("\n")).toBe(line.length - 1)
    expect(JSON.parse(line)).toMatchObject({
      exitCode: 4,
      recordsPerSecond: 300_000,
      incompleteKeys: 37,
      keys: { complete: 117_754, discarded: 37 },
      accumulators: [{ openKeys: [{ key: "n00000" }, { key: "n00001" }] }]
    })
    expect(JSON.parse(line).accumulators[0].openKeys).toHaveLength(2)
  })
})

describe("jsonLine", () => {
  const circular: Record<string, unknown> = { name: "loop" }
  circular["self"] = circular

  it.each([
    [{ n: 10n }, '{"n":"10"}'],
    [new Uint8Array([1, 2]), '{"base64":"AQI="}'],
    [new Map([["a", 1]]), '{"entries":[["a",1]]}'],
    [new Set([1]), "[1]"],
    [circular, '{"name":"loop","self":"[circular]"}'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [undefined, "null"],
    [{ e: new Error("x", { cause: "y" }) }, '{"e":{"name":"Error","message":"x","cause":"y"}}']
  ])("writes what JSON cannot say (case %#)", (value, text) => expect(jsonLine(value)).toBe(text))

  it("ends at a depth", () => {
    let deep: unknown = 1
    for (let i = 0; i < 10_000; i++) deep = [deep]
    expect(jsonLine(deep)).toContain("[nested too deep]")
  })
})

describe("progress", () => {
  const states = {
    lines: state("lines", "source", { recordsIn: 1_000 }),
    keys: state("keys", "accumulator", { metrics: { keysOpen: 12, keysCompleted: 30 } }),
    out: state("out", "sink", { recordsOut: 30 })
  }

  it("adds up sources, accumulators and sinks", () => {
    expect(sample(states, 500, 1)).toEqual({
      elapsedMs: 500,
      records: 1_000,
      delivered: 30,
      keys: { open: 12, completed: 30 },
      rssBytes: 1
    })
  })

  it("rates since the previous sample", () => {
    const now = sample(states, 2_000, 222_298_112)
    const line = progressLine(now, { ...now, elapsedMs: 1_500, records: 900 })
    expect(line).toBe("2.0 s  1,000 records  200/s  12 open  30 completed  212 MB RSS")
  })

  it("shows deliveries where nothing accumulates", () => {
    const { keys: _, ...others } = states
    expect(progressLine(sample(others, 1_000, 0), undefined)).toContain("  30 delivered  ")
  })

  it.effect("samples in the interval, by the Clock, and once more at the end", () =>
    Effect.gen(function* () {
      const output = captured()
      const running: Pick<Engine.RunningPipeline, "inspectAll"> = { inspectAll: () => states }
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* follow(running, statusLine(output), 1_000, "p")
          yield* TestClock.adjust("2500 millis")
        })
      )
      const times = output
        .text()
        .trimEnd()
        .split("\n")
        .map((line) => line.split("  ")[1])
      expect(times).toEqual(["1.0 s", "2.0 s", "2.5 s"])
    })
  )
})
