// The circuit breaker before a service that fails and recovers, in virtual time: a call every 10 ms
// for a minute. After each tick its invariants hold; a circuit that closes without good trials, or
// opens again and again before a service that is well, ends the simulation.
import { transition } from "../src/internal/circuitBreaker.ts"
import type { Settings } from "../src/internal/circuitSettings.ts"
import { goodNeeded } from "../src/internal/circuitSettings.ts"
import type { Action, Event, State, Ticket } from "../src/internal/circuitState.ts"
import { assertInvariants, initial } from "../src/internal/circuitState.ts"
import type { Panel } from "./panels.ts"

/** A service: the share of calls that fail, and what a call takes, at a time in seconds. */
export interface Service {
  readonly name: string
  readonly failing: (second: number) => number
  readonly latencyMs: (second: number) => number
}

const between = (second: number, from: number, to: number): boolean => second >= from && second < to

/** What a service may do to a breaker that opens at half of the calls failed and p95 of 200 ms. */
export const services: ReadonlyArray<Service> = [
  { name: "healthy", failing: () => 0.02, latencyMs: () => 20 },
  {
    name: "outage",
    failing: (second) => (between(second, 10, 35) ? 1 : 0.02),
    latencyMs: (second) => (between(second, 10, 35) ? 500 : 20)
  },
  {
    name: "errors, but quick",
    failing: (second) => (between(second, 10, 35) ? 0.8 : 0.02),
    latencyMs: () => 20
  },
  {
    name: "slow, but right",
    failing: () => 0.02,
    latencyMs: (second) => (between(second, 10, 35) ? 500 : 20)
  },
  {
    name: "flapping",
    failing: (second) => (second % 8 < 3 ? 0.9 : 0.05),
    latencyMs: (second) => (second % 8 < 3 ? 400 : 20)
  },
  {
    name: "slow recovery",
    failing: (second) => Math.max(0.02, second < 10 ? 0.02 : 1 - (second - 10) / 30),
    latencyMs: (second) => (between(second, 10, 40) ? 300 : 20)
  }
]

const settings: Settings = {
  errorThreshold: 0.5,
  latencyMsThreshold: 200,
  windowMs: 5_000,
  throughputMin: 20,
  cooldownMs: 2_000,
  cooldownMsMax: 16_000,
  trials: 5,
  trialRatio: 0.8,
  trialMsMax: 5_000
}

/** What half a second came to. */
export interface Point {
  readonly second: number
  readonly state: State["phase"]["_tag"]
  readonly made: number
  readonly failed: number
  readonly rejected: number
}

/** One simulated minute. */
export interface CircuitRun {
  readonly service: string
  readonly points: ReadonlyArray<Point>
  readonly made: number
  readonly failed: number
  readonly rejected: number
  readonly opened: number
  readonly closed: number
  readonly changes: ReadonlyArray<string>
}

const tickMs = 10
const seconds = 60
const ticksPerPoint = 50

/** Breakers open this often at most while a service fails for 25 seconds and more. */
export const openingsMax = 12

type Transition = (state: State, event: Event) => readonly [State, ReadonlyArray<Action>]

interface Call {
  readonly ticket: Ticket
  readonly startMs: number
  readonly endMs: number
  readonly ok: boolean
}

/** What happened so far; the checks are made as it happens. */
class Watch {
  state = initial(settings, 0)
  running: Array<Call> = []
  readonly changes: Array<string> = []
  opened = 0
  closed = 0
  private goodTrials = 0
  private readonly step: Transition
  private debt = 0

  constructor(step: Transition) {
    this.step = step
  }

  send(event: Event): ReadonlyArray<Action> {
    const [state, actions] = this.step(this.state, event)
    this.state = state
    assertInvariants(state)
    for (const action of actions) if (action._tag === "Change") this.changed(action)
    return actions
  }

  private changed({ from, to, atMs, reason }: Extract<Action, { _tag: "Change" }>): void {
    this.changes.push(`${(atMs / 1_000).toFixed(2).padStart(6)} s  ${from} > ${to}: ${reason}`)
    if (to === "Open") this.opened++
    if (to === "Closed") {
      this.closed++
      if (this.goodTrials < goodNeeded(this.state.settings))
        throw new Error(`circuit closed after ${this.goodTrials} good trials`)
    }
    this.goodTrials = 0
    if (this.opened > openingsMax) throw new Error(`circuit opened ${this.opened} times`)
  }

  /** Whole failures out of shares, so that a run is a function of its service. */
  fails(share: number): boolean {
    this.debt += share
    if (this.debt < 1) return false
    this.debt -= 1
    return true
  }

  finish(atMs: number): void {
    const ended = this.running.filter(({ endMs }) => endMs <= atMs)
    this.running = this.running.filter(({ endMs }) => endMs > atMs)
    for (const { ticket, startMs, endMs, ok } of ended) {
      const latencyMs = endMs - startMs
      const trial = this.state.phase._tag === "HalfOpen" && ticket >= this.state.firstId
      if (trial && ok && latencyMs < (settings.latencyMsThreshold ?? 0)) this.goodTrials++
      this.send({ _tag: "Result", atMs, ticket, ok, latencyMs })
    }
  }
}

/** Runs a fresh circuit before a service. */
export const runCircuit = (service: Service, step: Transition = transition): CircuitRun => {
  const watch = new Watch(step)
  const points: Array<Point> = []
  const total = { made: 0, failed: 0, rejected: 0 }
  let part = { made: 0, failed: 0, rejected: 0 }
  for (let tick = 1; tick <= (seconds * 1_000) / tickMs; tick++) {
    const atMs = tick * tickMs
    const second = atMs / 1_000
    watch.finish(atMs)
    const verdict = watch.send({ _tag: "Request", atMs }).at(-1)
    if (verdict?._tag === "Admit") {
      const ok = !watch.fails(service.failing(second))
      const endMs = atMs + service.latencyMs(second)
      watch.running.push({ ticket: verdict.ticket, startMs: atMs, endMs, ok })
      part.made++
      if (!ok) part.failed++
    } else part.rejected++
    if (tick % ticksPerPoint !== 0) continue
    points.push({ second, state: watch.state.phase._tag, ...part })
    total.made += part.made
    total.failed += part.failed
    total.rejected += part.rejected
    part = { made: 0, failed: 0, rejected: 0 }
  }
  const { opened, closed, changes } = watch
  return { service: service.name, points, ...total, opened, closed, changes }
}

const signs = { Closed: "#", HalfOpen: "-", Open: ".", Isolated: "x" } as const

/** Every run as figures, its states over time, and its changes with their reasons. */
export const circuitText = (runs: ReadonlyArray<CircuitRun>): string =>
  [
    "A circuit before a service, 100 calls a second for a minute of virtual time. It opens when",
    "half of the calls in 5 s failed AND their p95 is 200 ms or more; 5 trials, 4 good ones close",
    "it; the cool-down grows from 2 s to 16 s. A character for each half second: # closed,",
    "- half-open, . open.",
    "",
    ...runs.flatMap(({ service, points, made, failed, rejected, opened, closed, changes }) => [
      `${service}: ${made} calls made, ${failed} of them failed, ${rejected} not made; ` +
        `opened ${opened}, closed ${closed}`,
      `  |${points.map(({ state }) => signs[state]).join("")}|`,
      ...changes.map((change) => `  ${change}`),
      ""
    ])
  ].join("\n")

/** Every run as a panel: calls made, calls that failed, calls not made, in half a second. */
export const circuitPanels = (runs: ReadonlyArray<CircuitRun>): ReadonlyArray<Panel> =>
  runs.map(({ service, points, rejected, failed }) => ({
    title: `${service}: ${failed} calls failed, ${rejected} not made`,
    curves: [
      { name: "calls made", colour: "#2060c0", most: 50, values: points.map(({ made }) => made) },
      { name: "failed", colour: "#c03030", most: 50, values: points.map((point) => point.failed) },
      { name: "not made", colour: "#999999", most: 50, values: points.map((p) => p.rejected) }
    ]
  }))
