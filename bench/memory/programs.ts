// Whole programs that show whether memory follows the input. The size of V8's young generation is
// fixed: it grows with the age of a process, to 100 MB and more, whatever the program holds.
import type { Program } from "../wordnet/programs.ts"

export const title =
  "Memory: 532,261 fragments parsed, filtered, counted; once and ten times over " +
  "(`--max-semi-space-size=16`)"

const lines = new URL("lines.ts", import.meta.url).pathname

const youngGeneration = "--max-semi-space-size=16"

export const programs: ReadonlyArray<Program> = [
  { name: "Sluice, once", baseline: true, args: [youngGeneration, lines, "1"], conditions: [] },
  { name: "Sluice, ten times", subject: true, args: [youngGeneration, lines, "10"], conditions: [] }
]
