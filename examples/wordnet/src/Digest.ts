// The fingerprint by which outputs are compared: lines in any order, so they are sorted first.
// The same as `LC_ALL=C sort out.ndjson | sha256sum` for lines of ASCII, which WordNet's are.

import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"

/**
 * How many lines, and the SHA-256 (hex) over them sorted by bytes, each followed by a line feed.
 */
export interface LinesDigest {
  readonly lines: number
  readonly digest: string
}

/**
 * Digest of lines in any order.
 *
 * Limits: holds all lines in memory. Sorting is by UTF-8 bytes, whatever the locale.
 */
export const digestLines = (lines: ReadonlyArray<string>): LinesDigest => {
  const sorted = lines.map((line) => Buffer.from(line)).sort(Buffer.compare)
  const hash = createHash("sha256")
  for (const line of sorted) hash.update(line).update("\n")
  return { lines: lines.length, digest: hash.digest("hex") }
}

/** Digest of the lines of a file; a last line without line feed counts as a line. */
export const digestFile = async (path: string): Promise<LinesDigest> => {
  const text = await readFile(path, "utf8")
  const lines = text.split("\n")
  if (lines.at(-1) === "") lines.pop()
  return digestLines(lines)
}
