// The regulator over a batch size and a credit window, in virtual time: a sample a second for two
// minutes of what accumulators, CPU and memory might do. It answers to each row of the interaction
// table, restores what it slowed, and rests when nothing presses.
import * as Adaptive from "../src/internal/adaptiveBatch.ts"
import type { Action, Decision, Sample } from "../src/internal/regulator.ts"
import { assertInvariants, initial, transition } from "../src/internal/regulator.ts"
import type { Panel } from "./panels.ts"

/** What the run does at a time in seconds, beside what is calm. */
export interface Scene {
  readonly name: string
  readonly sample: (second: number) => Partial<Omit<Sample, "atMs">>
}

const calm: Omit<Sample, "atMs"> = {
  fill: 0.4,
  completionRate: 0.4,
  cpuIdle: 0.3,
  activeSpillCount: 0,
  gcPressure: 0.02
}

const ramp = (second: number, from: number, to: number): number =>
  Math.min(1, Math.max(0, (second - from) / (to - from)))

/** One scene for each row of the table, one for noise, one for all of it. */
export const scenes: ReadonlyArray<Scene> = [
  { name: "calm", sample: () => ({}) },
  {
    name: "accumulators fill up",
    sample: (second) => ({ fill: 0.4 + 0.55 * ramp(second, 20, 60), completionRate: 0.1 })
  },
  {
    name: "completions and idle CPU",
    sample: (second) => (second < 30 ? {} : { completionRate: 0.8, cpuIdle: 0.7 })
  },
  {
    name: "spilling under GC pressure",
    sample: (second) =>
      second < 30 || second >= 70
        ? {}
        : { activeSpillCount: 2, gcPressure: 0.1 + 0.01 * (second - 30) }
  },
  {
    name: "noise around the thresholds",
    sample: (second) => ({
      fill: 0.8 + 0.08 * Math.sin(second),
      completionRate: 0.2 + 0.08 * Math.sin(second * 1.7),
      cpuIdle: 0.5 + 0.08 * Math.sin(second * 2.3)
    })
  },
  {
    name: "one after the other",
    sample: (second) => {
      if (second < 30) return { completionRate: 0.8, cpuIdle: 0.7 }
      if (second < 60) return { fill: 0.95, completionRate: 0.1 }
      if (second < 90) return { activeSpillCount: 1, gcPressure: 0.1 + 0.01 * (second - 60) }
      return {}
    }
  }
]

/** Two simulated minutes. */
export interface RegulatorRun {
  readonly scene: string
  readonly sizes: ReadonlyArray<number>
  readonly credits: ReadonlyArray<number>
  readonly decisions: ReadonlyArray<Decision>
}

const seconds = 120
const creditsFull = 1_000
const batch = { batchMin: 1, batchMax: 4_096, batchInitial: 256, latencyMsTarget: 100 }

/** Decisions in two minutes: more would be a regulator that does not settle. */
export const decisionsMax = 25

/** Runs a fresh regulator through a scene. */
export const runRegulator = (scene: Scene): RegulatorRun => {
  let state = initial()
  let size = Adaptive.initial(batch)
  let credits = creditsFull
  let sizeBefore = size.size
  const can = (direction: "grow" | "shrink"): boolean =>
    Adaptive.transition(size, { _tag: "Advised", direction, reason: "" })[1].length > 0
  const run = { sizes: [] as Array<number>, credits: [] as Array<number> }
  const perform = ({ _tag, reason }: Action): void => {
    const direction = _tag === "GrowBatch" ? "grow" : _tag === "ShrinkBatch" ? "shrink" : undefined
    if (direction !== undefined)
      size = Adaptive.transition(size, { _tag: "Advised", direction, reason })[0]
    else if (_tag === "RestoreBatch")
      size = Adaptive.transition(size, { _tag: "Restored", size: sizeBefore, reason })[0]
    else credits = _tag === "SlowCredits" ? creditsFull / 2 : creditsFull
  }
  for (let second = 0; second < seconds; second++) {
    const steps = { canShrink: can("shrink"), canGrow: can("grow") }
    const sample = { ...calm, ...scene.sample(second), ...steps, atMs: second * 1_000 }
    const [next, actions] = transition(state, sample)
    if (state.credits === "normal") sizeBefore = size.size
    state = next
    assertInvariants(state)
    Adaptive.assertInvariants(size)
    for (const action of actions) perform(action)
    run.sizes.push(size.size)
    run.credits.push(credits)
  }
  if (state.decisionCount > decisionsMax)
    throw new Error(`${scene.name}: ${state.decisionCount} decisions, at most ${decisionsMax}`)
  return { scene: scene.name, ...run, decisions: state.log }
}

/** Every run as its last figures and its decisions with their reasons. */
export const regulatorText = (runs: ReadonlyArray<RegulatorRun>): string =>
  [
    "The regulator over a batch size (256 at the start, 1 to 4,096) and 1,000 credits, a sample a",
    "second for two minutes of virtual time.",
    "",
    ...runs.flatMap(({ scene, sizes, credits, decisions }) => [
      `${scene}: ends with batches of ${sizes.at(-1)} and ${credits.at(-1)} credits, ` +
        `${decisions.length} decisions`,
      ...decisions.map(
        ({ atMs, action, reason }) =>
          `  ${String(atMs / 1_000).padStart(5)} s  ${action.padEnd(14)} ${reason}`
      ),
      ""
    ])
  ].join("\n")

/** Every run as a panel: batch size on a logarithmic scale, and credits. */
export const regulatorPanels = (runs: ReadonlyArray<RegulatorRun>): ReadonlyArray<Panel> =>
  runs.map(({ scene, sizes, credits, decisions }) => ({
    title: `${scene}: ${decisions.length} decisions`,
    curves: [
      {
        name: "batch size (log)",
        colour: "#2060c0",
        most: 12,
        values: sizes.map((size) => Math.log2(size))
      },
      { name: "credits", colour: "#d08020", most: 1_200, values: credits }
    ]
  }))
