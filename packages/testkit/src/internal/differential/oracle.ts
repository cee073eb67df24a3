// What a plan must deliver, computed with arrays and nothing of the framework. A record whose
// failure ends the run stays in its place, poisoned: what is before it is delivered.
import type { GroupValue } from "./groups.ts"
import type { Failing, Item, Plan, Step } from "./plan.ts"
import { copiesOf, divides, indexAt, replaced, stageId, stampOf } from "./plan.ts"

/** Order promised at an end. */
export type Promised = "ordered" | "perKey" | "none"

interface Entry {
  readonly item: Item
  readonly stamp: number
  readonly poisoned: boolean
}

/** One open end: what flows there, and what is known of it. */
export interface End {
  readonly entries: ReadonlyArray<Entry>
  readonly promised: Promised
  /** Sources whose keys may come by. */
  readonly sources: ReadonlySet<number>
  /** False behind stages that make new records: their headers are their own. */
  readonly stamped: boolean
  /** True behind an accumulator: what a failed run delivers there is not told. */
  readonly gathered: boolean
  /** True behind a branch or merge: what a failed run delivers depends on the interleaving. */
  readonly split: boolean
}

/** What a sink must receive. */
export interface ExpectedSink {
  readonly id: string
  readonly items: ReadonlyArray<Item>
  readonly promised: Promised
  readonly gathered: boolean
  /** Items before the failure, where that is told exactly. */
  readonly before: number | undefined
}

/** What a run must come to. */
export interface Expected {
  readonly sinks: ReadonlyArray<ExpectedSink>
  /** A record's failure ends the run. */
  readonly fails: boolean
  readonly deadLetters: ReadonlyArray<string>
  readonly dropped: number
  readonly recordsIn: number
  readonly keysCompleted: number
  readonly keysPartial: number
}

/** Text of a dead letter, to compare as multisets. */
export const letterText = (stage: string, item: Item): string =>
  `${stage} key ${item.key} value ${item.value}`

/** Counts of the run, filled as the steps are applied. */
class Counts {
  fails = false
  readonly deadLetters: Array<string> = []
  dropped = 0
  keysCompleted = 0
  keysPartial = 0
}

const hits = (failing: Failing | undefined, item: Item): failing is Failing =>
  failing !== undefined && !failing.transient && divides(failing.every, item.value)

/** Applies a function that may fail by record. */
const recordwise = (
  id: string,
  end: End,
  failing: Failing | undefined,
  counts: Counts,
  f: (item: Item) => ReadonlyArray<Item>,
  fallback: (item: Item) => ReadonlyArray<Item>
): End => {
  const entries = end.entries.flatMap((entry): ReadonlyArray<Entry> => {
    if (entry.poisoned) return [entry]
    const { item } = entry
    const results = (items: ReadonlyArray<Item>) => items.map((one) => ({ ...entry, item: one }))
    if (!hits(failing, item)) return results(f(item))
    if (failing.policy === "fallback") return results(fallback(item))
    if (failing.policy === "fail") {
      counts.fails = true
      return [{ ...entry, poisoned: true }]
    }
    if (failing.policy === "deadLetter") counts.deadLetters.push(letterText(id, item))
    else counts.dropped++
    return []
  })
  return { ...end, entries }
}

const changed = (end: End, f: (entry: Entry) => Item): End => ({
  ...end,
  entries: end.entries.map((entry) => (entry.poisoned ? entry : { ...entry, item: f(entry) }))
})

const added = (add: number) => (item: Item) => ({ key: item.key, value: item.value + add })

const weakened = (promised: Promised, ordering: "ordered" | "unordered" | "byKey"): Promised => {
  if (ordering === "ordered" || promised === "none") return promised
  return ordering === "unordered" ? "none" : "perKey"
}

/** What an accumulator tells of a group, given the order of its input. */
export const groupValue = (promised: Promised): GroupValue =>
  promised === "none" ? "count" : "sum"

const gathered = (end: End, items: number, counts: Counts): End => {
  const open = new Map<number, { count: number; sum: number }>()
  const outputs: Array<Item> = []
  const give = (key: number, group: { count: number; sum: number }): void => {
    const value = groupValue(end.promised) === "sum" ? group.sum : group.count
    outputs.push({ key, value })
    open.delete(key)
  }
  for (const { item, poisoned } of end.entries) {
    if (poisoned) continue
    const group = open.get(item.key) ?? { count: 0, sum: 0 }
    group.count++
    group.sum += item.value
    open.set(item.key, group)
    if (group.count !== items) continue
    counts.keysCompleted++
    give(item.key, group)
  }
  for (const [key, group] of open) {
    counts.keysPartial++
    give(key, group)
  }
  const entries = outputs.map((item) => ({ item, stamp: 0, poisoned: false }))
  const promised = end.promised === "none" ? "none" : "perKey"
  return { ...end, entries, promised, stamped: false, gathered: true }
}

const branched = (
  end: End,
  step: Extract<Step, { op: "branch" }>,
  counts: Counts
): ReadonlyArray<End> => {
  const side = (hit: boolean): End => ({
    ...end,
    split: true,
    entries: end.entries.filter(
      ({ item, poisoned }) => !poisoned && divides(step.modulo, item.value) === hit
    )
  })
  if (step.rest) return [side(true), side(false)]
  counts.dropped += side(false).entries.length
  return [side(true)]
}

/** The ends a step makes of one. */
const continued = (
  id: string,
  end: End,
  step: Exclude<Step, { op: "merge" }>,
  counts: Counts
): ReadonlyArray<End> => {
  const each = (
    failing: Failing | undefined,
    f: (item: Item) => ReadonlyArray<Item>,
    fallback = (item: Item): ReadonlyArray<Item> => [replaced(item)]
  ) => recordwise(id, end, failing, counts, f, fallback)
  switch (step.op) {
    case "map":
      return [each(step.failing, (item) => [added(step.add)(item)])]
    case "filter": {
      const keep = (item: Item) => (divides(step.modulo, item.value) ? [item] : [])
      return [each(step.failing, keep, (item) => [item])]
    }
    case "flatMap":
      return [each(step.failing, (item) => copiesOf(item, step.copies))]
    case "mapEffect":
    case "mapPromise": {
      const next = each(step.failing, (item) => [added(step.add)(item)])
      return [{ ...next, promised: weakened(end.promised, step.ordering) }]
    }
    case "mapBatch":
      return [{ ...changed(end, ({ item }) => added(step.add)(item)), stamped: false }]
    case "process":
      return [{ ...changed(end, ({ item }) => added(step.add)(item)), stamped: false }]
    case "stamp":
      return [
        {
          ...end,
          stamped: true,
          entries: end.entries.map((entry) => ({ ...entry, stamp: stampOf(entry.item) }))
        }
      ]
    case "read":
      return [end.stamped ? changed(end, ({ item, stamp }) => added(stamp)(item)) : end]
    case "accumulate":
      return [gathered(end, step.items, counts)]
    case "branch":
      return branched(end, step, counts)
    case "broadcast":
      return [
        { ...end, split: true },
        { ...end, split: true }
      ]
    case "partition": {
      const weaker: Promised = end.promised === "none" ? "none" : "perKey"
      return [{ ...end, split: true, promised: step.ports === 1 ? end.promised : weaker }]
    }
  }
}

const mergedEnds = (first: End, second: End): End => {
  const apart = [...first.sources].every((source) => !second.sources.has(source))
  const kept = apart && first.promised !== "none" && second.promised !== "none"
  return {
    entries: [...first.entries, ...second.entries],
    promised: kept ? "perKey" : "none",
    sources: new Set([...first.sources, ...second.sources]),
    stamped: first.stamped && second.stamped,
    gathered: first.gathered || second.gathered,
    split: true
  }
}

/** Applies one step to the open ends, the way `build` applies it to the pipelines. */
export const advance = (
  ends: ReadonlyArray<End>,
  step: Step,
  position: number,
  counts: Counts
): ReadonlyArray<End> => {
  const a = indexAt(step.at, ends.length)
  if (step.op !== "merge") {
    const id = stageId(step, position)
    return ends.flatMap((end, n) => (n === a ? continued(id, end, step, counts) : [end]))
  }
  const b = indexAt(step.with, ends.length)
  const [first, second] = [ends[a], ends[b]]
  if (first === undefined || second === undefined || a === b) return ends
  return [...ends.filter((_, n) => n !== a && n !== b), mergedEnds(first, second)]
}

/** The ends of a plan's sources. */
export const startEnds = (plan: Plan): ReadonlyArray<End> =>
  plan.sources.map((records, n) => ({
    entries: records.map(([key, value]) => ({ item: { key, value }, stamp: 0, poisoned: false })),
    promised: "ordered",
    sources: new Set([n]),
    stamped: true,
    gathered: false,
    split: false
  }))

/** Counters for `advance`. */
export const newCounts = (): Counts => new Counts()

const sinkOf = (end: End, n: number, alone: boolean): ExpectedSink => {
  const poison = end.entries.findIndex(({ poisoned }) => poisoned)
  const told = alone && end.promised === "ordered" && !end.gathered && !end.split && poison !== -1
  return {
    id: `sink-${n}`,
    items: end.entries.filter(({ poisoned }) => !poisoned).map(({ item }) => item),
    promised: end.promised,
    gathered: end.gathered,
    before: told ? poison : undefined
  }
}

/** What a plan must deliver. */
export const oracle = (plan: Plan): Expected => {
  const counts = newCounts()
  const ends = plan.steps.reduce(
    (open, step, position) => advance(open, step, position, counts),
    startEnds(plan)
  )
  // Where records are made anew, what is before the failing one is not told record by record.
  const renewed = plan.steps.some(({ op }) => op === "process" || op === "mapBatch")
  return {
    sinks: ends.map((end, n) => sinkOf(end, n, ends.length === 1 && !renewed)),
    fails: counts.fails,
    deadLetters: counts.deadLetters,
    dropped: counts.dropped,
    recordsIn: plan.sources.reduce((sum, records) => sum + records.length, 0),
    keysCompleted: counts.keysCompleted,
    keysPartial: counts.keysPartial
  }
}
