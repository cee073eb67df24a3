// Values that know their string or number key, with the order and the equality of a Map: open
// addressing over stored hashes, values in a dense list by insertion. Its point is `getAll`: the
// places of many keys are read one after the other without waiting for any of them, so that the
// processor overlaps the cache misses, which a Map takes one by one. Deletion shifts back: there
// are no dead places.
// Invariant: places hold (hash, slot + 1) for each live slot, reachable from its hash without gap.
import type { Block, StateMemory } from "./stateMemory.ts"
import { unpooled } from "./stateMemory.ts"

const loadMax = 0.5
const capacityMin = 1_024
/** Bytes of a place: two words. */
const placeBytes = 8
const multiplier = 0x9e3779b1
/** Holes in the list that are not worth closing. */
const holesMin = 1_024

const mix = (hash: number): number => {
  let h = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

// The whole text: keys that share long beginnings and ends, such as addresses, would otherwise fall
// on one place, and each look-up would pass all of them.
const hashText = (text: string): number => {
  const length = text.length
  let h = length
  for (let i = 0; i < length; i++) h = Math.imul(h ^ text.charCodeAt(i), multiplier)
  return mix(h)
}

const float = new Float64Array(1)
const words = new Int32Array(float.buffer)

const hashNumber = (value: number): number => {
  if ((value | 0) === value) return mix(Math.imul(value, multiplier))
  float[0] = value
  return mix(Math.imul(words[0]!, multiplier) ^ words[1]!)
}

const hashOf = (key: unknown): number =>
  typeof key === "string" ? hashText(key) : typeof key === "number" ? hashNumber(key) : 0

/** NaN is itself, 0 is -0: as in a Map. */
const isSame = (a: unknown, b: unknown): boolean => a === b || Object.is(a, b)

/** A value and what finds it. */
export interface Keyed<Key> {
  readonly key: Key
}

/**
 * A Map for string and number keys that can look up many keys at once. Keys are those of the
 * values: a list of their own would be one more place in memory to wait for.
 */
export class KeyIndex<Key, Value extends Keyed<Key>> {
  private readonly memory: StateMemory
  private block: Block
  /** A view of `block`: hash and slot + 1 of each place. */
  private places: Int32Array
  private mask = capacityMin - 1
  private held: Array<Value | undefined> = []
  private live = 0
  /** Sum of what was read only to bring it into the cache, so that the reads are not removed. */
  touched = 0

  constructor(memory: StateMemory = unpooled) {
    this.memory = memory
    this.block = memory.rent(placeBytes * capacityMin)
    this.places = new Int32Array(this.block.buffer)
  }

  /** Empty places for so many keys; the ones before stay readable until `give`. */
  private makePlaces(capacity: number): void {
    this.block = this.memory.rent(placeBytes * capacity)
    this.places = new Int32Array(this.block.buffer)
    this.mask = capacity - 1
  }

  get size(): number {
    return this.live
  }

  /** The places themselves, for a test that breaks them. */
  protected get placesForTest(): Int32Array {
    return this.places
  }

  /** Place of a key, or -1. */
  private find(key: Key, hash: number): number {
    const { places, mask, held } = this
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const slot = places[2 * place + 1]! - 1
      if (slot < 0) return -1
      if (places[2 * place] === hash && isSame(held[slot]!.key, key)) return place
    }
  }

  /** The value of a key; undefined for keys that are neither text nor number. */
  get(key: Key): Value | undefined {
    const place = this.find(key, hashOf(key))
    return place < 0 ? undefined : this.held[this.places[2 * place + 1]! - 1]
  }

  /**
   * `out[i]` becomes what `get(keys[i])` answers, for the first `count` keys. Hashes first, then
   * places, then values, then their keys, and only then comparisons: within a pass no read waits
   * for another, and none stands behind a call that keeps the processor from the next.
   */
  getAll(
    keys: ReadonlyArray<Key | null | undefined>,
    count: number,
    scratch: Int32Array,
    out: Array<Value | undefined>
  ): void {
    const { places, mask, held } = this
    for (let i = 0; i < count; i++) scratch[i] = hashOf(keys[i])
    for (let i = 0; i < count; i++) {
      const hash = scratch[i]!
      let place = hash & mask
      while (places[2 * place + 1] !== 0 && places[2 * place] !== hash) place = (place + 1) & mask
      scratch[i] = places[2 * place + 1]! - 1
    }
    for (let i = 0; i < count; i++) {
      const slot = scratch[i]!
      out[i] = slot < 0 ? undefined : held[slot]
    }
    let touched = 0
    for (let i = 0; i < count; i++) {
      const key = out[i]?.key
      if (typeof key === "string") touched += key.length
    }
    this.touched = touched
    for (let i = 0; i < count; i++) {
      // Another key of the same hash came first: rare, so the whole search.
      if (out[i] !== undefined && out[i]!.key !== keys[i]) out[i] = this.get(keys[i] as Key)
    }
  }

  /** Adds a value at the end, or puts it in the place of the one with the same key. */
  set(value: Value): void {
    const hash = hashOf(value.key)
    const known = this.find(value.key, hash)
    if (known >= 0) {
      this.held[this.places[2 * known + 1]! - 1] = value
      return
    }
    if (this.live + 1 > (this.mask + 1) * loadMax) this.grow()
    this.held.push(value)
    this.occupy(hash, this.held.length - 1)
    this.live++
  }

  private occupy(hash: number, slot: number): void {
    const { places, mask } = this
    let place = hash & mask
    while (places[2 * place + 1] !== 0) place = (place + 1) & mask
    places[2 * place] = hash
    places[2 * place + 1] = slot + 1
  }

  /** True when the key was there. */
  delete(key: Key): boolean {
    const place = this.find(key, hashOf(key))
    if (place < 0) return false
    const slot = this.places[2 * place + 1]! - 1
    this.held[slot] = undefined
    this.vacate(place)
    this.live--
    const holes = this.held.length - this.live
    if (holes > holesMin && holes > this.live) this.rebuild(this.mask + 1)
    return true
  }

  /** Moves later entries back so that each stays reachable from its hash. */
  private vacate(from: number): void {
    const { places, mask } = this
    let hole = from
    for (let place = (from + 1) & mask; places[2 * place + 1] !== 0; place = (place + 1) & mask) {
      const ideal = places[2 * place]! & mask
      // An entry may move into the hole unless its own place lies behind it.
      if (((place - ideal) & mask) < ((place - hole) & mask)) continue
      places[2 * hole] = places[2 * place]!
      places[2 * hole + 1] = places[2 * place + 1]!
      hole = place
    }
    places[2 * hole + 1] = 0
  }

  /** Twice the places; the list stays as it is, unless it has holes to close. */
  private grow(): void {
    const capacity = (this.mask + 1) * 2
    if (this.held.length > this.live) return this.rebuild(capacity)
    const { places, block } = this
    this.makePlaces(capacity)
    for (let i = 0; i < places.length; i += 2) {
      if (places[i + 1] !== 0) this.occupy(places[i]!, places[i + 1]! - 1)
    }
    this.memory.give(block)
  }

  /** Closes the holes of the list and places everything anew. */
  private rebuild(capacity: number): void {
    const { held, places, block } = this
    const hashes = new Int32Array(held.length)
    for (let i = 0; i < places.length; i += 2)
      if (places[i + 1] !== 0) hashes[places[i + 1]! - 1] = places[i]!
    this.held = []
    this.memory.give(block)
    this.makePlaces(capacity)
    for (let slot = 0; slot < held.length; slot++) {
      if (held[slot] === undefined) continue
      this.occupy(hashes[slot]!, this.held.length)
      this.held.push(held[slot])
    }
  }

  /** Values in the order in which their keys were added, as of now; removals meanwhile may show. */
  *values(): Generator<Value> {
    for (const value of this.held) if (value !== undefined) yield value
  }

  /** Keys with their values, likewise. */
  *[Symbol.iterator](): Generator<readonly [Key, Value]> {
    for (const value of this.values()) yield [value.key, value]
  }

  /** Throws when a key cannot be found or the counts differ; for tests. */
  assertInvariants(): void {
    let count = 0
    for (const [key, value] of this) {
      if (this.get(key) !== value) throw new Error(`key ${String(key)} is not found`)
      count++
    }
    if (count !== this.live) throw new Error(`${count} keys in the list, ${this.live} counted`)
  }
}
