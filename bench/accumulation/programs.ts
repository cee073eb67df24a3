// What is compared: the accumulator as an engine drives it, and the same by hand. Each returns the
// nanoseconds per record and a checksum that must agree within a group.
import * as Accumulate from "@sluice/accumulation/Accumulate"
import * as Complete from "@sluice/accumulation/Complete"
import type * as Accumulator from "@sluice/core/Accumulator"
import type { Fragment } from "@sluice/example-wordnet/Fragment"
import { countDeclaredBy, slotOf, slotsDeclaredBy } from "@sluice/example-wordnet/Fragment"
import type { Parts } from "@sluice/example-wordnet/Parts"
import { collect, emptyParts, synsetOfParts } from "@sluice/example-wordnet/Parts"
import { SynsetTable } from "../wordnet/SynsetTable.ts"
import type { Update } from "./workloads.ts"
import { keyText, sequence, updates, wordnet } from "./workloads.ts"

/** What one program measured. */
export interface Measured {
  readonly nsPerRecord: number
  readonly checksum: number
}

const host: Accumulator.AccumulatorHost = {
  pipelineId: "bench",
  stageId: "accumulate",
  now: () => Date.now(),
  failed: () => false
}

/** Nanoseconds of processor time of this thread: what other programs use does not count. */
const spentNs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) * 1_000
}

const updateCount = 2_000_000

const timedUpdates = (
  keys: number,
  update: (batch: ReturnType<typeof updates>) => void
): number => {
  const text = keyText(keys)
  const length = text.length / keys
  const next = sequence(7, keys)
  let spent = 0
  let done = 0
  while (done < updateCount) {
    const batch = updates(next, text, length)
    const from = spentNs()
    update(batch)
    // The first half fills the table and warms up.
    if (done >= updateCount / 2) spent += spentNs() - from
    done += batch.items.length
  }
  return spent / (updateCount / 2)
}

interface Sum {
  count: number
  total: number
}

const mapUpdates = (keys: number): Measured => {
  const table = new Map<string, Sum>()
  const ns = timedUpdates(keys, ({ items }) => {
    for (const { key, value } of items) {
      let sum = table.get(key)
      if (sum === undefined) {
        sum = { count: 0, total: 0 }
        table.set(key, sum)
      }
      sum.count++
      sum.total += value
    }
  })
  return { nsPerRecord: ns, checksum: table.size }
}

const sluiceUpdates = (keys: number): Measured => {
  const instance = Accumulate.make({
    key: (update: Update) => update.key,
    complete: Complete.items(1_000_000_000),
    state: {
      init: (): Sum => ({ count: 0, total: 0 }),
      add: (sum, update) => {
        sum.count++
        sum.total += update.value
      }
    },
    output: (group) => group.state.total,
    expire: { idle: "1 hour" }
  }).make(host)
  const ns = timedUpdates(keys, (batch) => {
    instance.process(batch)
    instance.deadline()
  })
  return { nsPerRecord: ns, checksum: instance.totals().keysOpen }
}

const timedWordnet = (take: (batch: ReturnType<typeof wordnet>[number]) => number): Measured => {
  const batches = wordnet()
  const records = batches.reduce((sum, batch) => sum + batch.items.length, 0)
  let outputs = 0
  const from = spentNs()
  for (const batch of batches) outputs += take(batch)
  const ns = (spentNs() - from) / records
  return { nsPerRecord: ns, checksum: outputs }
}

const handWordnet = (): Measured => {
  const table = new SynsetTable()
  return timedWordnet(({ items }) => {
    const out: Array<unknown> = []
    for (const fragment of items) {
      const synset = table.add(fragment)
      if (synset !== undefined) out.push(synset)
    }
    return out.length
  })
}

const bounds = { expire: { idle: "10 minutes" }, atEnd: "discard" } as const

const bySlots = Complete.discoveredSlots({
  slot: slotOf,
  declares: (f: Fragment) => (f._tag === "Gloss" ? slotsDeclaredBy(f) : undefined),
  declaredBy: "gloss"
})

const state = { init: (): Parts => emptyParts(), add: collect }

const sluiceWordnet = (): Measured => {
  const instance = Accumulate.make({
    key: (f: Fragment) => f.key,
    complete: bySlots,
    state,
    output: (group) => synsetOfParts(group.state),
    ...bounds
  }).make(host)
  return timedWordnet((batch) => instance.process(batch)?.items.length ?? 0)
}

const sluiceParts = (): Measured => {
  const instance = Accumulate.make({
    key: (f: Fragment) => f.key,
    complete: (is) =>
      is.discoveredSlots({
        slot: (f) => (f._tag === "Gloss" ? undefined : f.lemma),
        parts: { required: ["Sense", "Lemma"], of: (f) => f._tag },
        declares: (f) => (f._tag === "Gloss" ? f.words.map((word) => word.lemma) : undefined)
      }),
    state,
    output: (group) => synsetOfParts(group.state),
    ...bounds
  }).make(host)
  return timedWordnet((batch) => instance.process(batch)?.items.length ?? 0)
}

const sluiceGathered = (): Measured => {
  const instance = Accumulate.make({
    key: (f: Fragment) => f.key,
    complete: bySlots,
    output: (group) => {
      const parts = emptyParts()
      for (const fragment of group.state.all) collect(parts, fragment)
      return synsetOfParts(parts)
    },
    ...bounds
  }).make(host)
  return timedWordnet((batch) => instance.process(batch)?.items.length ?? 0)
}

const sluiceCount = (): Measured => {
  const instance = Accumulate.make({
    key: (f: Fragment) => f.key,
    complete: Complete.count((f: Fragment) =>
      f._tag === "Gloss" ? countDeclaredBy(f) : undefined
    ),
    state,
    output: (group) => synsetOfParts(group.state),
    ...bounds
  }).make(host)
  return timedWordnet((batch) => instance.process(batch)?.items.length ?? 0)
}

/** Groups of programs; the first of a group is what the others are compared with. */
export const groups: Readonly<Record<string, Readonly<Record<string, () => Measured>>>> = {
  "updates, 10k keys": { map: () => mapUpdates(10_000), sluice: () => sluiceUpdates(10_000) },
  "updates, 100k keys": { map: () => mapUpdates(100_000), sluice: () => sluiceUpdates(100_000) },
  "wordnet, slots": {
    "nested maps": handWordnet,
    names: sluiceWordnet,
    gathered: sluiceGathered,
    parts: sluiceParts
  },
  "wordnet, count": { sluice: sluiceCount }
}
