// Holds what a run came to against what its plan must deliver; every difference is one line, with
// the rule of the contract that it breaks.
import type * as Graph from "@sluice/core/Graph"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import { canonical } from "../../Digest.ts"
import { conservation } from "../simulation/conservation.ts"
import type { Expected, ExpectedSink } from "./expected.ts"
import { letterText, placeOf } from "./expected.ts"
import type { Item } from "./plan.ts"

/** What a run came to. */
export interface Observed {
  readonly graph: Graph.PipelineGraph
  readonly received: ReadonlyMap<string, ReadonlyArray<Item>>
  readonly result: PipelineResult.PipelineResult
  /** Of the blocks of views that sources handed over, how many nobody has given back. */
  readonly kept: number
}

const shownMax = 12

const textOf = ({ key, value }: Item): string => `${key}:${value}`

const shown = (texts: ReadonlyArray<string>): string =>
  texts.length <= shownMax
    ? `[${texts.join(" ")}]`
    : `[${texts.slice(0, shownMax).join(" ")} … ${texts.length}]`

const byKey = (items: ReadonlyArray<Item>): ReadonlyArray<string> =>
  items.toSorted((a, b) => a.key - b.key).map(textOf)

const sortedTexts = (items: ReadonlyArray<Item>): ReadonlyArray<string> =>
  items.map(textOf).toSorted()

const equal = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.length === b.length && a.every((text, n) => text === b[n])

const difference = (
  rule: string,
  what: string,
  expected: ReadonlyArray<string>,
  found: ReadonlyArray<string>
): ReadonlyArray<string> =>
  equal(expected, found)
    ? []
    : [`${what}: expected ${shown(expected)}, found ${shown(found)} (rule ${rule})`]

const orderRules = { ordered: "O1", perKey: "O2", none: "O3" } as const

const completeSink = (sink: ExpectedSink, got: ReadonlyArray<Item>): ReadonlyArray<string> => {
  if (sink.lossy) return partOf(sink, got)
  if (sink.promised === "ordered") {
    return difference("O1", `${sink.id} in order`, sink.items.map(textOf), got.map(textOf))
  }
  if (sink.promised === "perKey") {
    return difference("O2", `${sink.id} in order per key`, byKey(sink.items), byKey(got))
  }
  return difference("O3", `${sink.id} in any order`, sortedTexts(sink.items), sortedTexts(got))
}

const surplus = (expected: ReadonlyArray<string>, got: ReadonlyArray<string>) => {
  const left = new Map<string, number>()
  for (const text of expected) left.set(text, (left.get(text) ?? 0) + 1)
  return got.filter((text) => {
    const count = left.get(text) ?? 0
    left.set(text, count - 1)
    return count <= 0
  })
}

/** The first text that cannot be found behind the one before it. */
const outOfOrder = (expected: ReadonlyArray<string>, got: ReadonlyArray<string>) => {
  let from = 0
  return got.find((text) => {
    const at = expected.indexOf(text, from)
    from = at + 1
    return at === -1
  })
}

const keyed = (items: ReadonlyArray<Item>): ReadonlyArray<ReadonlyArray<Item>> => [
  ...Map.groupBy(items, ({ key }) => key).values()
]

/** What came that may not come, or not there, where any part of the items may come. */
const stray = (sink: ExpectedSink, got: ReadonlyArray<Item>): string | undefined => {
  const [texts, expected] = [got.map(textOf), sink.items.map(textOf)]
  if (sink.promised === "ordered") return outOfOrder(expected, texts)
  const extra = surplus(expected, texts)[0]
  if (extra !== undefined || sink.promised === "none") return extra
  return keyed(got)
    .map((own) =>
      outOfOrder(sink.items.filter(({ key }) => key === own[0]?.key).map(textOf), own.map(textOf))
    )
    .find((text) => text !== undefined)
}

const partOf = (sink: ExpectedSink, got: ReadonlyArray<Item>): ReadonlyArray<string> => {
  const text = stray(sink, got)
  if (text === undefined) return []
  const [found, expected] = [got.map(textOf), sink.items.map(textOf)]
  const told = `found ${text} in ${shown(found)}, expected some of ${shown(expected)}`
  return [`${sink.id} received out of turn: ${told} (rule ${orderRules[sink.promised]})`]
}

/**
 * A failed run delivers what came before the failing record, may deliver what was in flight beside
 * it (F1), keeps the order it promised, and invents nothing.
 */
const failedSink = (sink: ExpectedSink, got: ReadonlyArray<Item>): ReadonlyArray<string> => {
  if (sink.gathered) return []
  const [texts, expected] = [got.map(textOf), sink.items.map(textOf)]
  const before = expected.slice(0, sink.before ?? 0)
  const missing = difference(
    "F1",
    `${sink.id} before the failure`,
    before,
    texts.slice(0, before.length)
  )
  return missing.length > 0 ? missing : partOf(sink, got)
}

const number = (
  rule: string,
  what: string,
  expected: number,
  found: number
): ReadonlyArray<string> =>
  expected === found ? [] : [`${what}: expected ${expected}, found ${found} (rule ${rule})`]

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((a, b) => a + b, 0)

const lettersOf = ({ placed }: Expected, { result }: Observed): ReadonlyArray<string> =>
  result.deadLetters.map(({ stageId, payload, origin, seqId }) => {
    const place = placed.has(stageId) ? placeOf(origin, seqId) : undefined
    return letterText(stageId, payload as Item, place)
  })

/** Exact where nothing may be set aside by chance; else all that must be there, and no more. */
const deadLetters = (expected: Expected, observed: Observed): ReadonlyArray<string> => {
  const found = lettersOf(expected, observed)
  const counted = number("F11", "dead letters", found.length, observed.result.deadLetterCount)
  const { deadLetters: sure, deadLettersMaybe: maybe } = expected
  if (maybe.length === 0) {
    const exact = number("F2", "dead letters", sure.length, found.length)
    return [
      ...counted,
      ...exact,
      ...difference("F2", "dead letters", sure.toSorted(), found.toSorted())
    ]
  }
  const missing = surplus(found, sure)
  const extra = surplus([...sure, ...maybe], found)
  return [
    ...counted,
    ...difference("F2", "dead letters that are missing", [], missing),
    ...difference("F2", "dead letters too many", [], extra)
  ]
}

const dropped = ({ dropped: sure, droppedMaybe }: Expected, { result }: Observed) => {
  const states = Object.values(result.finalStates)
  const full = sum(states.map(({ metrics }) => metrics["dropped.full"] ?? 0))
  const found = result.droppedCount - full
  if (droppedMaybe === 0) return number("M1", "dropped", sure, found)
  if (found >= sure && found <= sure + droppedMaybe) return []
  return [`dropped: expected ${sure} to ${sure + droppedMaybe}, found ${found} (rule M1)`]
}

const counts = (expected: Expected, observed: Observed): ReadonlyArray<string> => {
  const { result, received } = observed
  const totals = result.accumulators.map((report) => report.totals)
  const out = sum([...received.values()].map((items) => items.length))
  const unfinished = Object.values(result.finalStates).filter(
    ({ status }) => status !== "completed"
  )
  return [
    ...number("M1", "records in", expected.recordsIn, result.recordsIn),
    ...number("M1", "records out", out, result.recordsOut),
    ...dropped(expected, observed),
    ...deadLetters(expected, observed),
    ...number(
      "A2",
      "keys completed",
      expected.keysCompleted,
      sum(totals.map((t) => t.keysCompleted))
    ),
    ...number("A6", "keys partial", expected.keysPartial, sum(totals.map((t) => t.keysPartial))),
    ...unfinished.map(({ stageId, status }) => `stage ${stageId} ended ${status} (rule L6)`)
  ]
}

/** Everything in which a run differs from what its plan must deliver; empty when nothing. */
export const compare = (expected: Expected, observed: Observed): ReadonlyArray<string> => {
  const { graph, result, received } = observed
  const statuses = { yes: ["failed"], no: ["completed"], maybe: ["completed", "failed"] }
  const allowed = statuses[expected.fails]
  if (!allowed.includes(result.status)) {
    const why = Object.values(result.finalStates).map(({ lastError }) => lastError ?? "")
    const found = `found ${result.status} ${why.join(" ").trim()}`
    return [`status: expected ${allowed.join(" or ")}, ${found} (rule L6)`]
  }
  const failed = result.status === "failed"
  const check = failed ? failedSink : completeSink
  return [
    ...expected.sinks.flatMap((sink) => check(sink, received.get(sink.id) ?? [])),
    ...(failed ? [] : counts(expected, observed)),
    ...(failed ? [] : number("L3", "blocks of views not given back", 0, observed.kept)),
    ...conservation(graph, result.finalStates, !failed)
  ]
}

/** True where the plan alone decides what comes: two engines then deliver the same. */
const certain = ({ fails, deadLettersMaybe, droppedMaybe }: Expected): boolean =>
  fails === "no" && deadLettersMaybe.length === 0 && droppedMaybe === 0

/** Everything in which two engines differ where the plan says that they must not. */
export const compareEngines = (
  expected: Expected,
  reference: Observed,
  observed: Observed
): ReadonlyArray<string> => {
  const items = (id: string): ReadonlyArray<Item> => reference.received.get(id) ?? []
  const sinks = expected.sinks
    .filter(({ lossy }) => !lossy)
    .map((sink) => ({ ...sink, items: items(sink.id) }))
  if (!certain(expected)) return []
  const same = expected.sinks.length === sinks.length
  const [first, second] = [reference.result, observed.result]
  const partials = ({ accumulators }: PipelineResult.PipelineResult): number =>
    sum(accumulators.map(({ totals }) => totals.keysPartial))
  const findings = [
    ...sinks.flatMap((sink) => completeSink(sink, observed.received.get(sink.id) ?? [])),
    ...number("O3", "dead letters", first.deadLetterCount, second.deadLetterCount),
    ...(same ? number("O3", "dropped", first.droppedCount, second.droppedCount) : []),
    ...number("O3", "partial groups", partials(first), partials(second))
  ]
  return findings.map((finding) => `against the sync engine: ${finding}`)
}

const sinkDigest = (sink: ExpectedSink, got: ReadonlyArray<Item>): string => {
  if (sink.lossy) return `${sink.id} some`
  if (sink.promised === "none") return `${sink.id} ${canonical(got).unordered}`
  const items = sink.promised === "ordered" ? got : got.toSorted((a, b) => a.key - b.key)
  return `${sink.id} ${canonical(items).ordered}`
}

/** What a run came to, as far as the plan decides it: equal texts on every sound engine. */
export const digestOf = (expected: Expected, observed: Observed): string => {
  const { result, received } = observed
  if (!certain(expected)) return expected.fails === "yes" ? "failed" : "some"
  const sinks = expected.sinks.map((sink) => sinkDigest(sink, received.get(sink.id) ?? []))
  const letters = canonical(lettersOf(expected, observed)).unordered
  return [...sinks, letters, ...result.accumulators.map(({ totals }) => totals.keysPartial)].join(
    "\n"
  )
}
