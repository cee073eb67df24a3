// An order over all plain values and a sum that does not depend on the order of its terms: what
// merges need so that arrival does not show. Objects compare by their JSON with sorted keys.

const ranks: ReadonlyArray<string> = ["undefined", "boolean", "number", "bigint", "string"]

const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "bigint") return `${part}n`
    if (Object.is(part, -0)) return "-0"
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  }) ?? ""

const rankOf = (value: unknown): number => {
  const rank = ranks.indexOf(typeof value)
  return rank < 0 ? ranks.length : rank
}

const byOrder = <A extends number | string | bigint | boolean>(a: A, b: A): number => {
  if (a < b) return -1
  if (a > b) return 1
  return Object.is(a, b) ? 0 : byNumber(Number(a), Number(b))
}

// Only NaN and the two zeros get here.
const byNumber = (a: number, b: number): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return Number(Object.is(b, -0)) - Number(Object.is(a, -0))
}

/** Natural order within a type, types in a fixed order; 0 only for values that read the same. */
export const canonicalCompare = (a: unknown, b: unknown): number => {
  const rank = rankOf(a) - rankOf(b)
  if (rank !== 0) return rank
  if (typeof a === "number") return byOrder(a, b as number)
  if (typeof a === "string") return byOrder(a, b as string)
  if (typeof a === "bigint") return byOrder(a, b as bigint)
  if (typeof a === "boolean") return byOrder(a, b as boolean)
  return a === undefined ? 0 : byOrder(sortedJson(a), sortedJson(b))
}

/**
 * Adds a term to a list of partial sums that do not overlap, so that no bit is lost (Shewchuk).
 * Special values are kept as they are.
 */
export const addExact = (partials: Array<number>, term: number): void => {
  if (!Number.isFinite(term)) {
    partials.push(term)
    return
  }
  let x = term
  let kept = 0
  for (let i = 0; i < partials.length; i++) {
    let y = partials[i]!
    if (!Number.isFinite(y)) {
      partials[kept++] = y
      continue
    }
    if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x]
    const high = x + y
    const low = y - (high - x)
    if (low !== 0) partials[kept++] = low
    x = high
  }
  partials.length = kept
  partials.push(x)
}

/** The sum of the partials, rounded once. */
export const exactSum = (partials: ReadonlyArray<number>): number => {
  const special = partials.filter((each) => !Number.isFinite(each))
  if (special.length > 0) return special.reduce((a, b) => a + b)
  let at = partials.length - 1
  if (at < 0) return 0
  let high = partials[at]!
  let low = 0
  while (at > 0 && low === 0) {
    const x = high
    const y = partials[--at]!
    high = x + y
    low = y - (high - x)
  }
  // Halfway cases are decided by what lies below.
  if (at > 0 && ((low < 0 && partials[at - 1]! < 0) || (low > 0 && partials[at - 1]! > 0))) {
    const twice = low * 2
    const rounded = high + twice
    if (twice === rounded - high) return rounded
  }
  return high
}
