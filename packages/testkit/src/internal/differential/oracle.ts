// What a plan must deliver, computed with arrays and nothing of the framework. A record whose
// failure ends the run stays in its place, poisoned: what is before it is delivered.
import type { End, Entry, Expected, ExpectedSink, Promised } from "./expected.ts"
import { Counts, placeOf } from "./expected.ts"
import type { GroupValue } from "./groups.ts"
import type { Failing, Item, Plan, Step } from "./plan.ts"
import {
  added,
  compared,
  copiesOf,
  divides,
  indexAt,
  replaced,
  sinkFailingOf,
  stageId,
  stampOf
} from "./plan.ts"

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
    counts.refuse(id, end, entry, failing)
    return failing.policy === "fail" ? [{ ...entry, poisoned: true }] : []
  })
  return { ...end, entries }
}

/** A buffer that drops decides by the interleaving what comes. */
const buffered = (end: End, { full }: { readonly full?: string | undefined }): End =>
  full === undefined ? end : { ...end, lossy: true }

/**
 * Applies a function to whole batches: one record's failure is that of its batch, and which records
 * those are is the engine's to say.
 */
const batchwise = (
  id: string,
  before: End,
  failing: Failing | undefined,
  counts: Counts,
  f: (item: Item) => Item
): End => {
  const end = { ...before, stamped: false }
  const renewed = { ...end, placed: false }
  const bad = end.entries.filter(({ item, poisoned }) => !poisoned && hits(failing, item))
  if (failing === undefined || bad.length === 0) return changed(renewed, ({ item }) => f(item))
  const entries = end.entries.flatMap((entry): ReadonlyArray<Entry> => {
    if (entry.poisoned) return [entry]
    const fails = hits(failing, entry.item)
    const alone = failing.policy === "fail" && !fails
    if (!alone) counts.refuse(id, end, entry, failing, fails)
    if (!fails) return [{ ...entry, item: f(entry.item) }]
    return failing.policy === "fail" ? [{ ...entry, poisoned: true }] : []
  })
  return { ...renewed, entries, lossy: true }
}

const changed = (end: End, f: (entry: Entry) => Item): End => ({
  ...end,
  entries: end.entries.map((entry) => (entry.poisoned ? entry : { ...entry, item: f(entry) }))
})

const adding = (add: number) => (item: Item) => added(item, add)

const weakened = (promised: Promised, ordering: "ordered" | "unordered" | "byKey"): Promised => {
  if (ordering === "ordered" || promised === "none") return promised
  return ordering === "unordered" ? "none" : "perKey"
}

/** What an accumulator tells of a group, given the order of its input. */
export const groupValue = (promised: Promised): GroupValue =>
  promised === "none" ? "count" : "sum"

const gathered = (
  id: string,
  input: End,
  { items, failing }: Extract<Step, { op: "accumulate" }>,
  counts: Counts
): End => {
  const end = recordwise(
    id,
    input,
    failing,
    counts,
    (item) => [item],
    (item) => [item]
  )
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
  const entries = outputs.map((item) => ({ item, place: "", stamp: 0, poisoned: false }))
  const promised = end.promised === "none" ? "none" : "perKey"
  return { ...end, entries, promised, stamped: false, placed: false, gathered: true }
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
  const unrouted = side(false).entries.length
  if (end.lossy) counts.droppedMaybe += unrouted
  else counts.dropped += unrouted
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
    of: Extract<Step, { readonly buffer?: unknown }>,
    f: (item: Item) => ReadonlyArray<Item>,
    fallback = (item: Item): ReadonlyArray<Item> => [replaced(item)]
  ) => recordwise(id, buffered(end, of), of.failing, counts, f, fallback)
  const same = (item: Item): ReadonlyArray<Item> => [item]
  switch (step.op) {
    case "map":
    case "columns":
      return [each(step, (item) => [adding(step.add)(item)])]
    case "filter": {
      const keep = (item: Item) => (divides(step.modulo, item.value) ? [item] : [])
      return [each(step, keep, (item) => [item])]
    }
    case "where": {
      const { operator, than } = step
      return [each(step, (item) => (compared(item.value, operator, than) ? [item] : []))]
    }
    case "flatMap":
      return [each(step, (item) => copiesOf(item, step.copies))]
    case "mapEffect":
    case "mapPromise": {
      const next = each(step, (item) => [adding(step.add)(item)])
      return [{ ...next, promised: weakened(end.promised, step.ordering) }]
    }
    case "mapBatch":
      return [batchwise(id, end, step.failing, counts, adding(step.add))]
    case "custom": {
      const made = changed(end, ({ item }) => adding(step.add)(item))
      return [{ ...made, placed: false }]
    }
    case "batch":
      return [end]
    case "process": {
      const made = changed(end, ({ item }) => adding(step.add)(item))
      return [{ ...made, stamped: false, placed: false }]
    }
    case "stamp": {
      const stamped = recordwise(id, end, step.failing, counts, same, same)
      const entries = stamped.entries.map((entry) => ({ ...entry, stamp: stampOf(entry.item) }))
      return [{ ...stamped, entries, stamped: true }]
    }
    case "read":
      return [end.stamped ? changed(end, ({ item, stamp }) => added(item, stamp)) : end]
    case "accumulate":
      // Which groups come of a part of the fragments nobody can tell: then nothing is gathered.
      return [end.lossy ? end : gathered(id, end, step, counts)]
    case "branch":
      return branched(recordwise(id, end, step.failing, counts, same, same), step, counts)
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
    placed: first.placed && second.placed,
    gathered: first.gathered || second.gathered,
    split: true,
    lossy: first.lossy || second.lossy
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
    entries: records.map(([key, value], seqId) => ({
      item: { key, value },
      place: placeOf(`source-${n}`, seqId),
      stamp: 0,
      poisoned: false
    })),
    promised: "ordered",
    sources: new Set([n]),
    stamped: true,
    placed: true,
    gathered: false,
    split: false,
    lossy: false
  }))

/** Counters for `advance`. */
export const newCounts = (): Counts => new Counts()

const sinkOf = (end: End, n: number, alone: boolean, retried: boolean): ExpectedSink => {
  const poison = end.entries.findIndex(({ poisoned }) => poisoned)
  const clear = alone && !end.gathered && !end.split && !end.lossy
  const told = clear && end.promised === "ordered" && poison !== -1
  return {
    id: `sink-${n}`,
    items: end.entries.filter(({ poisoned }) => !poisoned).map(({ item }) => item),
    // A record that a sink is offered again comes behind those it had taken.
    promised: retried ? "none" : end.promised,
    gathered: end.gathered,
    lossy: end.lossy,
    before: told ? poison : undefined
  }
}

const renewing: ReadonlySet<Step["op"]> = new Set(["process", "custom", "mapBatch"])

/** What a plan must deliver. */
export const oracle = (plan: Plan): Expected => {
  const counts = newCounts()
  const failing = sinkFailingOf(plan)
  const ends = plan.steps
    .reduce((open, step, position) => advance(open, step, position, counts), startEnds(plan))
    .map((end, n) =>
      recordwise(
        `sink-${n}`,
        end,
        failing,
        counts,
        (item) => [item],
        (item) => [item]
      )
    )
  // Where records are made anew, what is before the failing one is not told record by record.
  const renewed = plan.steps.some(({ op }) => renewing.has(op))
  const retried = failing !== undefined && failing.retries > 0
  return {
    sinks: ends.map((end, n) => sinkOf(end, n, ends.length === 1 && !renewed, retried)),
    fails: counts.fails ? "yes" : counts.failsMaybe ? "maybe" : "no",
    deadLetters: counts.deadLetters,
    deadLettersMaybe: counts.deadLettersMaybe,
    placed: counts.placed,
    dropped: counts.dropped,
    droppedMaybe: counts.droppedMaybe,
    recordsIn: plan.sources.reduce((sum, records) => sum + records.length, 0),
    keysCompleted: counts.keysCompleted,
    keysPartial: counts.keysPartial
  }
}
