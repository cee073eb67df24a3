// The pure accumulator-aware gate: a queue counts what accumulators hold and what is being spilled.
// effective = raw + pendingBytes / bytesUnitWindow + spills × spillPenalty, saturating.
// Invariants: the gate shuts at `capacity` and opens below `reopenAt` (hysteresis); while nothing
// is in flight one request is let through, since only new input completes what accumulators hold.
import * as Check from "./settings.ts"
import { waitersMaxDefault, without } from "./waiters.ts"

/** What one unit of pressure is. */
export interface Weights {
  /** Accumulated bytes that weigh as much as one queued record. */
  readonly bytesUnitWindow: number
  /** Records one running spill weighs. */
  readonly spillPenalty: number
}

/** What is measured. */
export interface Pressure {
  readonly rawQueueLength: number
  readonly pendingAccumulatorBytes: number
  readonly activeSpillCount: number
}

/** Settings of a gate. */
export interface Settings extends Weights {
  readonly capacity: number
  /** The gate opens again below this; default three quarters of the capacity. */
  readonly reopenAt?: number
  readonly waitersMax?: number
}

/** Neither a negative number nor NaN weighs anything. */
const amount = (value: number): number => (Number.isNaN(value) ? 0 : Math.max(0, value))

/**
 * The formula of the specification, rounded down. Whatever is measured, the answer is a safe
 * integer: negative and absent numbers weigh nothing, more than fits is the largest.
 */
export const effectiveQueueSize = (weights: Weights, pressure: Pressure): number => {
  const units = amount(pressure.pendingAccumulatorBytes) / weights.bytesUnitWindow
  const spills = amount(amount(pressure.activeSpillCount) * weights.spillPenalty)
  const sum = amount(pressure.rawQueueLength) + Math.floor(units) + Math.floor(spills)
  return Math.min(sum, Number.MAX_SAFE_INTEGER)
}

/** Sentences about weights that cannot work. */
export const weightProblems = (weights: Weights): ReadonlyArray<Check.Problem> => [
  Check.positive("bytesUnitWindow", weights.bytesUnitWindow),
  Check.atLeast("spillPenalty", weights.spillPenalty, 0)
]

/** State of a gate. */
export interface State {
  readonly settings: Required<Settings>
  readonly pressure: Pressure
  readonly gate: "open" | "shut"
  readonly waiters: ReadonlyArray<{ readonly id: number; readonly amount: number }>
  readonly admittedCount: number
  readonly waitCount: number
  readonly refusedCount: number
  readonly shutCount: number
}

/** What may happen to a gate. */
export type Event =
  | {
      readonly _tag: "Request"
      readonly id: number
      readonly amount: number
      readonly wait: boolean
    }
  | { readonly _tag: "Cancel"; readonly id: number }
  | { readonly _tag: "Processed"; readonly amount: number }
  | {
      readonly _tag: "Reported"
      readonly pendingAccumulatorBytes: number
      readonly activeSpillCount: number
    }

/** What a gate says. */
export type Action =
  | { readonly _tag: "Grant"; readonly id: number }
  | { readonly _tag: "Refuse"; readonly id: number; readonly reason: "shut" | "line-full" }
  | { readonly _tag: "Wait"; readonly id: number }
  | { readonly _tag: "Shut"; readonly effective: number }
  | { readonly _tag: "Open"; readonly effective: number }

type Step = readonly [State, ReadonlyArray<Action>]

/** An open gate; throws `InvalidSettings`. */
export const initial = (given: Settings): State => {
  const { capacity } = given
  const settings: Required<Settings> = {
    reopenAt: Math.max(1, Math.floor(capacity * 0.75)),
    waitersMax: waitersMaxDefault,
    ...given
  }
  Check.accept("effective queue", [
    Check.count("capacity", capacity),
    Check.count("reopenAt", settings.reopenAt),
    Check.unless(
      !(settings.reopenAt > capacity),
      `reopenAt ${settings.reopenAt} is above the capacity ${capacity}: give at most the capacity`
    ),
    Check.count("waitersMax", settings.waitersMax, 0),
    ...weightProblems(given)
  ])
  return {
    settings,
    pressure: { rawQueueLength: 0, pendingAccumulatorBytes: 0, activeSpillCount: 0 },
    gate: "open",
    waiters: [],
    admittedCount: 0,
    waitCount: 0,
    refusedCount: 0,
    shutCount: 0
  }
}

const measured = (state: State): number => effectiveQueueSize(state.settings, state.pressure)

/** Shuts or opens the gate after its pressure changed. */
const judged = (state: State): Step => {
  const effective = measured(state)
  const { capacity, reopenAt } = state.settings
  if (state.gate === "open" && effective >= capacity)
    return [
      { ...state, gate: "shut", shutCount: state.shutCount + 1 },
      [{ _tag: "Shut", effective }]
    ]
  if (state.gate === "shut" && effective < reopenAt)
    return [{ ...state, gate: "open" }, [{ _tag: "Open", effective }]]
  return [state, []]
}

const passes = (state: State): boolean =>
  state.gate === "open" || state.pressure.rawQueueLength === 0

const admit = (state: State, count: number): Step => {
  const rawQueueLength = state.pressure.rawQueueLength + count
  const admittedCount = state.admittedCount + count
  return judged({ ...state, pressure: { ...state.pressure, rawQueueLength }, admittedCount })
}

/** Lets the front of the line through while the gate allows. */
const serve = ([state, before]: Step): Step => {
  let current = state
  const actions: Array<Action> = [...before]
  while (current.waiters.length > 0 && passes(current)) {
    const [first, ...waiters] = current.waiters
    const [admitted, changes] = admit({ ...current, waiters }, first!.amount)
    actions.push({ _tag: "Grant", id: first!.id }, ...changes)
    current = admitted
  }
  return [current, actions]
}

const request = (state: State, event: Extract<Event, { _tag: "Request" }>): Step => {
  const { id } = event
  if (state.waiters.length === 0 && passes(state)) {
    const [admitted, changes] = admit(state, event.amount)
    return [admitted, [{ _tag: "Grant", id }, ...changes]]
  }
  const full = state.waiters.length >= state.settings.waitersMax
  if (!event.wait || full)
    return [
      { ...state, refusedCount: state.refusedCount + 1 },
      [{ _tag: "Refuse", id, reason: event.wait ? "line-full" : "shut" }]
    ]
  const waiters = [...state.waiters, { id, amount: event.amount }]
  return [{ ...state, waiters, waitCount: state.waitCount + 1 }, [{ _tag: "Wait", id }]]
}

/** The one transition. */
export const transition = (state: State, event: Event): Step => {
  const { pressure } = state
  switch (event._tag) {
    case "Request":
      return request(state, event)
    case "Cancel":
      return serve([{ ...state, waiters: without(state.waiters, event.id) }, []])
    case "Processed": {
      const rawQueueLength = Math.max(0, pressure.rawQueueLength - event.amount)
      return serve(judged({ ...state, pressure: { ...pressure, rawQueueLength } }))
    }
    case "Reported": {
      const { pendingAccumulatorBytes, activeSpillCount } = event
      const reported = { ...pressure, pendingAccumulatorBytes, activeSpillCount }
      return serve(judged({ ...state, pressure: reported }))
    }
  }
}

/** Throws when the state contradicts the header. */
export const assertInvariants = (state: State): void => {
  const effective = measured(state)
  const { capacity, reopenAt, waitersMax } = state.settings
  Check.claim("effective queue", [
    [Number.isSafeInteger(effective) && effective >= 0, `effective queue ${effective}`],
    [state.gate === "shut" || effective < capacity, `open at ${effective} of ${capacity}`],
    [state.gate === "open" || effective >= reopenAt, `shut at ${effective}, below ${reopenAt}`],
    [state.waiters.length <= waitersMax, `${state.waiters.length} waiters`],
    [state.waiters.length === 0 || !passes(state), "somebody waits at an open gate"]
  ])
}
