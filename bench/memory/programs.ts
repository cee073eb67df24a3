// Whole programs that show whether memory follows the input, in a heap of fixed size: a larger one
// is filled with garbage before V8 collects it, by the longer program more often than by the
// shorter.
import type { Program } from "../wordnet/programs.ts"

export const title =
  "Memory: 532,261 fragments parsed, filtered, counted; once and ten times over, " +
  "in a heap of 64 MB"

const lines = new URL("lines.ts", import.meta.url).pathname

const views = new URL("views.ts", import.meta.url).pathname

const heap = ["--max-old-space-size=64", "--max-semi-space-size=4"]

export const programs: ReadonlyArray<Program> = [
  { name: "Sluice, once", baseline: true, args: [...heap, lines, "1"], conditions: [] },
  { name: "Sluice, ten times", subject: true, args: [...heap, lines, "10"], conditions: [] },
  { name: "Sluice, joined on views, once", args: [...heap, views, "1"], conditions: [] },
  { name: "Sluice, joined on views, ten times", args: [...heap, views, "10"], conditions: [] }
]
