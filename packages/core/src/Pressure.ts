// The seam of memory pressure: one level that flow control and spilling listen to, whoever measures
// it. Core measures nothing by itself; for Node it is `node/MemoryPressure`.
import * as Context from "effect/Context"
import type { PressureSign } from "./internal/memory/pressureMachine.ts"

/** What is read, how it is weighed, and what may press. */
export type {
  MemoryReading,
  PressureSettings,
  PressureSign
} from "./internal/memory/pressureMachine.ts"

/** A change of the level, and what presses most. */
export interface PressureChange {
  readonly level: number
  readonly sign: PressureSign
}

/**
 * How hard memory presses.
 *
 * Shape: 0 is calm, 1 is the limit. Below 0.5 it is time to hold less, above it to give some up.
 * Flow: `level` is read by whoever decides; `onChange` tells listeners of steps of 0.05 or more, at
 * once and in order, and answers with what ends that. A listener that throws is told no more.
 */
export interface Pressure {
  /**
   * True where it depends on the machine: an engine that must be reproducible then goes by `calm`.
   */
  readonly measured: boolean
  readonly level: () => number
  readonly sign: () => PressureSign
  readonly onChange: (listener: (change: PressureChange) => void) => () => void
}

/** Nothing presses, and nobody measures. */
export const calm: Pressure = {
  measured: false,
  level: () => 0,
  sign: () => "none",
  onChange: () => () => undefined
}

/** The memory pressure that runs of this context go by; `calm` by default. */
export const Current: Context.Reference<Pressure> = Context.Reference<Pressure>(
  "@sluice/core/Pressure",
  { defaultValue: () => calm }
)
