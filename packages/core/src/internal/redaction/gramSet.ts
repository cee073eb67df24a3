// Which runs of six characters secrets are made of. Remembers a hash of each and no text: looking
// up costs the same however many secrets there are, and nothing of them can be read from it. A
// wrong yes masks a few characters too many, about once in a hundred thousand.

/** A message may quote part of a value: so many characters in a row are masked like the whole. */
export const runLength = 6

const capacityMin = 64
const golden = 0x9e3779b1

const hashAt = (text: string, at: number): number => {
  let hash = 0
  for (let i = at; i < at + runLength; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), golden)
    hash ^= hash >>> 15
  }
  // 0 stands for an empty place.
  return hash === 0 ? 1 : hash
}

/** A growing set of hashes, by linear probing. */
export class GramSet {
  private table = new Int32Array(capacityMin)
  private size = 0

  /** Every run of the text. */
  add(text: string): void {
    for (let at = 0; at + runLength <= text.length; at++) this.insert(hashAt(text, at))
  }

  private insert(hash: number): void {
    if (this.size * 2 >= this.table.length) this.grow()
    const { table } = this
    const last = table.length - 1
    let place = hash & last
    while (table[place] !== 0) {
      if (table[place] === hash) return
      place = (place + 1) & last
    }
    table[place] = hash
    this.size++
  }

  private grow(): void {
    const { table } = this
    this.table = new Int32Array(table.length * 2)
    this.size = 0
    for (const hash of table) if (hash !== 0) this.insert(hash)
  }

  /** Whether the run that begins at `at` is one of them. */
  has(text: string, at: number): boolean {
    const { table } = this
    const hash = hashAt(text, at)
    const last = table.length - 1
    for (let place = hash & last; table[place] !== 0; place = (place + 1) & last) {
      if (table[place] === hash) return true
    }
    return false
  }

  get empty(): boolean {
    return this.size === 0
  }
}
