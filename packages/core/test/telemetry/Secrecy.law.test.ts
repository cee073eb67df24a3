// The law of redaction for whole runs: a secret never comes out of anything a run tells, whatever
// stages do with it. Without the redaction it comes out everywhere, so the law can fail.
import { inspect } from "node:util"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import fc from "fast-check"
import type * as Batch from "../../src/Batch.ts"
import * as DeadLetter from "../../src/DeadLetter.ts"
import type * as Observer from "../../src/Observer.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as Redaction from "../../src/Redaction.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import * as Telemetry from "../../src/Telemetry.ts"
import type { EngineCase } from "../engines.ts"
import { engines } from "../engines.ts"

interface Login {
  readonly user: string
  readonly password: string
}

/** Where a login is refused, each in its own way of quoting the password. */
const places = ["map", "effect", "batch", "process", "sink"] as const
type Place = (typeof places)[number]

const refusal = (password: string): Error => {
  const error = new Error(`refused "${password}"`, { cause: new Error(`tried ${password}`) })
  return Object.assign(error, { password, request: JSON.stringify({ password }) })
}

const pipelineOf = (logins: ReadonlyArray<Login>, place: Place, onError: Policy.ErrorPolicy) => {
  const refuseAt = (at: Place, password: string): string => {
    if (place === at) throw refusal(password)
    return password
  }
  const check = (password: string) =>
    Effect.gen(function* () {
      yield* Effect.logInfo(`checking ${password}`, { password })
      yield* Effect.annotateCurrentSpan("tried", password)
      return yield* Effect.try({ try: () => refuseAt("effect", password), catch: (e) => e })
    }).pipe(
      Effect.withSpan("check", { attributes: { password } }),
      Effect.annotateLogs({ tried: password })
    )
  const bare = (input: Stream.Stream<string>) =>
    Stream.mapEffect(input, (password) =>
      Effect.try({ try: () => refuseAt("process", password), catch: (e) => e })
    )
  const sink = Sink.make(
    "store",
    Effect.succeed({
      write: (batch: Batch.Batch<string>) =>
        place === "sink" ? Effect.fail(refusal(batch.items[0] ?? "none")) : undefined
    })
  )
  return Pipeline.source("logins", Source.fromChunks([logins])).pipe(
    Pipeline.map("map", (login: Login) => refuseAt("map", login.password), { onError }),
    Pipeline.mapEffect("effect", check, { onError, concurrency: 3 }),
    Pipeline.mapBatch(
      "batch",
      (items: ReadonlyArray<string>) => {
        // One record is to blame, and every record of the batch gets its message.
        refuseAt("batch", items.at(-1) ?? "none")
        return items
      },
      { onError }
    ),
    Pipeline.process("process", bare),
    Pipeline.sink("sink", sink, { onError })
  )
}

/** Runs with everything on and gives all that was told, as one text. */
const told = async (
  engine: EngineCase,
  pipeline: ReturnType<typeof pipelineOf>,
  redaction: Layer.Layer<never>
): Promise<string> => {
  const texts: Array<string> = []
  const show = (...values: ReadonlyArray<unknown>): void => {
    for (const value of values) texts.push(inspect(value, { depth: 12 }))
  }
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  const logger = Logger.make(({ message, cause, fiber }) =>
    show(message, cause, fiber.getRef(References.CurrentLogAnnotations))
  )
  const observer: Observer.PipelineObserver = {
    onEvent: show,
    onStageStart: show,
    onBatchProcessed: show,
    onError: (stageId, cause, context) => show(stageId, cause, String(cause), context)
  }
  const program = Effect.gen(function* () {
    const exit = yield* Effect.exit(
      Effect.result(
        Pipeline.run(pipeline, {
          engine: engine.make(),
          observer,
          onDeadLetters: (_, shown) =>
            Effect.sync(() => {
              for (const letter of shown) show(letter, DeadLetter.describe(letter))
            })
        })
      )
    )
    show(exit, yield* Metric.snapshot)
    for (const { name, attributes, events, links, status } of spans) {
      show(name, attributes, events, links, status)
    }
  })
  const telemetry = Telemetry.layer({
    spans: { rate: 1 },
    logs: true,
    labels: { password: "" },
    observers: [observer]
  })
  await Effect.runPromise(
    program.pipe(
      Effect.provide(Layer.mergeAll(telemetry, redaction, Logger.layer([logger]))),
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  )
  return texts.join("\n")
}

/** No word of this test is part of one, and no escape changes it. */
const passwords = fc
  .array(fc.constantFrom(..."QXZ0189ЖΩ"), { minLength: 3, maxLength: 24 })
  .map((letters) => `§${letters.join("")}`)

const logins = fc
  .array(passwords, { minLength: 1, maxLength: 12 })
  .map((all) => all.map((password, i): Login => ({ user: `user ${i}`, password })))

const policies: ReadonlyArray<readonly [string, Policy.ErrorPolicy]> = [
  ["dead letters", Policy.deadLetter],
  ["failing", Policy.fail],
  ["retried", Policy.retry({ retriesMax: 1, backoffMs: 0, exhausted: Policy.deadLetter })]
]

const cases = engines.flatMap((engine) =>
  policies.flatMap(([name, policy]) =>
    places.map((place) => [engine.name, name, place, engine, policy] as const)
  )
)

describe("secrecy", () => {
  it.each(cases)("%s, %s at %s: no secret comes out", async (_, __, place, engine, policy) => {
    const redaction = Redaction.layer({ fields: ["password"] })
    await fc.assert(
      fc.asyncProperty(logins, async (all) => {
        // A retry needs something to repeat: a plain function is not repeated.
        const repeats = policy._tag === "Retry" && (place === "map" || place === "batch")
        const onError = repeats ? Policy.deadLetter : policy
        const text = await told(engine, pipelineOf(all, place, onError), redaction)
        expect(text).toContain("[redacted]")
        for (const { password } of all) expect(text).not.toContain(password)
      }),
      { numRuns: 8 }
    )
  })

  it.each(engines.map((engine) => [engine.name, engine] as const))(
    "%s: a secret that one stage made and the next took out of its field is known",
    async (_, engine) => {
      const result = await Effect.runPromise(
        Pipeline.run(
          Pipeline.source("numbers", Source.fromChunks([[1, 2]])).pipe(
            Pipeline.map("login", (n: number) => ({ user: n, password: `§QX0198${n}` })),
            Pipeline.map("bare", ({ password }) => password),
            Pipeline.map(
              "refuse",
              (password: string): string => {
                throw new Error(`no ${password}`)
              },
              { onError: Policy.deadLetter }
            ),
            Pipeline.sink("out", Sink.drain)
          ),
          { engine: engine.make() }
        ).pipe(Effect.provide(Redaction.layer({ fields: ["password"] })))
      )
      expect(result.deadLetterCount).toBe(2)
      expect(inspect(result, { depth: 12 })).toContain("no [redacted]")
      expect(inspect(result, { depth: 12 })).not.toContain("§QX0198")
    }
  )

  it.each(places.map((place) => [place]))("without a redaction they do, at %s", async (place) => {
    const all = [{ user: "ann", password: "§QX0198" }]
    for (const engine of engines) {
      const open = await told(engine, pipelineOf(all, place, Policy.deadLetter), Layer.empty)
      expect(open).toContain("§QX0198")
    }
  })
})
