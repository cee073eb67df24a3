// Interleaving and the statistics over rounds. Every round runs each item once, in an order rotated
// by one from round to round, so that drift of the machine hits all items alike; ratios are formed
// within a round and only then reduced to their median.

/** Results per item, one per round. */
export const interleave = async <A, B>(
  items: ReadonlyArray<A>,
  rounds: number,
  run: (item: A, round: number) => Promise<B>
): Promise<ReadonlyMap<A, ReadonlyArray<B>>> => {
  const results = new Map<A, Array<B>>(items.map((item) => [item, []]))
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < items.length; i++) {
      const item = items[(i + round) % items.length]!
      results.get(item)!.push(await run(item, round))
    }
  }
  return results
}

export const median = (values: ReadonlyArray<number>): number => {
  if (values.length === 0) throw new Error("median of no values")
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export interface Ratio {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Value over reference, round by round. */
export const ratio = (values: ReadonlyArray<number>, reference: ReadonlyArray<number>): Ratio => {
  const ratios = values.map((value, round) => value / reference[round]!)
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }
}
