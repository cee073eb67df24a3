// Nothing is lost silently: what the counters of a run must add up to, at every stage and between
// any two (rule S5). A stage: in + made = out + dropped + dead + in flight. Between stages: what
// one hands on enters the next, was dropped in front of it, or was under way when the run was cut
// off.
import type * as Graph from "@sluice/core/Graph"
import type * as Stage from "@sluice/core/Stage"

type States = Readonly<Record<string, Stage.StageRuntimeState>>

/** Operations that make one record of one: `recordsMade` is no excuse there. */
const oneForOne: ReadonlySet<Graph.OperationTag> = new Set([
  "Source",
  "Map",
  "MapEffect",
  "MapPromise",
  "MapEnvelope",
  "Batch",
  "Merge",
  "Sink"
])

/** Records that were discarded in front of a stage and never entered it. */
const inFront = ({ metrics }: Stage.StageRuntimeState): number =>
  (metrics["dropped.full"] ?? 0) + (metrics["dropped.gone"] ?? 0)

/** What `recordsMade` must be, where that is known. */
const madeBy = (
  { operation }: Graph.StageNode,
  { recordsIn }: Stage.StageRuntimeState
): number | undefined => {
  if (oneForOne.has(operation._tag)) return 0
  if (operation._tag !== "Branch") return undefined
  const { mode } = operation
  return mode._tag === "Broadcast" ? recordsIn * (mode.ports.length - 1) : 0
}

const fragments = ["Completed", "Partial", "Dropped", "Failed", "Open"] as const

/** Rule A1, from the figures that `inspect` tells of an accumulator. */
const fragmentFinding = (state: Stage.StageRuntimeState, drained: boolean): string | undefined => {
  const of = (name: string): number => state.metrics[`fragments${name}`] ?? 0
  const told = fragments.reduce((sum, name) => sum + of(name), 0)
  const seen = drained ? of("In") === state.recordsIn : of("In") <= state.recordsIn
  if (of("In") === told && seen) return undefined
  const parts = fragments.map((name) => `${of(name)} ${name.toLowerCase()}`).join(" + ")
  const came = `${state.recordsIn} in, ${of("In")} fragments`
  return `accumulator "${state.stageId}": ${came}, ${parts} (rule A1)`
}

const stageFindings = (
  node: Graph.StageNode,
  state: Stage.StageRuntimeState,
  drained: boolean
): ReadonlyArray<string | undefined> => {
  const { stageId, recordsIn, recordsOut, recordsMade, deadLetters, inFlight } = state
  const dropped = state.dropped - inFront(state)
  const accounted = recordsOut + dropped + deadLetters + inFlight
  const made = madeBy(node, state)
  const sum = `${recordsOut} out + ${dropped} dropped + ${deadLetters} dead + ${inFlight} in flight`
  return [
    recordsIn + recordsMade === accounted
      ? undefined
      : `stage "${stageId}": ${recordsIn} in + ${recordsMade} made, but ${sum} (rule S5)`,
    made === undefined || made === recordsMade
      ? undefined
      : `stage "${stageId}" made ${recordsMade} records beyond ${recordsIn}, not ${made} (rule S5)`,
    inFlight < 0 || (drained && inFlight > 0)
      ? `stage "${stageId}": ${inFlight} in flight${drained ? " behind the end" : ""} (rule S5)`
      : undefined,
    node.operation._tag === "Accumulate" ? fragmentFinding(state, drained) : undefined
  ]
}

/** Stages that hand on to the same ones, with those: what one sends alone is not told. */
interface Crossing {
  readonly from: Set<string>
  readonly to: Set<string>
}

const crossings = (edges: ReadonlyArray<Graph.Edge>): ReadonlyArray<Crossing> =>
  edges.reduce<ReadonlyArray<Crossing>>((found, { from, to }) => {
    const touched = found.filter((one) => one.from.has(from) || one.to.has(to))
    const joined = {
      from: new Set([from, ...touched.flatMap((one) => [...one.from])]),
      to: new Set([to, ...touched.flatMap((one) => [...one.to])])
    }
    return [...found.filter((one) => !touched.includes(one)), joined]
  }, [])

const names = (ids: ReadonlySet<string>): string => [...ids].map((id) => `"${id}"`).join(", ")

const crossingFinding = (
  { from, to }: Crossing,
  states: States,
  drained: boolean
): string | undefined => {
  const total = (ids: ReadonlySet<string>, of: (state: Stage.StageRuntimeState) => number) =>
    [...ids].reduce((sum, id) => sum + (states[id] === undefined ? 0 : of(states[id])), 0)
  const sent = total(from, ({ recordsOut }) => recordsOut)
  const taken = total(to, ({ recordsIn }) => recordsIn)
  const front = total(to, inFront)
  if (drained ? sent === taken + front : sent >= taken + front) return undefined
  const drops = front === 0 ? "" : ` and ${front} were dropped in front`
  return `${names(to)} took ${taken}${drops}, ${names(from)} handed on ${sent} (rule S5)`
}

/**
 * Where the counters do not add up. `drained`: everything read must be accounted for; else part of
 * it may have been in flight.
 */
export const conservation = (
  graph: Graph.PipelineGraph,
  states: States,
  drained: boolean
): ReadonlyArray<string> => {
  const atStages = graph.nodes.flatMap((node) => {
    const state = states[node.id]
    if (state === undefined) return [`stage "${node.id}" has no state (rule M2)`]
    return stageFindings(node, state, drained)
  })
  const between = crossings(graph.edges).map((one) => crossingFinding(one, states, drained))
  return [...atStages, ...between].filter((finding) => finding !== undefined)
}
