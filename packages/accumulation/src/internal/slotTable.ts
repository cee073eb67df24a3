// The named slots of one key: which are filled, which are required, how many required ones are
// empty. Flags are bits of two small integers; from the 32nd slot on they lie in an array. Names
// are searched in order while few, through a Map above that. It never forgets a slot and runs no
// user code.

/** What a slot is called. */
export type Slot = string | number

/** Slots whose flags fit into a small integer. */
const bitsMax = 31

/** Above this many names a Map beats the scan (measured: bench/accumulation/slots.ts). */
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

/** The slots of one key. */
export class SlotTable {
  names: Array<Slot>
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

  constructor(fixed: FixedSlots | undefined) {
    this.shared = fixed !== undefined
    this.declared = fixed !== undefined
    this.names = fixed === undefined ? [] : fixed.names
    this.lookup = fixed === undefined ? undefined : fixed.lookup
    for (let i = 0; i < this.names.length; i++) this.require(i)
  }

  /** Position of a slot, or -1. */
  find(slot: Slot): number {
    const lookup = this.lookup
    if (lookup !== undefined) return lookup.get(slot) ?? -1
    const names = this.names
    for (let i = 0; i < names.length; i++) if (names[i] === slot) return i
    return -1
  }

  /** Adds a slot that `find` does not know; returns its position. */
  append(slot: Slot): number {
    if (this.shared) this.own()
    const at = this.names.length
    this.names.push(slot)
    if (this.lookup !== undefined) this.lookup.set(slot, at)
    else if (at >= scanMax) this.lookup = lookupOf(this.names)
    return at
  }

  isFilled(at: number): boolean {
    if (at < bitsMax) return (this.filled & (1 << at)) !== 0
    return ((this.more?.[at - bitsMax] ?? 0) & filledFlag) !== 0
  }

  isRequired(at: number): boolean {
    if (at < bitsMax) return (this.required & (1 << at)) !== 0
    return ((this.more?.[at - bitsMax] ?? 0) & requiredFlag) !== 0
  }

  /** A fragment of this slot is there. Filling a filled slot changes nothing. */
  fill(at: number): void {
    if (this.isFilled(at)) return
    if (at < bitsMax) this.filled |= 1 << at
    else this.flag(at - bitsMax, filledFlag)
    if (this.isRequired(at)) this.waiting--
  }

  /** The key is not complete without this slot. */
  require(at: number): void {
    if (this.isRequired(at)) return
    if (at < bitsMax) this.required |= 1 << at
    else this.flag(at - bitsMax, requiredFlag)
    if (!this.isFilled(at)) this.waiting++
  }

  /** The data says which slots are required; several such statements add up. */
  declare(slots: ReadonlyArray<Slot>): void {
    this.declared = true
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]!
      const at = this.find(slot)
      this.require(at < 0 ? this.append(slot) : at)
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
