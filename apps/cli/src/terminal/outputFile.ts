// A line-oriented output file: opened before the run, written in blocks, its first failure kept for
// the end. Writes are synchronous: a caller that produces faster than the disk takes is slowed, and
// memory stays bounded.
import * as fs from "node:fs"
import { causeText } from "@sluice/core/DeadLetter"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CliFailure } from "../failure.ts"
import { failed, usage } from "../failure.ts"

/** An open file. */
export interface OutputFile {
  readonly write: (text: string) => void
  /** Hands what is buffered to the system. */
  readonly flush: () => void
  /** The first failed write, if any; later writes are dropped. */
  readonly failure: () => CliFailure | undefined
}

/** Characters collected before a write: large enough that the system call is not the cost. */
const blockCharacters = 65_536

const writer = (flag: string, file: string, descriptor: number): OutputFile => {
  let pending = ""
  let failure: CliFailure | undefined
  const flush = (): void => {
    const block = pending
    pending = ""
    if (block === "" || failure !== undefined) return
    try {
      fs.writeFileSync(descriptor, block)
    } catch (cause) {
      failure = failed(`${flag} ${file} could not be written: ${causeText(cause)}`, cause)
    }
  }
  return {
    write: (text) => {
      pending += text
      if (pending.length >= blockCharacters) flush()
    },
    flush,
    failure: () => failure
  }
}

/** Creates or empties the file given to `flag`; flushed and closed with the scope. */
export const open = (
  flag: string,
  file: string
): Effect.Effect<OutputFile, CliFailure, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => fs.openSync(file, "w"),
      catch: (cause) => usage(`${flag} ${file} cannot be written: ${causeText(cause)}`, cause)
    }),
    (descriptor) => Effect.sync(() => fs.closeSync(descriptor))
  ).pipe(
    Effect.flatMap((descriptor) =>
      Effect.acquireRelease(
        Effect.sync(() => writer(flag, file, descriptor)),
        (output) => Effect.sync(output.flush)
      )
    )
  )
