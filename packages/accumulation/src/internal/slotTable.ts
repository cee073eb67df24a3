// The named slots of one key: which are filled, which are required, how many required ones are
// empty. Each name may have several parts, all of them required with it; a slot is one part of a
// name. Flags are bits of two small integers; from the 32nd slot on they lie in an array. Names are
// searched in order while few, through a Map above that. It never forgets a slot and runs no user
// code.

/** What a slot is called. */
export type Slot = string | number

/** Slots whose flags fit into a small integer. */
const bitsMax = 31

/** Above this many names a Map beats the scan. */
const scanMax = 16

const filledFlag = 1
const requiredFlag = 2

const lookupOf = (names: ReadonlyArray<Slot>): Map<Slot, number> => {
  const lookup = new Map<Slot, number>()
  for (let i = 0; i < names.length; i++) lookup.set(names[i]!, i)
  return lookup
}

/** Required slots known in advance, shared by all keys until one of them meets a further slot. */
export interface FixedSlots {
  readonly names: Array<Slot>
  readonly lookup: Map<Slot, number> | undefined
}

/** Prepares a required set to be shared. */
export const fixedSlots = (required: ReadonlyArray<Slot>): FixedSlots => {
  const names = [...new Set(required)]
  return { names, lookup: names.length > scanMax ? lookupOf(names) : undefined }
}

/**
 * Most keys have few names. A literal holds what it shows, where the first `push` makes room for
 * seventeen: a twentieth of the main job went into copying that room.
 */
const grown = (names: Array<Slot>, name: Slot): Array<Slot> => {
  switch (names.length) {
    case 0:
      return [name]
    case 1:
      return [names[0]!, name]
    case 2:
      return [names[0]!, names[1]!, name]
    case 3:
      return [names[0]!, names[1]!, names[2]!, name]
    default:
      names.push(name)
      return names
  }
}

/** The slots of one key. */
export class SlotTable {
  names: Array<Slot>
  /** Parts of a name; slot `name * parts + part`. */
  readonly parts: number
  private lookup: Map<Slot, number> | undefined
  /** Bit i: slot i < 31 is filled. */
  private filled = 0
  /** Bit i: slot i < 31 is required. */
  private required = 0
  /** Flags of slot 31 + i. */
  private more: Array<number> | undefined = undefined
  /** True while `names` and `lookup` are those of a FixedSlots. */
  private shared: boolean
  /** Required slots that are not filled. */
  waiting = 0
  /** The required set is known, in whole or so far. */
  declared: boolean

  constructor(fixed: FixedSlots | undefined, parts: number) {
    this.parts = parts
    this.shared = fixed !== undefined
    this.declared = fixed !== undefined
    this.names = fixed === undefined ? none : fixed.names
    this.lookup = fixed === undefined ? undefined : fixed.lookup
    for (let i = 0; i < this.names.length; i++) this.require(i)
  }

  /** Number of slots, filled or not. */
  get size(): number {
    return this.names.length * this.parts
  }

  /** Position of a name, or -1. */
  find(name: Slot): number {
    const lookup = this.lookup
    if (lookup !== undefined) return lookup.get(name) ?? -1
    const names = this.names
    for (let i = 0; i < names.length; i++) if (names[i] === name) return i
    return -1
  }

  /** Adds a name that `find` does not know; returns its position. */
  append(name: Slot): number {
    if (this.shared) this.own()
    const at = this.names.length
    this.names = grown(this.names, name)
    if (this.lookup !== undefined) this.lookup.set(name, at)
    else if (at >= scanMax) this.lookup = lookupOf(this.names)
    return at
  }

  isFilled(slot: number): boolean {
    if (slot < bitsMax) return (this.filled & (1 << slot)) !== 0
    return ((this.more?.[slot - bitsMax] ?? 0) & filledFlag) !== 0
  }

  isRequired(slot: number): boolean {
    if (slot < bitsMax) return (this.required & (1 << slot)) !== 0
    return ((this.more?.[slot - bitsMax] ?? 0) & requiredFlag) !== 0
  }

  /** A fragment of this slot is there. Filling a filled slot changes nothing. */
  fill(slot: number): void {
    if (this.isFilled(slot)) return
    if (slot < bitsMax) this.filled |= 1 << slot
    else this.flag(slot - bitsMax, filledFlag)
    if (this.isRequired(slot)) this.waiting--
  }

  /** The key is not complete without every part of this name. */
  require(name: number): void {
    const from = name * this.parts
    for (let slot = from; slot < from + this.parts; slot++) {
      if (this.isRequired(slot)) continue
      if (slot < bitsMax) this.required |= 1 << slot
      else this.flag(slot - bitsMax, requiredFlag)
      if (!this.isFilled(slot)) this.waiting++
    }
  }

  /** The data says which names are required; several such statements add up. */
  declare(names: ReadonlyArray<Slot>): void {
    this.declared = true
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      const at = this.find(name)
      this.require(at < 0 ? this.append(name) : at)
    }
  }

  private flag(overflow: number, flag: number): void {
    this.more ??= []
    while (this.more.length <= overflow) this.more.push(0)
    this.more[overflow] = this.more[overflow]! | flag
  }

  private own(): void {
    this.shared = false
    this.names = this.names.slice()
    if (this.lookup !== undefined) this.lookup = new Map(this.lookup)
  }
}

/** The names of a key that has none; never changed. */
const none: Array<Slot> = []
