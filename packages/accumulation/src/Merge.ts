// Ready-made states whose result does not depend on the order of arrival, for the `state` option of
// `Accumulate.make`. Law of each: every permutation of the same fragments gives the same value.
// Each keeps only what its value needs.
import { addExact, canonicalCompare, exactSum } from "./internal/canonical.ts"

/** The state of one key: takes fragments, and has a value at any time. */
export interface Merged<in In, out A> {
  readonly value: A
  readonly add: (fragment: In) => void
}

/** Fits the `state` option of `Accumulate.make`; the group's state is then a `Merged`. */
export interface Merge<In, out A> {
  readonly init: () => Merged<In, A>
  readonly add: (state: Merged<In, unknown>, fragment: In) => void
}

const merge = <In, A>(init: () => Merged<In, A>): Merge<In, A> => ({
  init,
  add: (state, fragment) => {
    state.add(fragment)
  }
})

class Folded<In, A> implements Merged<In, A> {
  value: A
  private readonly next: (value: A, fragment: In) => A

  constructor(initial: A, next: (value: A, fragment: In) => A) {
    this.value = initial
    this.next = next
  }

  add(fragment: In): void {
    this.value = this.next(this.value, fragment)
  }
}

/** How many fragments. */
export const count = <In>(): Merge<In, number> =>
  merge(() => new Folded<In, number>(0, (n) => n + 1))

class Sum<In> implements Merged<In, number> {
  private readonly partials: Array<number> = []
  private readonly of: (fragment: In) => number

  constructor(of: (fragment: In) => number) {
    this.of = of
  }

  get value(): number {
    return exactSum(this.partials)
  }

  add(fragment: In): void {
    addExact(this.partials, this.of(fragment))
  }
}

/**
 * The sum, rounded once at the end: floating-point addition as such depends on the order.
 *
 * Limits: exact as long as no intermediate sum leaves the range of numbers (1.8e308).
 */
export const sum = <In>(of: (fragment: In) => number): Merge<In, number> => merge(() => new Sum(of))

const least = <In, A>(
  of: (fragment: In) => A,
  compare: (a: A, b: A) => number
): Merge<In, A | undefined> =>
  merge(
    () =>
      new Folded<In, A | undefined>(undefined, (value, fragment) => {
        const offered = of(fragment)
        return value === undefined || compare(offered, value) < 0 ? offered : value
      })
  )

/** The least value, undefined before the first; by `compare`, default natural order. */
export const min = <In, A>(
  of: (fragment: In) => A,
  compare: (a: A, b: A) => number = canonicalCompare
): Merge<In, A | undefined> => least(of, total(compare))

/** The greatest value, undefined before the first; by `compare`, default natural order. */
export const max = <In, A>(
  of: (fragment: In) => A,
  compare: (a: A, b: A) => number = canonicalCompare
): Merge<In, A | undefined> => {
  const ascending = total(compare)
  return least(of, (a, b) => ascending(b, a))
}

class Latest<A> {
  value: A | undefined = undefined
  private at = 0
  /** 1: the greatest time wins, -1: the least. */
  private readonly direction: 1 | -1
  private isEmpty = true

  constructor(direction: 1 | -1) {
    this.direction = direction
  }

  offer(value: A, at: number): void {
    const later = (at - this.at) * this.direction
    if (!this.isEmpty && later < 0) return
    const tied = !this.isEmpty && later === 0
    if (tied && canonicalCompare(value, this.value) * this.direction <= 0) return
    this.value = value
    this.at = at
    this.isEmpty = false
  }
}

const byTime = <In, A>(
  of: (fragment: In) => A,
  time: (fragment: In) => number,
  direction: 1 | -1
): Merge<In, A | undefined> =>
  merge(() => {
    const latest = new Latest<A>(direction)
    return {
      get value() {
        return latest.value
      },
      add: (fragment) => latest.offer(of(fragment), time(fragment))
    }
  })

/** The value with the least time; of values with the same time the canonically least. */
export const firstByTime = <In, A>(
  of: (fragment: In) => A,
  time: (fragment: In) => number
): Merge<In, A | undefined> => byTime(of, time, -1)

/** The value with the greatest time; of values with the same time the canonically greatest. */
export const lastByTime = <In, A>(
  of: (fragment: In) => A,
  time: (fragment: In) => number
): Merge<In, A | undefined> => byTime(of, time, 1)

/** All values, sorted; by `compare`, then canonically. */
export const list = <In, A>(
  of: (fragment: In) => A,
  compare: (a: A, b: A) => number = canonicalCompare
): Merge<In, ReadonlyArray<A>> => {
  const ascending = total(compare)
  return merge(() => {
    const all: Array<A> = []
    return {
      get value() {
        return all.toSorted(ascending)
      },
      add: (fragment) => {
        all.push(of(fragment))
      }
    }
  })
}

/** The distinct values, sorted. */
export const set = <In, A extends string | number | boolean>(
  of: (fragment: In) => A
): Merge<In, ReadonlyArray<A>> =>
  merge(() => {
    const all = new Set<A>()
    return {
      get value() {
        return [...all].sort(canonicalCompare)
      },
      add: (fragment) => {
        all.add(of(fragment))
      }
    }
  })

/** A fragment's fields as the object merge takes them. */
export type Fields = Readonly<Record<string, unknown>>

class Objects<In> implements Merged<In, Fields> {
  private readonly fields = new Map<string, Latest<unknown>>()
  private readonly of: (fragment: In) => Fields
  private readonly time: (fragment: In) => number

  constructor(of: (fragment: In) => Fields, time: (fragment: In) => number) {
    this.of = of
    this.time = time
  }

  get value(): Fields {
    const names = [...this.fields.keys()].sort(canonicalCompare)
    return Object.fromEntries(names.map((name) => [name, this.fields.get(name)!.value]))
  }

  add(fragment: In): void {
    const at = this.time(fragment)
    for (const [name, value] of Object.entries(this.of(fragment))) {
      let latest = this.fields.get(name)
      if (latest === undefined) {
        latest = new Latest<unknown>(1)
        this.fields.set(name, latest)
      }
      latest.offer(value, at)
    }
  }
}

/** One object of all fields; each field from the fragment with the greatest time that has it. */
export const objectByTime = <In>(
  of: (fragment: In) => Fields,
  time: (fragment: In) => number
): Merge<In, Fields> => merge(() => new Objects(of, time))

/** The value of several merges side by side. */
export type StructOf<M> = {
  readonly [K in keyof M]: M[K] extends { readonly init: () => { readonly value: infer A } }
    ? A
    : never
}

/** Several merges side by side: `struct({ total: sum(…), tags: set(…) })`. */
export const struct = <In, M extends Readonly<Record<string, Merge<In, unknown>>>>(
  merges: M & Readonly<Record<string, Merge<In, unknown>>>
): Merge<In, StructOf<M>> => {
  const parts = Object.entries<Merge<In, unknown>>(merges)
  return merge(() => {
    const states = parts.map(([name, part]) => [name, part.init()] as const)
    return {
      get value() {
        // One value per name of M, each of the type of its merge.
        return Object.fromEntries(states.map(([name, state]) => [name, state.value])) as StructOf<M>
      },
      add: (fragment) => {
        for (const [, state] of states) state.add(fragment)
      }
    }
  })
}

/** A user's comparison made total: what it calls equal is compared canonically. */
const total =
  <A>(compare: (a: A, b: A) => number) =>
  (a: A, b: A): number => {
    const by = compare(a, b)
    return by === 0 || Number.isNaN(by) ? canonicalCompare(a, b) : by
  }
