// Turns what the operating system or the line splitter says into a FileError with a cure.
import { dirname } from "node:path"
import type { FileErrorReason } from "../FileError.ts"
import { FileError } from "../FileError.ts"
import { Damaged } from "./compression.ts"
import type { LineFault } from "./lineSplitter.ts"

/** Reason, what happened, cure. */
type Explanation = readonly [FileErrorReason, string, string]

const notFound = (operation: "read" | "write", path: string): Explanation =>
  operation === "read"
    ? [
        "NotFound",
        "there is no such file",
        "check the path; a relative path starts at the current directory"
      ]
    : ["NotFound", `the directory ${dirname(path)} does not exist`, `create ${dirname(path)} first`]

const permission = (operation: "read" | "write", path: string): Explanation => {
  const cure =
    operation === "read"
      ? "give this user the right to read it"
      : `give this user the right to write in ${dirname(path)}, or set atomic to false`
  return ["Permission", "permission denied", cure]
}

const explain = (
  operation: "read" | "write",
  path: string,
  code: string | undefined
): Explanation => {
  switch (code) {
    case "ENOENT":
      return notFound(operation, path)
    case "ENOTDIR":
      return ["NotFound", "a part of the path is a file, not a directory", "check the path"]
    case "EISDIR":
      return [
        "IsDirectory",
        "it is a directory",
        `name the file, e.g. ${path}/part.txt or ${path}/*`
      ]
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return permission(operation, path)
    case "ENOSPC":
    case "EDQUOT":
      return [
        "NoSpace",
        "no space left on the device",
        "free some space, or write to another device"
      ]
    case "EMFILE":
    case "ENFILE":
      return [
        "TooManyOpen",
        "too many files are open",
        "lower parallelism, or raise the limit (ulimit -n)"
      ]
    case "EPIPE":
      return [
        "ReaderGone",
        "the program that reads this output ended",
        "keep the reader running, or write to a file"
      ]
    default:
      return [
        "Io",
        `the system reported ${code ?? "an unknown error"}`,
        "check the device, then run again"
      ]
  }
}

/** The code of a failed system call. */
export const codeOf = (cause: unknown): string | undefined => {
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return undefined
  return typeof cause.code === "string" ? cause.code : undefined
}

const damaged = (path: string, found: Damaged, byte: number | undefined): FileError => {
  const { compression, compressedBytes, reason, cause } = found
  const where = `within the first ${compressedBytes} bytes`
  return new FileError({
    operation: "read",
    path,
    reason: "Damaged",
    detail: `its ${compression} data is broken ${where}: ${reason}`,
    cure: `get the file anew, or set compression to what it really has ("none" for none)`,
    line: undefined,
    byte,
    cause
  })
}

/** A failed system call; `byte` is where in the file, if that is known. */
export const fromSystem = (
  operation: "read" | "write",
  path: string,
  cause: unknown,
  byte?: number
): FileError => {
  if (cause instanceof Damaged) return damaged(path, cause, byte)
  const [reason, detail, cure] = explain(operation, path, codeOf(cause))
  return new FileError({ operation, path, reason, detail, cure, line: undefined, byte, cause })
}

/** A glob that matched no file. */
export const noMatch = (pattern: string, directory: string): FileError =>
  new FileError({
    operation: "read",
    path: pattern,
    reason: "NoMatch",
    detail: `no file matches this pattern, seen from ${directory}`,
    cure: "check the pattern and the directory the program runs in",
    line: undefined,
    byte: undefined,
    cause: undefined
  })

/** A place in the file that cannot be a line, or a record of a declared format. */
export const fromFault = (
  path: string,
  fault: LineFault,
  unit: "line" | "record" = "line"
): FileError => {
  const at = {
    operation: "read" as const,
    path,
    line: fault.line + 1,
    byte: fault.byte,
    cause: undefined
  }
  if (fault._tag === "LineTooLong") {
    return new FileError({
      ...at,
      reason: "LineTooLong",
      detail: `the ${unit} is longer than ${unit}BytesMax = ${fault.lineBytesMax} bytes`,
      cure: `raise ${unit}BytesMax, or check that the file has line breaks`
    })
  }
  if (fault.byte === 0 && (fault.value === 0xff || fault.value === 0xfe)) {
    return new FileError({
      ...at,
      reason: "InvalidUtf8",
      detail: "it begins like UTF-16, and not like UTF-8",
      cure: "convert it, e.g. with iconv -f UTF-16 -t UTF-8"
    })
  }
  const encoding = unit === "line" ? 'encoding to "latin1" or ' : ""
  return new FileError({
    ...at,
    reason: "InvalidUtf8",
    detail: `byte 0x${fault.value.toString(16).padStart(2, "0")} is not valid UTF-8 here`,
    cure: `mend the file, or set ${encoding}invalid to "replace"`
  })
}

/** A CSV file whose grammar is broken, or whose record does not fit. */
export const invalidRow = (
  path: string,
  line: number,
  byte: number | undefined,
  reason: string,
  cure: string,
  cause: unknown
): FileError =>
  new FileError({
    operation: "read",
    path,
    reason: "InvalidRecord",
    detail: reason,
    cure,
    line: line + 1,
    byte,
    cause
  })

/** A header that does not fit: no policy makes the rows behind it right. */
export const invalidHeader = (path: string, reason: string): FileError =>
  invalidRow(
    path,
    0,
    0,
    reason,
    "mend the header, or declare the fields as it names them",
    undefined
  )

/** A line that is not the record it should be. */
export const invalidRecord = (
  path: string,
  line: number,
  byte: number | undefined,
  cause: unknown
): FileError =>
  new FileError({
    operation: "read",
    path,
    reason: "InvalidRecord",
    detail: cause instanceof Error ? cause.message.replace(/\. Cure: .*$/s, "") : String(cause),
    cure: "mend the line, or give the source an error policy (onError: Policy.deadLetter)",
    line: line + 1,
    byte,
    cause
  })
