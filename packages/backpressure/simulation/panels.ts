// Panels of curves over time as SVG, for simulations whose figures are not rates of records.

/** One curve: a value for each point, from 0 to `most`. */
export interface Curve {
  readonly name: string
  readonly colour: string
  readonly most: number
  readonly values: ReadonlyArray<number>
}

/** One panel of curves over the same time. */
export interface Panel {
  readonly title: string
  readonly curves: ReadonlyArray<Curve>
}

const width = 360
const height = 100
const margin = 30

const polyline = ({ values, most, colour }: Curve): string => {
  const points = values.map((value, i) => {
    const x = (i / Math.max(1, values.length - 1)) * width
    const y = height - Math.min(1, value / most) * height
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  const stroke = `fill="none" stroke="${colour}" stroke-width="1.5"`
  return `<polyline ${stroke} points="${points.join(" ")}"/>`
}

const group = ({ title, curves }: Panel, index: number): string => {
  const y = margin + index * (height + margin)
  const frame = `<rect width="${width}" height="${height}" fill="none" stroke="#cccccc"/>`
  const text = `<text x="0" y="-6">${title}</text>`
  const at = `<g transform="translate(${margin},${y})">`
  return [at, text, frame, ...curves.map(polyline), "</g>"].join("\n")
}

/** All panels below each other, with one legend for their curves. */
export const drawn = (panels: ReadonlyArray<Panel>): string => {
  const full = margin + panels.length * (height + margin) + 16
  const legend = (panels[0]?.curves ?? []).map(({ name, colour }, i) => {
    const x = margin + i * 110
    return `<text x="${x}" y="${full - 10}" fill="${colour}">${name}</text>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width + 2 * margin}" height="${full}"`,
    `font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...panels.map(group),
    ...legend,
    "</svg>",
    ""
  ].join("\n")
}
