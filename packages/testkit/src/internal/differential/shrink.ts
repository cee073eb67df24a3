// Makes a failing plan small: fewer stages first, then fewer sources and records, then simpler
// stages. Greedy, with a bound on the runs it may cost.
import type { Plan, Step } from "./plan.ts"

/** Runs a shrink may cost. */
const runsMax = 400

const without = <A>(list: ReadonlyArray<A>, from: number, count = 1): ReadonlyArray<A> => [
  ...list.slice(0, from),
  ...list.slice(from + count)
]

const withStep = (plan: Plan, n: number, step: Step): Plan => ({
  ...plan,
  steps: plan.steps.map((other, m) => (m === n ? step : other))
})

/** Simpler forms of one stage. */
const simpler = (step: Step): ReadonlyArray<Step> => {
  const found: Array<Step> = []
  if ("failing" in step && step.failing !== undefined) {
    found.push({ ...step, failing: undefined })
    if (step.failing.retries > 0 && !step.failing.transient)
      found.push({ ...step, failing: { ...step.failing, retries: 0 } })
    if (step.failing.how === "hang" || step.failing.how === "die")
      found.push({ ...step, failing: { ...step.failing, how: "fail" } })
  }
  if ("buffer" in step && step.buffer !== undefined) {
    found.push({ ...step, buffer: undefined, full: undefined })
    if (step.full !== undefined) found.push({ ...step, full: undefined })
  }
  if (step.op === "mapEffect" || step.op === "mapPromise") {
    if (step.bounded === true) found.push({ ...step, bounded: false })
    if (step.waits !== "none") found.push({ ...step, waits: "none" })
    if (step.concurrency > 1) found.push({ ...step, concurrency: step.concurrency > 2 ? 2 : 1 })
    if (step.ordering !== "ordered") found.push({ ...step, ordering: "ordered" })
  }
  if ("rows" in step && step.rows === true) found.push({ ...step, rows: undefined })
  if ("add" in step && step.add !== 0) found.push({ ...step, add: 0 })
  if (step.at !== 0) found.push({ ...step, at: 0 })
  return found
}

const fewerRecords = function* (plan: Plan): Generator<Plan> {
  for (const [n, records] of plan.sources.entries()) {
    const replace = (next: typeof records): Plan => ({
      ...plan,
      sources: plan.sources.map((other, m) => (m === n ? next : other))
    })
    for (let size = Math.ceil(records.length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < records.length; from += size) {
        yield replace(without(records, from, size))
      }
    }
  }
}

const candidates = function* (plan: Plan): Generator<Plan> {
  for (let n = plan.steps.length - 1; n >= 0; n--) {
    yield { ...plan, steps: without(plan.steps, n) }
  }
  if (plan.sources.length > 1) {
    for (const n of plan.sources.keys()) yield { ...plan, sources: without(plan.sources, n) }
  }
  yield* fewerRecords(plan)
  for (const [n, step] of plan.steps.entries()) {
    for (const next of simpler(step)) yield withStep(plan, n, next)
  }
  if (plan.sinkFailing !== undefined) yield { ...plan, sinkFailing: undefined }
  if (plan.sink !== "writer") yield { ...plan, sink: "writer" }
  if (plan.bytes !== undefined) yield { ...plan, bytes: undefined }
  if (plan.bytes === "ndjson") yield { ...plan, bytes: "delimited" }
  if (plan.chunk !== 1) yield { ...plan, chunk: 1 }
}

/** The smallest plan found that still fails. */
export const shrink = async (
  plan: Plan,
  fails: (plan: Plan) => Promise<boolean>
): Promise<{ readonly plan: Plan; readonly runs: number }> => {
  let smallest = plan
  let runs = 0
  for (let progress = true; progress && runs < runsMax; ) {
    progress = false
    for (const candidate of candidates(smallest)) {
      if (runs++ >= runsMax) break
      if (!(await fails(candidate))) continue
      smallest = candidate
      progress = true
      break
    }
  }
  return { plan: smallest, runs }
}
