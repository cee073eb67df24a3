// Random kernel programs over small integers, a recording host, and the meaning of a program as a
// plain loop over arrays: the oracle both kernels are held to.
import fc from "fast-check"
import type {
  Kernel,
  KernelHost,
  MovableCursor,
  ProgramStep
} from "../../src/internal/kernel/program.ts"

/** How a step's function behaves; data, so that a counterexample can be read. */
export interface StepPlan {
  readonly kind: ProgramStep["kind"]
  readonly body: "plain" | "cursor" | "generator" | "throwing generator" | "not iterable"
  /** Throws for payloads with `payload % 7 === throwsAt`; 7 and up: never. */
  readonly throwsAt: number
  readonly fallback: "none" | "value" | "throws"
  /** What the stage's policy answers to a failure. */
  readonly carriesOn: boolean
  readonly keepsPayload: boolean
}

/** A failure as a host was told of it. */
export interface Failure {
  readonly step: number
  readonly position: number
  readonly payload: number
  readonly cause: string
}

/** Everything a kernel does that somebody can see. */
export interface Observed {
  readonly out: ReadonlyArray<unknown>
  readonly positions: ReadonlyArray<number>
  readonly counts: ReadonlyArray<number>
  readonly consumed: number
  readonly failures: ReadonlyArray<Failure>
  readonly each: ReadonlyArray<number>
}

const residue = (x: number): number => ((x % 7) + 7) % 7

const bodies: ReadonlyArray<StepPlan["body"]> = [
  "plain",
  "cursor",
  "generator",
  "throwing generator",
  "not iterable"
]

const stepPlan = (kind: StepPlan["kind"]): fc.Arbitrary<StepPlan> =>
  fc.record({
    kind: fc.constant(kind),
    body: fc.constantFrom(...(kind === "flatMap" ? bodies : bodies.slice(0, 2))),
    throwsAt: fc.nat({ max: 13 }),
    fallback: fc.constantFrom(
      "none" as const,
      "none" as const,
      "value" as const,
      "throws" as const
    ),
    carriesOn: fc.boolean(),
    keepsPayload: fc.boolean()
  })

/** Any run of maps and filters, ended by any step, as the planner makes them. */
export const program: fc.Arbitrary<ReadonlyArray<StepPlan>> = fc
  .tuple(
    fc.array(fc.constantFrom("map" as const, "filter" as const).chain(stepPlan), { maxLength: 5 }),
    fc
      .constantFrom("map" as const, "filter" as const, "flatMap" as const, "each" as const)
      .chain(stepPlan)
  )
  .map(([front, last]) => [...front, last])

/** What the function of a step returns, given the record's position. */
const resultOf = (plan: StepPlan, x: number, position: number): unknown => {
  if (residue(x) === plan.throwsAt) throw new Error(`no ${x}`)
  const y = plan.body === "cursor" ? x + position : x
  if (plan.kind === "filter") return residue(y) < 4
  if (plan.kind === "flatMap") return expansionOf(plan, y)
  return y * 2 + 1
}

const expansionOf = (plan: StepPlan, x: number): unknown => {
  if (plan.body === "not iterable") return residue(x) === 0 ? undefined : [x]
  const values = Array.from({ length: residue(x) }, (_, i) => x + i)
  if (plan.body === "plain" || plan.body === "cursor") return values
  return (function* () {
    for (const value of values) {
      yield value
      if (plan.body === "throwing generator" && residue(value) === 3)
        throw new Error(`mid ${value}`)
    }
  })()
}

const fallbackOf =
  (plan: StepPlan) =>
  (payload: unknown): unknown => {
    if (plan.fallback === "throws") throw new Error(`fallback of ${payload}`)
    if (plan.kind === "filter") return true
    return plan.kind === "flatMap" ? [-1, -2] : 1000
  }

/** The plan as the steps a kernel takes; `sink` receives what an `each` step was called with. */
export const stepsOf = (
  plans: ReadonlyArray<StepPlan>,
  sink: Array<number>
): ReadonlyArray<ProgramStep> =>
  plans.map((plan, k): ProgramStep => {
    const call = (x: number, position: number): unknown => {
      const result = resultOf(plan, x, position)
      if (plan.kind === "each") sink.push(x)
      return result
    }
    const usesCursor = plan.body === "cursor"
    return {
      stageId: `s${k}`,
      kind: plan.kind,
      f: usesCursor
        ? (x, cursor) => call(x as number, (cursor as MovableCursor).position)
        : (x) => call(x as number, 0),
      usesCursor,
      fallback: plan.fallback === "none" ? undefined : fallbackOf(plan),
      keepsPayload: plan.keepsPayload
    }
  })

const text = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Appends what an iterable yields, all or nothing; what a kernel's host must do. */
const expand = (result: unknown, out: Array<unknown>): number => {
  if (typeof result !== "object" || result === null) throw new Error("not iterable")
  const values = Array.from(result as Iterable<unknown>)
  out.push(...values)
  return values.length
}

/** Runs a kernel over the items and writes down everything it did. */
export const observe = (
  make: (steps: ReadonlyArray<ProgramStep>) => Kernel,
  plans: ReadonlyArray<StepPlan>,
  items: ReadonlyArray<number>
): Observed => {
  const each: Array<number> = []
  const failures: Array<Failure> = []
  const keeps = plans.some((plan) => plan.keepsPayload)
  const cursor = { position: -1 } as KernelHost["cursor"]
  const host: KernelHost = {
    cursor,
    failed: (step, position, payload, cause) => {
      failures.push({
        step,
        position,
        payload: keeps ? (payload as number) : 0,
        cause: text(cause)
      })
      return (plans[step] as StepPlan).carriesOn
    },
    expand: (_, result, out) => expand(result, out)
  }
  const out: Array<unknown> = []
  const positions: Array<number> = []
  const counts = new Float64Array(plans.length)
  const consumed = make(stepsOf(plans, each))(host, items, out, positions, counts)
  return {
    out,
    positions: positions.slice(0, out.length),
    // A map's count follows from its failures; the operator works it out.
    counts: plans.map((plan, k) => (plan.kind === "map" ? 0 : (counts[k] as number))),
    consumed,
    failures,
    each
  }
}

/** The meaning of a program, record by record. */
export const oracle = (plans: ReadonlyArray<StepPlan>, items: ReadonlyArray<number>): Observed => {
  const seen = {
    out: [] as Array<unknown>,
    positions: [] as Array<number>,
    counts: plans.map(() => 0),
    consumed: 0,
    failures: [] as Array<Failure>,
    each: [] as Array<number>
  }
  const keeps = plans.some((plan) => plan.keepsPayload)
  for (const [position, item] of items.entries()) {
    seen.consumed++
    const failed = walk(plans, item, position, seen)
    if (failed === undefined) continue
    seen.failures.push({ ...failed, payload: keeps ? failed.payload : 0 })
    if (!(plans[failed.step] as StepPlan).carriesOn) break
  }
  return seen
}

const walk = (
  plans: ReadonlyArray<StepPlan>,
  item: number,
  position: number,
  seen: {
    out: Array<unknown>
    positions: Array<number>
    counts: Array<number>
    each: Array<number>
  }
): Failure | undefined => {
  let value: unknown = item
  for (const [k, plan] of plans.entries()) {
    const payload = value as number
    try {
      const result = guarded(plan, payload, position, seen.each)
      const produced = plan.kind === "flatMap" ? expandAll(result) : []
      if (plan.kind === "filter" && !result) return undefined
      if (plan.kind !== "map") seen.counts[k] = (seen.counts[k] as number) + count(plan, produced)
      if (plan.kind === "each") return undefined
      if (plan.kind === "map") value = result
      for (const one of produced) {
        seen.out.push(one)
        seen.positions.push(position)
      }
      if (plan.kind === "flatMap") return undefined
    } catch (cause) {
      return { step: k, position, payload, cause: text(cause) }
    }
  }
  seen.out.push(value)
  seen.positions.push(position)
  return undefined
}

const count = (plan: StepPlan, produced: ReadonlyArray<unknown>): number =>
  plan.kind === "flatMap" ? produced.length : 1

const expandAll = (result: unknown): ReadonlyArray<unknown> => {
  const out: Array<unknown> = []
  expand(result, out)
  return out
}

const guarded = (plan: StepPlan, x: number, position: number, each: Array<number>): unknown => {
  try {
    const result = resultOf(plan, x, plan.body === "cursor" ? position : 0)
    if (plan.kind === "each") each.push(x)
    return result
  } catch (cause) {
    if (plan.fallback === "none") throw cause
    return fallbackOf(plan)(x)
  }
}
