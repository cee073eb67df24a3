// Backpressure descriptors whose numbers would stop the flow, or never limit it.
import type * as Graph from "../../Graph.ts"
import type { GraphIssue } from "../../GraphError.ts"
import type * as Policy from "../../Policy.ts"
import type { Rule } from "./inspection.ts"
import { issue, notCount, notPositive } from "./inspection.ts"

type Fault = readonly [reason: string, cure: string]

const countFault = (name: string, value: number): ReadonlyArray<Fault> => {
  const fault = notCount(value, 1)
  return fault === undefined ? [] : [[`${name} is ${value}, ${fault}`, `correct ${name}`]]
}

const creditFaults = (strategy: Policy.CreditBased): ReadonlyArray<Fault> => {
  const { initial, replenishThreshold } = strategy
  const numbers = [
    ...countFault("initial", initial),
    ...countFault("replenishThreshold", replenishThreshold)
  ]
  if (numbers.length > 0 || replenishThreshold <= initial) return numbers
  const reason =
    `replenishThreshold ${replenishThreshold} is above the initial credit ${initial}: ` +
    "the credit is used up before any is given back, and both sides wait for ever"
  return [[reason, `set replenishThreshold to ${initial} or less, or raise initial`]]
}

const shapingFaults = (strategy: Policy.RateShaping): ReadonlyArray<Fault> => {
  const { ratePerSecond, burst } = strategy
  const rate = notPositive(ratePerSecond)
  return [
    ...(rate === undefined
      ? []
      : [[`ratePerSecond is ${ratePerSecond}, ${rate}`, "correct ratePerSecond"] as const]),
    ...countFault("burst", burst)
  ]
}

const positiveFault = (name: string, value: number | undefined): ReadonlyArray<Fault> => {
  const fault = value === undefined ? undefined : notPositive(value)
  return fault === undefined ? [] : [[`${name} is ${value}, ${fault}`, `correct ${name}`]]
}

const adaptiveFaults = (strategy: Policy.Adaptive): ReadonlyArray<Fault> => {
  const { batchMin, batchMax, batchInitial = batchMin } = strategy
  const numbers = [
    ...countFault("batchMin", batchMin),
    ...countFault("batchMax", batchMax),
    ...countFault("batchInitial", batchInitial),
    ...positiveFault("latencyMsTarget", strategy.latencyMsTarget)
  ]
  if (numbers.length > 0) return numbers
  if (batchMin > batchMax)
    return [[`batchMin ${batchMin} is above batchMax ${batchMax}`, "swap them"]]
  if (batchInitial >= batchMin && batchInitial <= batchMax) return []
  const reason = `batchInitial ${batchInitial} is not from ${batchMin} to ${batchMax}`
  return [[reason, "correct batchInitial, or leave it out"]]
}

const awareFaults = (strategy: Policy.AccumulatorAware): ReadonlyArray<Fault> => {
  const { capacity, bytesUnit, spillPenalty, inner } = strategy
  const penalty = Number.isFinite(spillPenalty) && spillPenalty >= 0
  return [
    ...countFault("capacity", capacity),
    ...positiveFault("bytesUnit", bytesUnit),
    ...(penalty
      ? []
      : [
          [
            `spillPenalty is ${spillPenalty}, a finite number from 0 is expected`,
            "correct it"
          ] as const
        ]),
    ...(inner === undefined ? [] : strategyFaults(inner))
  ]
}

const regulatedFaults = (strategy: Policy.Regulated): ReadonlyArray<Fault> => {
  const { slowedShare = 0.5 } = strategy
  const share = slowedShare > 0 && slowedShare <= 1
  return [
    ...adaptiveFaults(strategy.batch),
    ...creditFaults(strategy.credits),
    ...positiveFault("sampleMs", strategy.sampleMs),
    ...(share
      ? []
      : [
          [
            `slowedShare is ${slowedShare}, a share above 0 and at most 1 is expected`,
            "correct it"
          ] as const
        ])
  ]
}

/** What would make a strategy stop the flow, or limit nothing; each with its cure. */
export const strategyFaults = (strategy: Policy.BackpressureStrategy): ReadonlyArray<Fault> => {
  switch (strategy._tag) {
    case "Bounded":
      return countFault("capacity", strategy.capacity)
    case "CreditBased":
      return creditFaults(strategy)
    case "RateShaping":
      return shapingFaults(strategy)
    case "Adaptive":
      return adaptiveFaults(strategy)
    case "ReactivePull":
      return countFault("window", strategy.window)
    case "AccumulatorAware":
      return awareFaults(strategy)
    case "Regulated":
      return regulatedFaults(strategy)
  }
}

/** Two bounds on the one channel in front of the stage that do not say the same. */
const bufferConflict = (node: Graph.StageNode): ReadonlyArray<Fault> => {
  const { backpressure, bufferPolicy } = node
  if (backpressure?._tag !== "Bounded" || bufferPolicy === undefined) return []
  const { capacity, onFull } = backpressure
  if (capacity === bufferPolicy.capacity && onFull === bufferPolicy.onFull) return []
  const other = `${bufferPolicy.capacity} records (${bufferPolicy.onFull})`
  const reason = `it asks for ${capacity} records (${onFull}), its buffer for ${other}`
  return [[reason, "keep one of the two"]]
}

const nodeIssues = (node: Graph.StageNode): ReadonlyArray<GraphIssue> => {
  const strategy = node.backpressure
  if (strategy === undefined) return []
  return [...strategyFaults(strategy), ...bufferConflict(node)].map(([reason, cure]) =>
    issue("policy", node.id, `its ${strategy._tag} backpressure cannot work: ${reason}`, cure)
  )
}

/** Backpressure that would deadlock, stall or limit nothing. */
export const backpressure: Rule = ({ graph }) => graph.nodes.flatMap(nodeIssues)
