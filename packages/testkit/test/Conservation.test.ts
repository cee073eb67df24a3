// What the check of a run's counters sees: every way to tamper with them is found, by name.
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import type * as Stage from "@sluice/core/Stage"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { groups } from "../src/internal/differential/groups.ts"
import type { Item } from "../src/internal/differential/plan.ts"
import { conservation } from "../src/internal/simulation/conservation.ts"
import * as VirtualRun from "../src/VirtualRun.ts"

type State = Stage.StageRuntimeState

const items = Array.from({ length: 24 }, (_, n): Item => ({ key: n % 3, value: n }))

/** Stages of every way to change the number of records. */
const pipeline = () => {
  const { left, right } = Pipeline.source("in", Source.fromIterable(items)).pipe(
    Pipeline.filter("even", ({ value }: Item) => value % 2 === 0),
    Pipeline.flatMap("twice", (item: Item) => [item, item]),
    Pipeline.broadcast("copy", ["left", "right"])
  )
  return Pipeline.all([
    left.pipe(
      Pipeline.accumulate("groups", groups(3, "sum")),
      Pipeline.sink("groups-out", Sink.drain)
    ),
    right.pipe(
      Pipeline.process("few", (input) => Stream.take(input, 5)),
      Pipeline.sink("few-out", Sink.drain)
    )
  ])
}

const found = async (stageId: string, change: (state: State) => Partial<State>) => {
  const closed = pipeline()
  const { finalStates } = await VirtualRun.run(closed, { batchSize: 7 })
  const state = finalStates[stageId] as State
  const tampered = { ...finalStates, [stageId]: { ...state, ...change(state) } }
  return conservation(Pipeline.graph(closed), tampered, true)
}

describe("the counters of a run", () => {
  it("add up at every stage and between any two", async () => {
    expect(await found("in", () => ({}))).toEqual([])
    const { finalStates } = await VirtualRun.run(pipeline(), { batchSize: 7 })
    const made = Object.values(finalStates).map((state) => state.recordsMade)
    expect(made).toEqual([0, -12, 12, 24, -15, 0, -3, 0])
    expect(finalStates["few"]?.metrics["dropped.gone"]).toBe(16)
  })

  it("a record that a stage took and nobody knows of", async () => {
    expect(await found("twice", (state) => ({ recordsMade: state.recordsMade + 1 }))).toEqual([
      'stage "twice": 12 in + 13 made, but 24 out + 0 dropped + 0 dead + 0 in flight (rule S5)'
    ])
  })

  it("a copy that a broadcast did not make, although its sums are right", async () => {
    const one = (state: State) => ({
      recordsMade: state.recordsMade - 1,
      recordsOut: state.recordsOut - 1
    })
    const [made, between] = await found("copy", one)
    expect(made).toBe('stage "copy" made 23 records beyond 24, not 24 (rule S5)')
    expect(between).toMatch(/^"few", "groups" took 32 and 16 were dropped in front, "copy" handed/)
  })

  it("records between two stages, and those before one that is gone", async () => {
    const one = (state: State) => ({
      recordsIn: state.recordsIn - 1,
      recordsMade: state.recordsMade + 1
    })
    expect(await found("twice", one)).toEqual(['"twice" took 11, "even" handed on 12 (rule S5)'])
    const silent = await found("few", (state) => ({
      metrics: { ...state.metrics, "dropped.gone": 15 },
      dropped: 15
    }))
    expect(silent[0]).toMatch(
      /took 32 and 15 were dropped in front, "copy" handed on 48 \(rule S5\)$/
    )
  })

  it("records in flight behind the end", async () => {
    expect(
      await found("even", (state) => ({ inFlight: 2, recordsMade: state.recordsMade + 2 }))
    ).toEqual(['stage "even": 2 in flight behind the end (rule S5)'])
  })

  it("fragments that an accumulator has forgotten", async () => {
    const [finding] = await found("groups", (state) => ({
      metrics: { ...state.metrics, fragmentsCompleted: 1 }
    }))
    expect(finding).toMatch(/^accumulator "groups": 24 in, 24 fragments, 1 completed \+ /)
  })

  it("a stage without counters", async () => {
    const closed = pipeline()
    expect(conservation(Pipeline.graph(closed), {}, true)).toContain(
      'stage "in" has no state (rule M2)'
    )
  })
})
