// The oracle: the same table by a batch join. It reads the files whole, splits every line into its
// fields, sorts rows by key and merges the sorted tables. It shares neither parsers nor assembling
// with the streaming program, so that a mistake there cannot repeat itself here.

import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { digestLines } from "./Digest.ts"

/** What a run of any other program over the same files must come to. */
export interface Oracle {
  readonly keys: number
  readonly fragments: number
  readonly digest: string
}

/** The joined records as output lines by key, and how many fragments the files hold. */
export interface Joined {
  readonly lines: ReadonlyArray<string>
  readonly fragments: number
}

/** Joins the nine files of a directory; the digest is that of `digestFile` over a right output. */
export const oracle = async (directory: string): Promise<Oracle> => {
  const { lines, fragments } = await joinedLines(directory)
  return { keys: lines.length, fragments, digest: digestLines(lines).digest }
}

/**
 * The inner join: a synset that lacks a row is left out, as it is from a run that emits no
 * partials.
 *
 * Errors: two rows for one lemma of one synset, which the files promise not to hold.
 */
export const joinedLines = async (directory: string): Promise<Joined> => {
  const dataRows = await rowsOfAll(directory, "data")
  const senses = byKey(await senseTable(directory))
  const ranks = byKey(await rankTable(directory))
  const lines: Array<string> = []
  for (const row of dataRows.sort((a, b) => order(keyOfData(a), keyOfData(b)))) {
    const key = keyOfData(row)
    const line = record(row, key, senses.rows(key), ranks.rows(key))
    if (line !== undefined) lines.push(line)
  }
  return { lines, fragments: dataRows.length + senses.count + ranks.count }
}

interface Row {
  readonly key: string
  readonly lemma: string
  readonly values: ReadonlyArray<string>
}

const parts: ReadonlyArray<readonly [suffix: string, letter: string]> = [
  ["noun", "n"],
  ["verb", "v"],
  ["adj", "a"],
  ["adv", "r"]
]

const rowsOf = async (path: string): Promise<Array<string>> =>
  (await readFile(path, "utf8")).split("\n").filter((line) => line !== "" && !/^ {2}/.test(line))

const rowsOfAll = async (directory: string, kind: string): Promise<Array<string>> =>
  (await Promise.all(parts.map(([suffix]) => rowsOf(join(directory, `${kind}.${suffix}`))))).flat()

const keyOfData = (row: string): string => row.charAt(12).replace("s", "a") + row.slice(0, 8)

const senseTable = async (directory: string): Promise<Array<Row>> =>
  (await rowsOf(join(directory, "index.sense"))).map((line) => {
    const [senseKey = "", offset = "", ...values] = line.split(" ")
    const [lemma = "", lexical = ""] = senseKey.split("%")
    const letter = " nvara".charAt(Number(lexical.charAt(0)))
    return { key: letter + offset, lemma, values: [senseKey, ...values] }
  })

const rankTable = async (directory: string): Promise<Array<Row>> =>
  (await rowsOfAll(directory, "index")).flatMap((line) => {
    const fields = line.trim().split(" ")
    const [lemma = "", letter = "", synsets = ""] = fields
    return fields
      .slice(-Number(synsets))
      .map((offset, index) => ({ key: letter + offset, lemma, values: [String(index + 1)] }))
  })

// A sorted table read forward only: callers ask for keys in ascending order.
const byKey = (table: Array<Row>) => {
  table.sort((a, b) => order(a.key, b.key))
  let next = 0
  const rows = (key: string): ReadonlyArray<Row> => {
    while (next < table.length && table[next]!.key < key) next++
    const from = next
    while (next < table.length && table[next]!.key === key) next++
    return table.slice(from, next)
  }
  return { count: table.length, rows }
}

const record = (
  row: string,
  key: string,
  senses: ReadonlyArray<Row>,
  ranks: ReadonlyArray<Row>
): string | undefined => {
  const [head = "", ...gloss] = row.split(" | ")
  const fields = head.split(" ")
  const words: Array<string> = []
  for (let i = 0; i < Number.parseInt(fields[3]!, 16); i++) {
    const lemma = fields[4 + 2 * i]!.replace(/\((a|p|ip)\)$/, "").toLowerCase()
    const sense = rowFor(senses, lemma, key)
    const rank = rowFor(ranks, lemma, key)
    if (sense === undefined || rank === undefined) return undefined
    const lexId = Number.parseInt(fields[5 + 2 * i]!, 16)
    const [senseKey, senseNumber, tagCount] = sense.values
    words.push(
      `{"lemma":${JSON.stringify(lemma)},"lexId":${lexId},"senseKey":${JSON.stringify(senseKey)},` +
        `"senseNumber":${senseNumber},"tagCount":${tagCount},"rank":${rank.values[0]}}`
    )
  }
  return (
    `{"key":"${key}","pos":"${key.charAt(0)}","lexFile":${Number(fields[1])},` +
    `"gloss":${JSON.stringify(gloss.join(" | ").trimEnd())},"words":[${words.join(",")}]}`
  )
}

const rowFor = (rows: ReadonlyArray<Row>, lemma: string, key: string): Row | undefined => {
  const found = rows.filter((row) => row.lemma === lemma)
  if (found.length > 1) throw new Error(`join: ${found.length} rows for ${lemma} of ${key}`)
  return found[0]
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
