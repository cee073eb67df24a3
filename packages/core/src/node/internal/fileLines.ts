// Several files as one reader of text chunks: a bounded number is open at once, and whichever has
// lines gives them in turn.
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Source from "../../Source.ts"
import type { FileError } from "../FileError.ts"
import type { LaneFormat, Passing } from "./fileLane.ts"
import { FileLane } from "./fileLane.ts"
import * as fileSystem from "./fileSystem.ts"
import type { InputPath } from "./inputPaths.ts"
import { expand } from "./inputPaths.ts"
import type { TextChunk } from "./lineSplitter.ts"

/** Lines with the file they are from. */
export interface TextOf<out C = TextChunk> {
  readonly path: string
  readonly text: C
  readonly passed?: undefined
}

/** A line that is none, where it was asked to go on behind such a line. */
export interface PassedIn {
  readonly path: string
  readonly text?: undefined
  readonly passed: Passing
}

/** Lines, or what stood in the place of one. */
export type FileChunk<C = TextChunk> = TextOf<C> | PassedIn

/** A chunk, the end, or an Effect of these where a read is still under way. */
export type Pulled<C = TextChunk> =
  | FileChunk<C>
  | undefined
  | Effect.Effect<FileChunk<C> | undefined, FileError>

/** Where text comes from: files, or a source of bytes. */
export interface Texts<out E, out R> {
  readonly pull: () =>
    | FileChunk
    | undefined
    | Effect.Effect<FileChunk | undefined, E | FileError, R>
  /** What cannot be a line is handed over from now on, and reading goes on behind it. */
  readonly goOn: () => void
}

/** What is told of a line that was passed over. */
export const refusedOf = ({ path, passed }: PassedIn): Source.Refused => {
  const { error, text } = passed
  const provenance = error.line === undefined ? undefined : { name: path, base: error.line - 1 }
  return { payload: text, cause: error, provenance }
}

/** A chunk without records. */
export const nothingBut = (...refused: ReadonlyArray<Source.Refused>): Source.Chunk<never> => ({
  items: [],
  bytes: 0,
  provenance: undefined,
  refused
})

/** What can be had now; "waiting" when every open file is being read. */
type Polled<C> =
  | { readonly _tag: "Chunk"; readonly chunk: FileChunk<C> }
  | { readonly _tag: "Failed"; readonly error: FileError }
  | { readonly _tag: "End" }
  | { readonly _tag: "Waiting" }

const waiting: Polled<never> = { _tag: "Waiting" }
const end: Polled<never> = { _tag: "End" }

/** Reads `inputs` in order, `parallelism` at once. */
export class FileLines<C extends object = TextChunk> {
  private readonly fileSystem: fileSystem.FileSystem
  private readonly inputs: ReadonlyArray<InputPath>
  private readonly format: LaneFormat<C>
  private readonly parallelism: number
  private lanes: Array<FileLane<C>> = []
  private opened = 0
  /** Lane to ask first, so that every open file gets its turn. */
  private turn = 0
  private tolerant = false
  private waiter: (() => void) | undefined
  private readonly changed = (): void => this.waiter?.()

  constructor(
    system: fileSystem.FileSystem,
    inputs: ReadonlyArray<InputPath>,
    format: LaneFormat<C>,
    parallelism: number
  ) {
    this.fileSystem = system
    this.inputs = inputs
    this.format = format
    this.parallelism = parallelism
  }

  /** The next chunk; called again only after the one before was answered. */
  pull(): Pulled<C> {
    const polled = this.poll()
    switch (polled._tag) {
      case "Chunk":
        return polled.chunk
      case "End":
        return undefined
      case "Failed":
        return Effect.fail(polled.error)
      case "Waiting":
        return this.wait()
    }
  }

  readonly goOn = (): void => {
    this.tolerant = true
  }

  private wait(): Effect.Effect<FileChunk<C> | undefined, FileError> {
    return Effect.callback<FileChunk<C> | undefined, FileError>((resume) => {
      const look = (): void => {
        const polled = this.poll()
        if (polled._tag === "Waiting") {
          this.waiter = look
          return
        }
        this.waiter = undefined
        if (polled._tag === "Failed") resume(Effect.fail(polled.error))
        else resume(Effect.succeed(polled._tag === "Chunk" ? polled.chunk : undefined))
      }
      look()
      return Effect.sync(() => {
        this.waiter = undefined
      })
    })
  }

  private poll(): Polled<C> {
    // What the lanes tell during this call is seen below; nobody needs to be woken for it.
    this.waiter = undefined
    for (;;) {
      this.openNext()
      if (this.lanes.length === 0) return end
      const i = this.nextWithNews()
      const lane = this.lanes[i]
      if (lane === undefined) return waiting
      if (lane.state._tag === "Closed") {
        const error = lane.state.outcome
        if (error !== undefined) return { _tag: "Failed", error }
        this.lanes.splice(i, 1)
        this.turn = i
        continue
      }
      const { path } = lane
      const text = lane.take(this.tolerant)
      const passed = text === undefined ? lane.takePassed() : undefined
      // Neither: a fault; the lane tells it once its file is closed.
      if (text === undefined && passed === undefined) continue
      this.turn = i + 1
      return {
        _tag: "Chunk",
        chunk: text === undefined ? { path, passed: passed as Passing } : { path, text }
      }
    }
  }

  private openNext(): void {
    while (this.lanes.length < this.parallelism && this.opened < this.inputs.length) {
      const input = this.inputs[this.opened++] as InputPath
      this.lanes.push(new FileLane(this.fileSystem, input, this.format, this.changed))
    }
  }

  private nextWithNews(): number {
    const count = this.lanes.length
    for (let k = 0; k < count; k++) {
      const i = (this.turn + k) % count
      const { _tag } = (this.lanes[i] as FileLane<C>).state
      if (_tag === "Ready" || _tag === "Closed") return i
    }
    return -1
  }

  /** Closes whatever is open; `done` runs when all of it is closed. */
  abandon(done: () => void): void {
    this.waiter = undefined
    this.opened = this.inputs.length
    // One more than the lanes, so that `done` runs once and also when there are none.
    let open = this.lanes.length + 1
    const one = (): void => {
      open--
      if (open === 0) done()
    }
    for (const lane of this.lanes) lane.abandon(one)
    one()
  }
}

/** Opens the files of `patterns` in the scope: at its end all are closed, after reads under way. */
export const openLines = <C extends object>(
  patterns: ReadonlyArray<string>,
  format: LaneFormat<C>,
  parallelism: number
): Effect.Effect<FileLines<C>, FileError, Scope.Scope> =>
  Effect.gen(function* () {
    const system = yield* fileSystem.current
    const inputs = yield* expand(system, patterns)
    return yield* Effect.acquireRelease(
      Effect.sync(() => new FileLines(system, inputs, format, parallelism)),
      (reader) => Effect.callback<void>((resume) => reader.abandon(() => resume(Effect.void)))
    )
  })
