// The difference of two lists of texts as lines: `-` expected, `+` found, a few equal ones around.
// Longest common subsequence, so that one missing record does not mark all behind it.

/** Lists longer than this are compared place by place: the table would be too large. */
const tableMax = 2_000

const kept = 2

type Mark = " " | "-" | "+"
type Line = readonly [mark: Mark, text: string]

const placeByPlace = (
  expected: ReadonlyArray<string>,
  found: ReadonlyArray<string>
): ReadonlyArray<Line> =>
  Array.from({ length: Math.max(expected.length, found.length) }).flatMap(
    (_, n): ReadonlyArray<Line> => {
      const [was, is] = [expected[n], found[n]]
      if (was === is) return [[" ", String(is)]]
      return [
        ...(was === undefined ? [] : [["-", was] as const]),
        ...(is === undefined ? [] : [["+", is] as const])
      ]
    }
  )

/** `lengths[i][j]`: longest common subsequence of the lists from `i` and `j` on. */
const lengthsOf = (a: ReadonlyArray<string>, b: ReadonlyArray<string>) => {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = lengths[i] as Uint16Array
      row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  return at
}

const aligned = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): ReadonlyArray<Line> => {
  if (a.length > tableMax || b.length > tableMax) return placeByPlace(a, b)
  const at = lengthsOf(a, b)
  const lines: Array<Line> = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push([" ", a[i++] as string])
      j++
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(["-", a[i++] as string])
    } else {
      lines.push(["+", b[j++] as string])
    }
  }
  return lines
}

/** Lines of the difference; empty when the lists are equal. */
export const listDifference = (
  expected: ReadonlyArray<string>,
  found: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const lines = aligned(expected, found)
  if (lines.every(([mark]) => mark === " ")) return []
  const near = (n: number): boolean =>
    lines.slice(Math.max(0, n - kept), n + kept + 1).some(([mark]) => mark !== " ")
  return lines.flatMap(([mark, text], n) => {
    if (near(n)) return [`${mark} ${text}`]
    return near(n + 1) ? ["  …"] : []
  })
}
