// The flow strategies and the circuit breaker of the backpressure package keep the contract, and so
// do the plainest ones.
import * as CircuitBreaker from "@sluice/backpressure/CircuitBreaker"
import * as Flow from "@sluice/backpressure/Flow"
import type * as Policy from "@sluice/core/Policy"
import { breakerConformance, flowStrategyConformance } from "../../src/Conformance.ts"
import type { FlowStrategySubject } from "../../src/ConformanceRules.ts"
import { soundCircuit } from "../../src/internal/faulty/breakers.ts"
import { soundPace, soundWindow } from "../../src/internal/faulty/flowStrategies.ts"

flowStrategyConformance({ name: "a plain window", ...soundWindow })
flowStrategyConformance({ name: "a plain pace", ...soundPace })

const foreign: Policy.BackpressureStrategy = { _tag: "Bounded", capacity: 1, onFull: "block" }

const subject = (
  descriptor: Policy.BackpressureStrategy,
  limits: Partial<FlowStrategySubject> = {}
): FlowStrategySubject => ({
  make: (host) => Flow.implementation(descriptor, host),
  foreign,
  ...limits
})

const credits = (initial: number, unit: "records" | "bytes" | "cost" = "records") =>
  ({ _tag: "CreditBased", initial, replenishThreshold: Math.ceil(initial / 3), unit }) as const

flowStrategyConformance({
  name: "credit",
  ...subject(credits(60), {
    inFlightMax: 60,
    other: { descriptor: credits(20), inFlightMax: 20 }
  })
})

for (const unit of ["bytes", "cost"] as const) {
  flowStrategyConformance({
    name: `credit in ${unit}`,
    ...subject(credits(120, unit), {
      inFlightMax: 120,
      other: { descriptor: credits(300, unit), inFlightMax: 300 }
    })
  })
}

const rate = (ratePerSecond: number, burst: number) =>
  ({ _tag: "RateShaping", ratePerSecond, burst }) as const

flowStrategyConformance({
  name: "rate",
  ...subject(rate(1_000, 20), {
    passMax: (seconds) => 20 + seconds * 1_000,
    other: { descriptor: rate(50, 5) }
  })
})

flowStrategyConformance({
  name: "reactive pull",
  ...subject(
    { _tag: "ReactivePull", window: 30 },
    { inFlightMax: 30, other: { descriptor: { _tag: "ReactivePull", window: 7 }, inFlightMax: 7 } }
  )
})

flowStrategyConformance({
  name: "adaptive",
  ...subject(
    { _tag: "Adaptive", batchMin: 1, batchMax: 100 },
    { other: { descriptor: { _tag: "Adaptive", batchMin: 5, batchMax: 50 } } }
  )
})

const aware = (capacity: number) =>
  ({ _tag: "AccumulatorAware", capacity, bytesUnit: 1_000, spillPenalty: 10 }) as const

flowStrategyConformance({
  name: "accumulator-aware",
  ...subject(aware(50), {
    inFlightMax: 50,
    other: { descriptor: aware(20), inFlightMax: 20 }
  })
})

flowStrategyConformance({
  name: "accumulator-aware, around credits",
  ...subject({ ...aware(50), inner: credits(40) }, { inFlightMax: 40 })
})

const regulated = (initial: number) =>
  ({
    _tag: "Regulated",
    credits: credits(initial),
    batch: { _tag: "Adaptive", batchMin: 1, batchMax: 100 }
  }) as const

flowStrategyConformance({
  name: "regulated",
  ...subject(regulated(40), {
    inFlightMax: 40,
    other: { descriptor: regulated(15), inFlightMax: 15 }
  })
})

breakerConformance({ name: "a plain circuit", ...soundCircuit })
breakerConformance({ name: "CircuitBreaker", implementation: CircuitBreaker.implementation })
