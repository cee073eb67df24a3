// Carries out the pressure machine: feeds it readings, keeps the level, tells listeners.
import type * as Pressure from "../../Pressure.ts"
import type { PressureState } from "./pressureMachine.ts"
import { check, initial, transition } from "./pressureMachine.ts"

/** Smaller changes are not told. */
const stepMin = 0.05

/** A level that is fed with readings. */
export class Monitor implements Pressure.Pressure {
  readonly measured = true
  private readonly settings: Pressure.PressureSettings
  private readonly listeners = new Set<(change: Pressure.PressureChange) => void>()
  private state: PressureState = initial
  private told = 0

  /** Throws for settings that make no sense. */
  constructor(settings: Pressure.PressureSettings) {
    check(settings)
    this.settings = settings
  }

  readonly level = (): number => this.state.level
  readonly sign = (): Pressure.PressureSign => this.state.sign

  readonly onChange = (listener: (change: Pressure.PressureChange) => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** A reading was taken at `atMs` of the monotonic clock. */
  read(reading: Pressure.MemoryReading, atMs: number): void {
    this.state = transition(this.state, reading, atMs, this.settings)
    const { level, sign } = this.state
    const ends = level !== this.told && (level === 0 || level === 1)
    if (!ends && Math.abs(level - this.told) < stepMin) return
    this.told = level
    for (const listener of this.listeners) this.tell(listener, { level, sign })
  }

  private tell(
    listener: (change: Pressure.PressureChange) => void,
    change: Pressure.PressureChange
  ): void {
    try {
      listener(change)
    } catch {
      this.listeners.delete(listener)
    }
  }
}
