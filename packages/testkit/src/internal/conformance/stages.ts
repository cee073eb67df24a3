// What a custom stage owes: a life between init and close, and one answer however input is cut.

import * as Envelope from "@sluice/core/Envelope"
import type * as Stage from "@sluice/core/Stage"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"
import { settle } from "./workload.ts"

/** A custom stage under test. */
export interface StageSubject {
  /** A new stage each time. */
  readonly make: () => Stage.Stage<never, unknown, unknown>
  readonly records: ReadonlyArray<unknown>
  /** What it makes of the records, in order. */
  readonly expected: ReadonlyArray<unknown>
  /** How many resources of all stages made are open now, where that can be told. */
  readonly open?: () => number
  /** How many records it may have read beyond those whose output was taken; default 4,096. */
  readonly ahead?: number
  /** True: one for one, each output has the sequence number of its input. */
  readonly keepsNumbers?: boolean
}

type Erased = Stage.Stage<unknown, unknown, unknown>

const context: Stage.StageContext = {
  pipelineId: "conformance",
  stageId: "stage",
  config: {},
  logger: { log: () => Effect.void },
  tracer: { span: (_, effect) => effect }
}

const envelopes = (records: ReadonlyArray<unknown>): ReadonlyArray<Envelope.Envelope<unknown>> =>
  records.map((payload, seqId) => Envelope.make(payload, { seqId }))

/** One life of a stage: what comes out of its stream, of which `take` is read. */
const live = (
  stage: Erased,
  input: Stream.Stream<Envelope.Envelope<unknown>>,
  take = Number.POSITIVE_INFINITY
): Effect.Effect<ReadonlyArray<Envelope.Envelope<unknown>>, unknown> =>
  Effect.gen(function* () {
    yield* stage.init(context)
    const output = stage.process(input)
    const read = take === Number.POSITIVE_INFINITY ? output : Stream.take(output, take)
    return yield* Effect.ensuring(Stream.runCollect(read), stage.close)
  })

const erased = ({ make }: StageSubject): Erased => make() as Erased

const payloads = (out: ReadonlyArray<Envelope.Envelope<unknown>>): ReadonlyArray<unknown> =>
  out.map(({ payload }) => payload)

const lives: Rule<StageSubject> = {
  rule: "L5",
  title: "opens in init and lets go in close, whether or not records came",
  applies: ({ open }) => open !== undefined,
  run: Effect.fnUntraced(function* (subject) {
    const all = envelopes(subject.records)
    for (const [count, take] of [
      [all.length, Number.POSITIVE_INFINITY],
      [0, Number.POSITIVE_INFINITY],
      [all.length, 1]
    ] as const) {
      yield* live(erased(subject), Stream.fromIterable(all.slice(0, count)), take)
      equal(
        subject.open?.(),
        0,
        `resources open after ${count} records of which ${take} outputs were taken`
      )
    }
  })
}

const anyCut: Rule<StageSubject> = {
  rule: "O3",
  title: "gives the same output however its input is cut into chunks",
  run: Effect.fnUntraced(function* (subject) {
    const all = envelopes(subject.records)
    for (const size of [1, 7, all.length]) {
      const input = Stream.rechunk(Stream.fromIterable(all), size)
      equal(
        payloads(yield* live(erased(subject), input)),
        subject.expected,
        `output for chunks of ${size}`
      )
    }
  })
}

const severalLives: Rule<StageSubject> = {
  rule: "L7",
  title: "starts anew in each run",
  run: Effect.fnUntraced(function* (subject) {
    const stage = erased(subject)
    const input = Stream.rechunk(Stream.fromIterable(envelopes(subject.records)), 3)
    for (const nth of ["first", "second"]) {
      equal(payloads(yield* live(stage, input)), subject.expected, `output of its ${nth} run`)
    }
  })
}

const aheadDefault = 4_096

const readsOnDemand: Rule<StageSubject> = {
  rule: "D8",
  title: "stops reading its input when nobody takes its output",
  run: Effect.fnUntraced(function* (subject) {
    const ahead = subject.ahead ?? aheadDefault
    let read = 0
    const next = Effect.sync(() => {
      const payload = subject.records[read % subject.records.length]
      return Envelope.make(payload, { seqId: read++ })
    })
    const input = Stream.rechunk(Stream.take(Stream.fromEffectRepeat(next), 4 * ahead + 100), 1)
    const stage = erased(subject)
    yield* stage.init(context)
    const stuck = Stream.runForEach(stage.process(input), () => Effect.never)
    yield* Effect.forkScoped(Effect.ensuring(stuck, stage.close))
    yield* settle
    yield* settle
    holds(read <= ahead + 1, `${read} records were read, ${ahead} may be`)
  })
}

const numbersKept: Rule<StageSubject> = {
  rule: "O6",
  title: "keeps the sequence number of each record",
  applies: ({ keepsNumbers }) => keepsNumbers === true,
  run: Effect.fnUntraced(function* (subject) {
    const all = envelopes(subject.records)
    const out = yield* live(erased(subject), Stream.fromIterable(all))
    equal(
      out.map(({ seqId }) => seqId),
      all.map(({ seqId }) => seqId),
      "sequence numbers"
    )
  })
}

/** What every custom stage is held to. */
export const stageRules: ReadonlyArray<Rule<StageSubject>> = [
  lives,
  anyCut,
  severalLives,
  readsOnDemand,
  numbersKept
]
