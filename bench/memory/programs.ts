// Whole programs that show whether memory follows the input.
import type { Program } from "../wordnet/programs.ts"

export const title = "Memory: 532,261 fragments parsed, filtered, counted; once and ten times over"

const lines = new URL("lines.ts", import.meta.url).pathname

export const programs: ReadonlyArray<Program> = [
  { name: "Sluice, once", baseline: true, args: [lines, "1"], conditions: [] },
  { name: "Sluice, ten times", subject: true, args: [lines, "10"], conditions: [] }
]
