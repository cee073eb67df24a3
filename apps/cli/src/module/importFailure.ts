// One clear line for a module that cannot be imported: the reason, and the file and line where the
// user has to look.
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { causeText } from "@sluice/core/DeadLetter"

const shown = (url: string): string => {
  const file = url.startsWith("file:") ? fileURLToPath(url) : url
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith("..") ? file : relative
}

/** `file:///a/b.ts:2` before the message: where the parser stopped. */
const parsePlace = (stack: string): string | undefined => {
  const match = /^(file:\S+|\/\S+|[A-Z]:\\\S+):(\d+)\r?\n/.exec(stack)
  return match === null ? undefined : `${shown(match[1]!)}:${match[2]}`
}

/** The first frame in a file of the user's, not in Node's own nor in an installed package. */
const throwPlace = (stack: string): string | undefined => {
  for (const match of stack.matchAll(/(file:\/\/[^\s()]+?):(\d+):(\d+)/g)) {
    if (!match[1]!.includes("/node_modules/")) return `${shown(match[1]!)}:${match[2]}:${match[3]}`
  }
  return undefined
}

/** Node keeps the place of a JavaScript syntax error to itself; its own check prints it. */
const checkedPlace = async (file: string): Promise<string | undefined> => {
  // Only here: it brings sockets and streams along.
  const { execFile } = await import("node:child_process")
  return new Promise((resolve) => {
    execFile(process.execPath, ["--check", file], (_error, _stdout, stderr) =>
      resolve(parsePlace(stderr))
    )
  })
}

const placeOf = async (cause: unknown, file: string): Promise<string | undefined> => {
  if (!(cause instanceof Error)) return undefined
  const stack = cause.stack ?? ""
  const place = parsePlace(stack) ?? throwPlace(stack)
  return place === undefined && cause instanceof SyntaxError ? checkedPlace(file) : place
}

const kindOf = (cause: unknown): string => {
  if (cause instanceof SyntaxError) return "does not parse"
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  if (code === "ERR_MODULE_NOT_FOUND") return "imports something that is not there"
  return "failed while it was loaded"
}

/** What went wrong with importing `file`. */
export const importMessage = async (
  file: string,
  target: string,
  cause: unknown
): Promise<string> => {
  const place = await placeOf(cause, target)
  const name = cause instanceof Error && cause.name !== "Error" ? `${cause.name}: ` : ""
  const at = place === undefined ? "" : `\n  at ${place}`
  return `${file} ${kindOf(cause)}: ${name}${causeText(cause)}${at}`
}
