// Sources, sinks and custom stages that break one rule each.

import type * as Batch from "@sluice/core/Batch"
import type * as Envelope from "@sluice/core/Envelope"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import type * as Stage from "@sluice/core/Stage"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { SinkCase, SinkSubject } from "../conformance/sinks.ts"
import type { SourceCase, SourceSubject } from "../conformance/sources.ts"
import type { StageSubject } from "../conformance/stages.ts"
import { boom, range } from "../conformance/workload.ts"

/** A faulty subject: the rule it breaks, what is wrong, and the subject. */
export interface FaultyEnd<S> {
  /** The rule it breaks. */
  readonly rule: string
  readonly fault: string
  readonly subject: S
}

type Reader = Source.SourceReader<unknown, unknown>
type Ending = "end" | "fail" | "silent"

/** What may be wrong with a source. */
interface SourceFault {
  readonly order?: (records: ReadonlyArray<number>) => ReadonlyArray<number>
  readonly leaks?: boolean
  readonly sharesPlace?: boolean
  readonly startsOver?: boolean
  readonly readsEarly?: boolean
  readonly losesLast?: boolean
  readonly holdsOn?: boolean
}

const size = 4

/** A source of twelve numbers, four at a time, with a fault. */
const sourceCase = (fault: SourceFault, ending: Ending): SourceCase => {
  const expected = range(12)
  const records = fault.order?.(expected) ?? expected
  let [open, taken, shared] = [0, 0, 0]
  const end = (): ReturnType<Reader["pull"]> => {
    if (ending === "end") return undefined
    if (ending === "fail") return Effect.fail(boom)
    return fault.holdsOn === true ? Effect.uninterruptible(Effect.never) : Effect.never
  }
  const reader = (): Reader => {
    let own = 0
    const place = (): number => (fault.sharesPlace === true ? shared : own)
    const pull = (): ReturnType<Reader["pull"]> => {
      const from = place()
      if (from >= records.length) {
        if (fault.startsOver === true) own = 0
        return end()
      }
      const items = records.slice(from, from + size)
      if (fault.sharesPlace === true) shared += items.length
      else own += items.length
      taken += items.length
      const isLast = from + size >= records.length && ending === "fail" && fault.losesLast === true
      return isLast ? end() : { items, bytes: 0, provenance: undefined }
    }
    if (fault.readsEarly === true) taken += size
    return { pull }
  }
  const close = Effect.sync(() => {
    if (fault.leaks !== true) open--
  })
  const acquire = Effect.acquireRelease(
    Effect.sync(() => {
      open++
    }),
    () => close
  )
  const source = Source.make("faulty", Effect.map(acquire, reader))
  return { source, expected, open: () => open, taken: () => taken }
}

const sourceSubject = (fault: SourceFault): SourceSubject => ({
  make: Effect.sync(() => sourceCase(fault, "end")),
  makeFailing: Effect.sync(() => sourceCase(fault, "fail")),
  makeSilent: Effect.sync(() => sourceCase(fault, "silent")),
  tellsOpen: true,
  tellsTaken: true
})

const faultySource = (
  rule: string,
  fault: string,
  what: SourceFault
): FaultyEnd<SourceSubject> => ({
  rule,
  fault,
  subject: sourceSubject(what)
})

/** The first two records change places, only where the source is read from its beginning. */
const swapFirst = ([a, b, ...rest]: ReadonlyArray<number>): ReadonlyArray<number> => [
  b ?? 0,
  a ?? 0,
  ...rest
]

/** Sources that break one rule each. */
export const sources: ReadonlyArray<FaultyEnd<SourceSubject>> = [
  faultySource("O1", "swaps its first two records", { order: swapFirst }),
  faultySource("L3", "does not close its input", { leaks: true }),
  faultySource("L7", "goes on where an earlier opening was", { sharesPlace: true }),
  faultySource("L8", "starts over after its end", { startsOver: true }),
  faultySource("D10", "reads when it is opened", { readsEarly: true }),
  faultySource("F7", "loses the chunk before its failure", { losesLast: true }),
  faultySource("S2", "does not give up a pull that waits", { holdsOn: true })
]

/** What may be wrong with a sink. */
interface SinkFault {
  readonly losesTail?: boolean
  readonly refusesAll?: boolean
  readonly leaks?: boolean
}

/** A sink that collects numbers, and refuses odd ones if told to, with a fault. */
const sinkCase = (fault: SinkFault, refusing: boolean): SinkCase => {
  const output: Array<number> = []
  let [open, held]: [number, ReadonlyArray<number>] = [0, []]
  const records = range(10)
  const isRefused = (n: number): boolean => refusing && n % 2 === 1
  const write = (batch: Batch.Batch<number>): void | Effect.Effect<void, Sink.RecordsRejected> => {
    const refused = batch.items.flatMap((n, index) =>
      isRefused(n) ? [{ index, cause: boom }] : []
    )
    const accepted = batch.items.filter((n) => !isRefused(n))
    if (fault.losesTail === true && !refusing) {
      output.push(...held)
      held = accepted
    } else output.push(...accepted)
    if (refused.length === 0) return undefined
    const named =
      fault.refusesAll === true ? batch.items.map((_, index) => ({ index, cause: boom })) : refused
    return Effect.fail({ _tag: "RecordsRejected", records: named })
  }
  const acquire = Effect.acquireRelease(
    Effect.sync(() => {
      open++
    }),
    (_, exit) =>
      Effect.sync(() => {
        if (fault.leaks !== true || Exit.isSuccess(exit)) open--
      })
  )
  const sink = Sink.make<number, Sink.RecordsRejected, Scope.Scope>(
    "faulty",
    Effect.as(acquire, { write })
  )
  const refused = refusing ? records.filter((n) => n % 2 === 1) : []
  return { sink, records, refused, output: Effect.sync(() => output), open: () => open }
}

const faultySink = (rule: string, fault: string, what: SinkFault): FaultyEnd<SinkSubject> => ({
  rule,
  fault,
  subject: {
    make: Effect.sync(() => sinkCase(what, false)),
    makeRefusing: Effect.sync(() => sinkCase(what, true)),
    tellsOpen: true
  }
})

/** Sinks that break one rule each. */
export const sinks: ReadonlyArray<FaultyEnd<SinkSubject>> = [
  faultySink("S7", "keeps its last batch when it ends", { losesTail: true }),
  faultySink("F8", "names every record of a batch of which it refuses some", { refusesAll: true }),
  faultySink("L3", "does not close its output when it is cut off", { leaks: true })
]

type Numbers = Stream.Stream<Envelope.Envelope<number>>

/** What may be wrong with a stage. */
interface StageFault {
  readonly change?: (input: Numbers) => Numbers
  readonly leaks?: boolean
  readonly remembers?: boolean
}

/** A stage that numbers and doubles, with a fault. */
const stageSubject = (fault: StageFault): StageSubject => {
  let open = 0
  const make = (): Stage.Stage<number, number> => {
    let sum = 0
    return {
      init: () =>
        Effect.sync(() => {
          open++
          if (fault.remembers !== true) sum = 0
        }),
      process: (input) =>
        Stream.map(fault.change?.(input) ?? input, (envelope) => {
          sum += envelope.payload
          return { ...envelope, payload: sum }
        }),
      close: Effect.sync(() => {
        if (fault.leaks !== true || sum > 0) open--
      })
    }
  }
  const records = range(20).map((n) => n + 1)
  const expected = records.map((n) => (n * (n + 1)) / 2)
  return { make, records, expected, open: () => open, ahead: 64, keepsNumbers: true }
}

const faultyStage = (rule: string, fault: string, what: StageFault): FaultyEnd<StageSubject> => ({
  rule,
  fault,
  subject: stageSubject(what)
})

const firstOfLargeChunks = (input: Numbers): Numbers =>
  Stream.mapArray(input, (chunk) => (chunk.length === 7 ? [chunk[0]] : chunk))

const allFirst = (input: Numbers): Numbers =>
  Stream.unwrap(Effect.map(Stream.runCollect(input), Stream.fromIterable))

/** Custom stages that break one rule each. */
export const stages: ReadonlyArray<FaultyEnd<StageSubject>> = [
  faultyStage("L5", "does not close when no record came", { leaks: true }),
  faultyStage("O3", "takes one record of a chunk of seven", { change: firstOfLargeChunks }),
  faultyStage("L7", "goes on where its last run ended", { remembers: true }),
  faultyStage("D8", "reads all its input before it gives anything", { change: allFirst }),
  faultyStage("O6", "numbers its records anew", {
    change: Stream.map((envelope) => ({ ...envelope, seqId: envelope.seqId + 1 }))
  })
]
