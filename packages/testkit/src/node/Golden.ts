// Golden files: a text that a run gives, held against the one that was stored, byte for byte.
// SLUICE_GOLDEN=write stores it instead; read the diff before you commit it.
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const stored = (file: string): Promise<string | undefined> =>
  fs.readFile(file, "utf8").catch(() => undefined)

const firstDifference = (expected: string, found: string): string => {
  const [was, is] = [expected.split("\n"), found.split("\n")]
  const line = is.findIndex((text, n) => text !== was[n])
  const at = line === -1 ? is.length : line
  return `line ${at + 1}\n- ${was[at] ?? "(the end)"}\n+ ${is[at] ?? "(the end)"}`
}

/**
 * Throws when the text differs from the stored one, naming the first line that does.
 *
 * With `SLUICE_GOLDEN=write` in the environment it stores the text and accepts it.
 */
export const assertEqual = async (file: URL | string, text: string): Promise<void> => {
  const target = typeof file === "string" ? path.resolve(file) : fileURLToPath(file)
  if (process.env["SLUICE_GOLDEN"] === "write") {
    await fs.mkdir(path.dirname(target), { recursive: true })
    return fs.writeFile(target, text)
  }
  const expected = await stored(target)
  if (expected === text) return
  const name = path.basename(target)
  const cure = "run with SLUICE_GOLDEN=write to store it"
  if (expected === undefined) throw new Error(`there is no golden file ${name}; ${cure}`)
  throw new Error(`${name} differs at ${firstDifference(expected, text)}\n${cure}`)
}
