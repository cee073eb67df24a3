// The one failure of file sources and sinks: which file, where in it, why, and what to do about it.
// Built once per failed run, never per record.
import * as Data from "effect/Data"

/** What went wrong, as a word to branch on. */
export type FileErrorReason =
  | "NotFound"
  | "NoMatch"
  | "IsDirectory"
  | "Permission"
  | "NoSpace"
  | "TooManyOpen"
  | "ReaderGone"
  | "Damaged"
  | "InvalidUtf8"
  | "LineTooLong"
  | "InvalidRecord"
  | "Io"

/**
 * A file could not be read or written.
 *
 * Shape: `line` is 1-based and `byte` the 0-based offset in the file, both undefined where the
 * failure has no place in it.
 */
export class FileError extends Data.TaggedError("FileError")<{
  readonly operation: "read" | "write"
  readonly path: string
  readonly reason: FileErrorReason
  readonly detail: string
  readonly cure: string
  readonly line: number | undefined
  readonly byte: number | undefined
  readonly cause: unknown
}> {
  override get message(): string {
    const line = this.line === undefined ? "" : `:${this.line}`
    const byte = this.byte === undefined ? "" : ` (byte ${this.byte})`
    const place = `${this.path}${line}${byte}`
    return `cannot ${this.operation} ${place}: ${this.detail}. Cure: ${this.cure}.`
  }
}
