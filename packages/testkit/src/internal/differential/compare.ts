// Holds what a run came to against what its plan must deliver; every difference is one line.
import type * as PipelineResult from "@sluice/core/PipelineResult"
import type { Expected, ExpectedSink } from "./oracle.ts"
import { letterText } from "./oracle.ts"
import type { Item } from "./plan.ts"

/** What a run came to. */
export interface Observed {
  readonly received: ReadonlyMap<string, ReadonlyArray<Item>>
  readonly result: PipelineResult.PipelineResult
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
  what: string,
  expected: ReadonlyArray<string>,
  found: ReadonlyArray<string>
): ReadonlyArray<string> =>
  equal(expected, found) ? [] : [`${what}: expected ${shown(expected)}, found ${shown(found)}`]

const completeSink = (sink: ExpectedSink, got: ReadonlyArray<Item>): ReadonlyArray<string> => {
  if (sink.promised === "ordered") {
    return difference(`${sink.id} in order`, sink.items.map(textOf), got.map(textOf))
  }
  if (sink.promised === "perKey") {
    return difference(`${sink.id} in order per key`, byKey(sink.items), byKey(got))
  }
  return difference(`${sink.id} in any order`, sortedTexts(sink.items), sortedTexts(got))
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

/**
 * A failed run delivers what came before the failing record, may deliver what was in flight beside
 * it (F1), keeps the order it promised, and invents nothing.
 */
const failedSink = (sink: ExpectedSink, got: ReadonlyArray<Item>): ReadonlyArray<string> => {
  if (sink.gathered) return []
  const [texts, expected] = [got.map(textOf), sink.items.map(textOf)]
  const before = expected.slice(0, sink.before ?? 0)
  const missing = difference(`${sink.id} before the failure`, before, texts.slice(0, before.length))
  if (missing.length > 0) return missing
  const stray =
    sink.promised === "ordered" ? outOfOrder(expected, texts) : surplus(expected, texts)[0]
  if (stray === undefined) return []
  const found = `found ${stray} in ${shown(texts)}, expected some of ${shown(expected)}`
  return [`${sink.id} received out of turn: ${found}`]
}

const number = (what: string, expected: number, found: number): ReadonlyArray<string> =>
  expected === found ? [] : [`${what}: expected ${expected}, found ${found}`]

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((a, b) => a + b, 0)

const counts = (expected: Expected, observed: Observed): ReadonlyArray<string> => {
  const { result } = observed
  const letters = result.deadLetters.map(({ stageId, payload }) =>
    letterText(stageId, payload as Item)
  )
  const totals = result.accumulators.map((report) => report.totals)
  const out = sum(expected.sinks.map(({ items }) => items.length))
  const unfinished = Object.values(result.finalStates).filter(
    ({ status, inFlight }) => status !== "completed" || inFlight !== 0
  )
  return [
    ...number("records in", expected.recordsIn, result.recordsIn),
    ...number("records out", out, result.recordsOut),
    ...number("dropped", expected.dropped, result.droppedCount),
    ...number("dead letters", expected.deadLetters.length, result.deadLetterCount),
    ...difference("dead letters", expected.deadLetters.toSorted(), letters.toSorted()),
    ...number("keys completed", expected.keysCompleted, sum(totals.map((t) => t.keysCompleted))),
    ...number("keys partial", expected.keysPartial, sum(totals.map((t) => t.keysPartial))),
    ...unfinished.map(({ stageId, status, inFlight }) => {
      return `stage ${stageId} ended ${status} with ${inFlight} in flight`
    })
  ]
}

/** Everything in which a run differs from what its plan must deliver; empty when nothing. */
export const compare = (expected: Expected, observed: Observed): ReadonlyArray<string> => {
  const { result, received } = observed
  const status = expected.fails ? "failed" : "completed"
  if (result.status !== status) {
    const why = Object.values(result.finalStates).map(({ lastError }) => lastError ?? "")
    return [`status: expected ${status}, found ${result.status} ${why.join(" ").trim()}`]
  }
  const check = expected.fails ? failedSink : completeSink
  return [
    ...expected.sinks.flatMap((sink) => check(sink, received.get(sink.id) ?? [])),
    ...(expected.fails ? [] : counts(expected, observed))
  ]
}
