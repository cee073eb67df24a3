// Measured groups as Markdown. A group has one baseline; where it has a subject, a second column
// says how many times the time of the subject each peer takes.

import type { Ratio } from "./Rounds.ts"
import { median, ratio } from "./Rounds.ts"

/** One line of a table: a figure per round, and whatever else is worth a column. */
export interface Measured {
  readonly name: string
  readonly baseline?: boolean
  readonly subject?: boolean
  readonly perRound: ReadonlyArray<number>
  readonly extra: Readonly<Record<string, number>>
}

export interface Group {
  readonly title: string
  /** What `perRound` counts, such as `ns/record`. */
  readonly unit: string
  readonly rows: ReadonlyArray<Measured>
}

/** A group as a Markdown table, fastest first. */
export const groupTable = (group: Group): string => {
  const baseline = only(group, "baseline")
  if (baseline === undefined) throw new Error(`group ${group.title} has no baseline`)
  const subject = only(group, "subject")
  const extras = Object.keys(group.rows[0]?.extra ?? {})
  const head = ["", group.unit, `x ${baseline.name}`, "min to max", ...extras]
  if (subject !== undefined) head.push(`x ${subject.name}`)
  const lines = [row(head), row(head.map((_, i) => (i === 0 ? "---" : "--:")))]
  const sorted = group.rows.toSorted((a, b) => median(a.perRound) - median(b.perRound))
  for (const measured of sorted) {
    const toBaseline = ratio(measured.perRound, baseline.perRound)
    const cells = [
      measured.subject === true ? `**${measured.name}**` : measured.name,
      figure(median(measured.perRound)),
      figure(toBaseline.median),
      spread(toBaseline),
      ...extras.map((name) => figure(measured.extra[name] ?? Number.NaN))
    ]
    if (subject !== undefined) cells.push(figure(ratio(measured.perRound, subject.perRound).median))
    lines.push(row(cells))
  }
  return `### ${group.title}\n\n${lines.join("\n")}\n`
}

/** The group's one baseline or subject. */
export const only = (group: Group, role: "baseline" | "subject"): Measured | undefined => {
  const found = group.rows.filter((measured) => measured[role] === true)
  if (found.length > 1) throw new Error(`group ${group.title} has ${found.length} of ${role}`)
  return found[0]
}

/** Three significant digits, no exponent. */
export const figure = (value: number): string => {
  if (Number.isNaN(value)) return ""
  if (value >= 100) return Math.round(value).toLocaleString("en")
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

const spread = ({ min, max }: Ratio): string => `${figure(min)} to ${figure(max)}`

const row = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`
