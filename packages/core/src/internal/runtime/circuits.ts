// The circuits of one stage: one, or one for each key its records name.
// Guarantees: at most `keysMax` circuits; to make room the least recently used closed one goes, and
// an open one only where all are open, since forgetting it lets calls through; both are counted.
import type * as Breaker from "../../Breaker.ts"
import type * as Policy from "../../Policy.ts"
import type { UserFunction } from "../erased.ts"

/** Makes the circuit of a key; undefined stands for the one of the whole stage. */
export type MakeCircuit = (
  policy: Policy.CircuitBreakerPolicy,
  key: string | undefined
) => Breaker.Breaker

/** By what records share a circuit, and how many there are at most. */
export interface CircuitKeys {
  readonly key: UserFunction
  readonly keysMax: number
}

/** How bad a state is: a stage with keys is in the worst state of any. */
const badness = { closed: 0, "half-open": 1, open: 2, isolated: 3 } as const

/** Who decides whether the calls of a stage are made. */
export class Circuits {
  policy: Policy.CircuitBreakerPolicy
  private readonly make: MakeCircuit
  private readonly keys: CircuitKeys | undefined
  private readonly one: Breaker.Breaker | undefined
  private readonly byKey = new Map<string, Breaker.Breaker>()
  private evicted = 0
  private evictedOpen = 0

  /** Throws when the policy cannot work, with or without keys. */
  constructor(
    policy: Policy.CircuitBreakerPolicy,
    make: MakeCircuit,
    keys: CircuitKeys | undefined
  ) {
    this.policy = policy
    this.make = make
    this.keys = keys
    const first = make(policy, undefined)
    this.one = keys === undefined ? first : undefined
  }

  /** The circuit of a record; throws what its key function throws. */
  of(payload: unknown, atMs: number): Breaker.Breaker {
    return this.one ?? this.named(String(this.keys!.key(payload)), atMs)
  }

  /** The circuit of a key, made if need be. */
  named(key: string, atMs: number): Breaker.Breaker {
    const known = this.byKey.get(key)
    // A Map keeps the order of insertion: putting it back makes it the latest used.
    if (known !== undefined) this.byKey.delete(key)
    else this.makeRoom(atMs)
    const circuit = known ?? this.make(this.policy, key)
    this.byKey.set(key, circuit)
    return circuit
  }

  private makeRoom(atMs: number): void {
    if (this.byKey.size < this.keys!.keysMax) return
    let oldest: string | undefined
    for (const [key, circuit] of this.byKey) {
      oldest ??= key
      if (circuit.state(atMs) !== "closed") continue
      this.byKey.delete(key)
      this.evicted++
      return
    }
    this.byKey.delete(oldest!)
    this.evicted++
    this.evictedOpen++
  }

  /** Every circuit there is, with its key; the one of the whole stage has none. */
  *all(): Iterable<readonly [string | undefined, Breaker.Breaker]> {
    if (this.one !== undefined) yield [undefined, this.one]
    yield* this.byKey
  }

  change(policy: Policy.CircuitBreakerPolicy, atMs: number): void {
    this.policy = policy
    for (const [, circuit] of this.all()) circuit.change(policy, atMs)
  }

  state(atMs: number): Breaker.CircuitState {
    let worst: Breaker.CircuitState = "closed"
    for (const [, circuit] of this.all()) {
      const state = circuit.state(atMs)
      if (badness[state] > badness[worst]) worst = state
    }
    return worst
  }

  /** Where the circuit of each key is; none without keys. */
  states(atMs: number): Readonly<Record<string, Breaker.CircuitState>> {
    return Object.fromEntries(
      [...this.byKey].map(([key, circuit]) => [key, circuit.state(atMs)] as const)
    )
  }

  /** What outlives the run; circuits that cannot be saved are not among them. */
  save(atMs: number): Breaker.SavedCircuits {
    const stage = this.one?.save?.(atMs)
    if (this.keys === undefined) return stage === undefined ? {} : { stage }
    const keys = [...this.byKey].flatMap(([key, circuit]) => {
      const saved = circuit.save?.(atMs)
      return saved === undefined ? [] : [[key, saved] as const]
    })
    return { keys: Object.fromEntries(keys) }
  }

  /** Takes over what an earlier run saved; of keys, the latest used that there is room for. */
  restore(saved: Breaker.SavedCircuits, atMs: number): void {
    if (this.one !== undefined && saved.stage !== undefined) this.one.restore?.(saved.stage, atMs)
    if (this.keys === undefined) return
    const entries = Object.entries(saved.keys ?? {}).slice(-this.keys.keysMax)
    for (const [key, state] of entries) this.named(key, atMs).restore?.(state, atMs)
  }

  /** Figures of circuits by key; none where there is one. */
  figures(): Readonly<Record<string, number>> {
    if (this.keys === undefined) return {}
    return {
      circuitKeys: this.byKey.size,
      circuitKeysEvicted: this.evicted,
      circuitKeysEvictedOpen: this.evictedOpen
    }
  }
}
