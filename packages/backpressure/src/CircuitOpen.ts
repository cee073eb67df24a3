// What a circuit breaker answers instead of making a call.
// A plain value: rejecting must stay cheaper than calling.

/** The call was not made. `retryAfterMs` is undefined when only a trial or an operator can tell. */
export interface CircuitOpen {
  readonly _tag: "CircuitOpen"
  readonly name: string
  readonly phase: "Open" | "HalfOpen" | "Isolated"
  readonly retryAfterMs: number | undefined
  readonly message: string
}

const cure = {
  Open: "wait for the cool-down",
  HalfOpen: "wait for the trials that run",
  Isolated: "reset the circuit"
} as const

/** The answer of the circuit `name`. */
export const make = (
  name: string,
  phase: CircuitOpen["phase"],
  retryAfterMs: number | undefined
): CircuitOpen => {
  const wait = retryAfterMs === undefined ? "" : ` for another ${Math.ceil(retryAfterMs)} ms`
  const message = `circuit "${name}" is ${phase}${wait}: ${cure[phase]}`
  return { _tag: "CircuitOpen", name, phase, retryAfterMs, message }
}
