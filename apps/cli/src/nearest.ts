// "Did you mean": the known names nearest to a mistyped one.

const distance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution))
    }
    previous = current
  }
  return previous[b.length]!
}

const suggestionsMax = 3

/**
 * The nearest names, at most three, within a third of the typed length (at least 2 edits), or of
 * which it is a part.
 */
export const nearest = (typed: string, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const wanted = typed.toLowerCase()
  const limit = Math.max(2, Math.floor(wanted.length / 3))
  const isPart = (name: string): boolean => wanted.length >= 3 && name.includes(wanted)
  const scored = names.map((name) => {
    const lower = name.toLowerCase()
    return { name, score: isPart(lower) ? 1 : distance(wanted, lower) }
  })
  const best = Math.min(limit, ...scored.map((candidate) => candidate.score))
  return scored
    .filter((candidate) => candidate.score === best)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, suggestionsMax)
    .map((candidate) => candidate.name)
}

/** `; did you mean a or b?`, or nothing when no name is near. */
export const didYouMean = (typed: string, names: ReadonlyArray<string>): string => {
  const near = nearest(typed, names)
  return near.length === 0 ? "" : `; did you mean ${near.join(" or ")}?`
}
