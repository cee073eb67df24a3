// Curves of a strategy as text and as SVG; a function of its runs, so the files are reproducible.
import type { Point, Run } from "./run.ts"

const width = 300
const height = 120
const margin = 30
const rateMax = 3_000

const colours = { arrivals: "#999999", capacity: "#d08020", throughput: "#2060c0" } as const

const line = (points: ReadonlyArray<Point>, key: keyof typeof colours): string => {
  const at = points.map((point) => {
    const x = (point.second / 30) * width
    const y = height - (Math.min(point[key], rateMax) / rateMax) * height
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  const stroke = `fill="none" stroke="${colours[key]}" stroke-width="1.5"`
  return `<polyline ${stroke} points="${at.join(" ")}"/>`
}

const panel = (run: Run, index: number): string => {
  const y = margin + index * (height + margin)
  const frame = `<rect width="${width}" height="${height}" fill="none" stroke="#cccccc"/>`
  const told = `${run.pattern}: ${run.done} of ${run.offered} done, queue at most ${run.queuePeak}`
  const title = `<text x="0" y="-6">${told}</text>`
  const lines = (["arrivals", "capacity", "throughput"] as const).map((key) =>
    line(run.points, key)
  )
  return [`<g transform="translate(${margin},${y})">`, title, frame, ...lines, "</g>"].join("\n")
}

/** All patterns of one strategy, below each other: records a second over 30 seconds. */
export const svg = (runs: ReadonlyArray<Run>): string => {
  const full = margin + runs.length * (height + margin) + 16
  const legend = Object.entries(colours).map(
    ([name, colour], i) =>
      `<text x="${margin + i * 90}" y="${full - 10}" fill="${colour}">${name}</text>`
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width + 2 * margin}" height="${full}"`,
    `font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...runs.map(panel),
    ...legend,
    "</svg>",
    ""
  ].join("\n")
}

const columns = [18, 15, 9, 9, 9, 9, 10, 8]

const row = (cells: ReadonlyArray<string | number>): string =>
  cells
    .map((cell, i) =>
      i < 2 ? String(cell).padEnd(columns[i]!) : String(cell).padStart(columns[i]!)
    )
    .join("")
    .trimEnd()

const bars = " .:-=+*#%@"

/** Throughput against capacity, a character for each half second; `@` is all of it. */
const curve = (run: Run): string =>
  run.points
    .map(({ throughput, capacity }) => {
      if (capacity === 0) return throughput === 0 ? "_" : "!"
      return bars[Math.min(9, Math.floor((throughput / capacity) * 9 + 1e-9))]
    })
    .join("")

/** Every run as a line of numbers and a line of throughput over capacity. */
export const text = (runs: ReadonlyArray<Run>): string =>
  [
    "Throughput against capacity in 30 seconds of virtual time. Each curve has a character for",
    "each half second: from blank (none of the capacity used) to @ (all of it); _ where there is",
    "none.",
    "",
    row(["strategy", "pattern", "offered", "done", "dropped", "waiting", "in flight", "peak"]),
    ...runs.flatMap((run) => [
      row([
        run.strategy,
        run.pattern,
        run.offered,
        run.done,
        run.dropped,
        run.waiting,
        run.inFlight,
        run.queuePeak
      ]),
      `  |${curve(run)}|`
    ]),
    ""
  ].join("\n")
