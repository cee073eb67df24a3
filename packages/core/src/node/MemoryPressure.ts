// Measures how hard memory presses on this Node process, and publishes the level for the runs of a
// context. It reads a few counters several times a second; it starts no collection.
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { Monitor } from "../internal/memory/monitor.ts"
import { settingsDefault } from "../internal/memory/pressureMachine.ts"
import * as Pressure from "../Pressure.ts"
import * as ProcessMemory from "./internal/processMemory.ts"

/** How to measure, and when a sign presses. */
export interface MemoryPressureOptions extends Partial<Pressure.PressureSettings> {
  /** Time between two readings; default 250 milliseconds. */
  readonly interval?: Duration.Input
  /** Bytes that count as the limit; default the heap limit of the process. */
  readonly bytesMax?: number
  /** Who reads; default this process. */
  readonly memory?: Effect.Effect<ProcessMemory.ProcessMemory>
}

const gauge = Metric.gauge("memory_pressure_level", {
  description: "How hard memory presses: 0 calm, 1 at the limit"
})

/** The level as a metric, read at scrape. */
const tell = (monitor: Monitor): Effect.Effect<Metric.Registration> =>
  Effect.map(Effect.context<never>(), (context) =>
    Metric.registerUnsafe(gauge, context, {
      get: () => ({ value: monitor.level() }),
      update: () => undefined,
      modify: () => undefined
    })
  )

const openMemory = Effect.sync(ProcessMemory.open)

/**
 * Publishes the level as long as the layer lives.
 *
 * Shape: the worst of three signs, each from where it begins to press to where it presses fully:
 * heap in use by its limit (0.7 to 0.95), seconds until large objects and buffers would fill what
 * is left (30 to 3), share of the time in collections (0.1 to 0.5).
 * Flow: the level rises with a reading at once, and comes down by 0.2 a second once the signs are
 * 0.1 below it. Flow control shrinks batches and slows credits by it; accumulators may spill. The
 * metric `memory_pressure_level` tells it to whoever scrapes.
 * Limits: two counters of V8 four times a second, some tens of microseconds in all.
 * Errors: dies with a RangeError for settings under which the level could not rise or fall.
 *
 * @example
 * ```ts
 * import * as MemoryPressure from "@sluice/core/node/MemoryPressure"
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Sink from "@sluice/core/Sink"
 * import * as Source from "@sluice/core/Source"
 * import * as Effect from "effect/Effect"
 *
 * const pipeline = Pipeline.source("numbers", Source.fromIterable([1, 2, 3])).pipe(
 *   Pipeline.sink("out", Sink.drain)
 * )
 * const watched = Pipeline.run(pipeline).pipe(Effect.provide(MemoryPressure.layer()))
 * ```
 */
export const layer = (options: MemoryPressureOptions = {}): Layer.Layer<never> =>
  Layer.effect(
    Pressure.Current,
    Effect.gen(function* () {
      const { interval = "250 millis", bytesMax, memory = openMemory, ...settings } = options
      const monitor = new Monitor({ ...settingsDefault, ...settings })
      const opened = yield* Effect.acquireRelease(memory, ({ close }) => Effect.sync(close))
      const read = Effect.map(Clock.monotonicTimeNanos, (nanos) => {
        const reading = opened.read()
        const heapBytesMax = bytesMax ?? reading.heapBytesMax
        monitor.read({ ...reading, heapBytesMax }, Number(nanos) / 1e6)
      })
      yield* read
      yield* Effect.acquireRelease(tell(monitor), ({ remove }) => Effect.sync(remove))
      yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(interval), read)))
      return monitor
    })
  )
