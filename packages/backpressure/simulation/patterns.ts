// Load patterns: what arrives and what the consumer could do, as functions of virtual time.

/** Rates in records a second at a time in seconds. */
export interface Pattern {
  readonly name: string
  readonly arrivals: (second: number) => number
  readonly capacity: (second: number) => number
}

const between = (second: number, from: number, to: number): boolean => second >= from && second < to

export const patterns: ReadonlyArray<Pattern> = [
  { name: "steady", arrivals: () => 800, capacity: () => 1_000 },
  {
    name: "burst",
    arrivals: (second) => (between(second % 10, 4, 6) ? 3_000 : 300),
    capacity: () => 1_000
  },
  {
    name: "slow consumer",
    arrivals: () => 800,
    capacity: (second) => (between(second, 10, 20) ? 300 : 1_000)
  },
  {
    name: "stall",
    arrivals: () => 800,
    capacity: (second) => (between(second, 10, 15) ? 0 : 1_000)
  },
  {
    name: "recovery",
    arrivals: () => 800,
    capacity: (second) => (second < 8 ? 0 : Math.min(1_500, (second - 8) * 100))
  }
]
