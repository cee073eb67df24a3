// Aligned text tables: columns as wide as their widest cell, figures to the right.
import type { Paint } from "./screen.ts"

/** How a column is aligned. */
export type Alignment = "left" | "right"

const cell = (text: string, width: number, alignment: Alignment): string =>
  alignment === "right" ? text.padStart(width) : text.padEnd(width)

/**
 * Rows as lines, columns two spaces apart, no trailing blanks; the first row is the heading when
 * `heading` is set.
 */
export const columns = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  alignments: ReadonlyArray<Alignment>,
  indent: string
): ReadonlyArray<string> => {
  const widths = alignments.map((_, i) => Math.max(0, ...rows.map((row) => (row[i] ?? "").length)))
  return rows.map((row) =>
    (
      indent +
      alignments.map((alignment, i) => cell(row[i] ?? "", widths[i]!, alignment)).join("  ")
    ).trimEnd()
  )
}

/** `label  value` lines with the labels dimmed. */
export const fields = (
  rows: ReadonlyArray<readonly [label: string, value: string]>,
  paint: Paint,
  indent: string
): ReadonlyArray<string> => {
  const width = Math.max(0, ...rows.map(([label]) => label.length))
  return rows.map(([label, value]) => `${indent}${paint.dim(label.padEnd(width))}  ${value}`)
}
