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

/** Names in a list of their own, and a Map of them where they are many. */
interface NameList {
  readonly names: Array<Slot>
  readonly lookup: Map<Slot, number> | undefined
  /** True of a list that all keys share, until one of them meets a further name. */
  readonly shared: boolean
}

const listOf = (names: Array<Slot>, shared: boolean): NameList => ({
  names,
  lookup: names.length > scanMax ? lookupOf(names) : undefined,
  shared
})

/** Required slots known in advance. */
export type FixedSlots = NameList

/** Prepares a required set to be shared. */
export const fixedSlots = (required: ReadonlyArray<Slot>): FixedSlots =>
  listOf([...new Set(required)], true)

/**
 * The slots of one key. Most keys have one name or two: those stand in the table itself, since an
 * array of them would be two more objects to make, to move and to fetch from memory for each key.
 */
export class SlotTable {
  private first: Slot | undefined = undefined
  private second: Slot | undefined = undefined
  /** All names, where they are more than two or known in advance. */
  private list: NameList | undefined
  /** Parts of a name; slot `name * parts + part`. */
  readonly parts: number
  /** How many names there are. */
  count: number
  /** Bit i: slot i < 31 is filled. */
  private filled = 0
  /** Bit i: slot i < 31 is required. */
  private required = 0
  /** Flags of slot 31 + i. */
  private more: Array<number> | undefined = undefined
  /** Required slots that are not filled. */
  waiting = 0
  /** The required set is known, in whole or so far. */
  declared: boolean

  constructor(fixed: FixedSlots | undefined, parts: number) {
    this.parts = parts
    this.declared = fixed !== undefined
    this.list = fixed
    this.count = fixed === undefined ? 0 : fixed.names.length
    for (let i = 0; i < this.count; i++) this.require(i)
  }

  /** Number of slots, filled or not. */
  get size(): number {
    return this.count * this.parts
  }

  /** The name at a position. */
  nameAt(at: number): Slot | undefined {
    if (this.list !== undefined) return this.list.names[at]
    return at === 0 ? this.first : at === 1 ? this.second : undefined
  }

  /** Position of a name, or -1. */
  find(name: Slot): number {
    const { list } = this
    if (list === undefined) {
      if (this.count > 0 && this.first === name) return 0
      return this.count > 1 && this.second === name ? 1 : -1
    }
    if (list.lookup !== undefined) return list.lookup.get(name) ?? -1
    const { names } = list
    for (let i = 0; i < names.length; i++) if (names[i] === name) return i
    return -1
  }

  /** Adds a name that `find` does not know; returns its position. */
  append(name: Slot): number {
    const at = this.count++
    if (this.list !== undefined) this.extend(this.list, name)
    else if (at === 0) this.first = name
    else if (at === 1) this.second = name
    else this.list = listOf([this.first!, this.second!, name], false)
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

  private extend({ names, lookup, shared }: NameList, name: Slot): void {
    if (shared || (lookup === undefined && names.length >= scanMax)) {
      this.list = listOf([...names, name], false)
      return
    }
    lookup?.set(name, names.length)
    names.push(name)
  }
}
