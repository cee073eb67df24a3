// Circuit breakers by key, such as one for each host, made when first used.
// Guarantees: at most `keysMax` circuits; the least recently used closed one goes first, since
// forgetting an open one would let calls through. Circuits share settings and nothing else.
import * as Effect from "effect/Effect"
import * as CircuitBreaker from "./CircuitBreaker.ts"
import type { CircuitOpen } from "./CircuitOpen.ts"
import type { InvalidSettings } from "./InvalidSettings.ts"
import { accept, count, settled } from "./internal/settings.ts"

/** Settings of each circuit and how many are kept; default 1,024. */
export interface Options<E = unknown> extends Omit<CircuitBreaker.Options<E>, "name" | "restore"> {
  readonly keysMax?: number
}

/** How many circuits there are, and how many were forgotten to make room. */
export interface Statistics {
  readonly keys: number
  readonly evicted: number
  readonly evictedWhileOpen: number
}

/** Circuits by key. */
export interface CircuitBreakers<E0 = unknown> {
  /** Makes the call through the circuit of the key. */
  readonly run: (
    key: string
  ) => <A, E extends E0, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E | CircuitOpen, R>
  /** The circuit of a key, made if need be. */
  readonly get: (key: string) => Effect.Effect<CircuitBreaker.CircuitBreaker<E0>>
  readonly keys: () => ReadonlyArray<string>
  readonly statistics: () => Statistics
}

const keysMaxDefault = 1_024

/**
 * No circuits yet.
 *
 * **Errors**: `InvalidSettings`, at once and not at the first key.
 */
export const make = <E = unknown>(
  options: Options<E>
): Effect.Effect<CircuitBreakers<E>, InvalidSettings> =>
  Effect.gen(function* () {
    const { keysMax = keysMaxDefault, ...settings } = options
    yield* settled(() => accept("circuit breakers", [count("keysMax", keysMax)]))
    yield* CircuitBreaker.make({ ...settings, name: "settings" })
    const circuits = new Map<string, CircuitBreaker.CircuitBreaker<E>>()
    let evicted = 0
    let evictedWhileOpen = 0
    const evict = (): void => {
      if (circuits.size < keysMax) return
      const entries = [...circuits]
      const closed = entries.find(([, circuit]) => circuit.statistics().phase === "Closed")
      const [key] = closed ?? entries[0]!
      circuits.delete(key)
      evicted++
      if (closed === undefined) evictedWhileOpen++
    }
    const get = (key: string): Effect.Effect<CircuitBreaker.CircuitBreaker<E>> =>
      Effect.suspend(() => {
        const known = circuits.get(key)
        if (known !== undefined) {
          // A Map keeps the order of insertion: putting it back makes it the latest used.
          circuits.delete(key)
          circuits.set(key, known)
          return Effect.succeed(known)
        }
        return Effect.map(Effect.orDie(CircuitBreaker.make({ ...settings, name: key })), (made) => {
          evict()
          circuits.set(key, made)
          return made
        })
      })
    return {
      get,
      run: (key) => (call) => Effect.flatMap(get(key), (circuit) => circuit.run(call)),
      keys: () => [...circuits.keys()],
      statistics: () => Object.freeze({ keys: circuits.size, evicted, evictedWhileOpen })
    }
  })
