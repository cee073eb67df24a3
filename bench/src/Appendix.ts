// What has programs of its own to measure it, in files of its own: their tables as the last part of
// RESULTS.md. A table stands between two marks, so that a program can write it anew and leave the
// words around it.

import { readFile, writeFile } from "node:fs/promises"

const folder = new URL("../", import.meta.url)

/** Files with tables, and what writes them. */
const files = ["tabular/RESULTS.md", "bytes/RESULTS.md"] as const

const mark = "<!-- measured by programs of their own -->"

/** The text with a table put between the marks of its name; behind the rest where it has none. */
export const withTable = (text: string, name: string, table: string): string => {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
  const part = `${start}\n\n${table.trim()}\n\n${end}`
  const [from, to] = [text.indexOf(start), text.indexOf(end)]
  if (from < 0 || to < from) return `${text.trimEnd()}\n\n${part}\n`
  return text.slice(0, from) + part + text.slice(to + end.length)
}

/** A file's text as a section: its title is one of the third level. */
export const section = (text: string): string => text.replace(/^# /, "### ").trim()

/** The sections of all files. */
export const appendix = async (): Promise<string> => {
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, folder), "utf8")))
  return `${mark}\n\n${texts.map(section).join("\n\n")}\n`
}

/** The text with these sections at its end, in the place of those it had. */
export const withAppendix = (text: string, sections: string): string => {
  const from = text.indexOf(mark)
  return `${(from < 0 ? text : text.slice(0, from)).trimEnd()}\n\n${sections}`
}

/** Puts a table into a file, and the files into RESULTS.md. */
export const writeTable = async (
  file: (typeof files)[number],
  name: string,
  table: string
): Promise<void> => {
  const path = new URL(file, folder)
  await writeFile(path, withTable(await readFile(path, "utf8"), name, table))
  const results = new URL("RESULTS.md", folder)
  await writeFile(results, withAppendix(await readFile(results, "utf8"), await appendix()))
}
