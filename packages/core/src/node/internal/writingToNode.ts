// One open Writable being written to. A batch is handed over as the stream has room for it, and
// waited for at its end, so that what is told to the engine is what the stream took.
import type { Writable } from "node:stream"
import * as Effect from "effect/Effect"
import type * as Sink from "../../Sink.ts"

type State =
  | { readonly _tag: "Open" | "Ended" }
  | { readonly _tag: "Failed"; readonly cause: unknown }

/** Open → Ended or Failed. */
export class WritingToNode<A> {
  private readonly stream: Writable
  private readonly preventEnd: boolean
  private state: State = { _tag: "Open" }
  private waiter: (() => void) | undefined

  /** Throws where the stream takes nothing any more. */
  constructor(stream: Writable, preventEnd: boolean) {
    if (!stream.writable) throw new Error("the stream has ended, or was destroyed")
    this.stream = stream
    this.preventEnd = preventEnd
    stream.on("error", this.onError)
    stream.on("close", this.onClose)
    stream.on("drain", this.onDrain)
  }

  private readonly onDrain = (): void => this.waiter?.()

  private readonly onError = (cause: unknown): void => this.fail(cause)

  private readonly onClose = (): void => this.fail(new Error("the stream was closed"))

  private fail(cause: unknown): void {
    if (this.state._tag === "Open") this.state = { _tag: "Failed", cause }
    this.waiter?.()
  }

  /** Writes all, or fails naming the records from the first one that the stream did not take. */
  write<E>(
    items: ReadonlyArray<A>,
    failed: (cause: unknown) => E
  ): Effect.Effect<void, E | Sink.RecordsRejected> {
    return Effect.callback<void, E | Sink.RecordsRejected>((resume) => {
      let [next, taken] = [0, 0]
      const done = (result: Effect.Effect<void, E | Sink.RecordsRejected>): void => {
        this.waiter = undefined
        resume(result)
      }
      const took = (error: Error | null | undefined): void => {
        if (error === null || error === undefined) taken++
        step()
      }
      const step = (): void => {
        if (this.waiter !== step) return
        if (this.state._tag === "Failed")
          return done(Effect.fail(refused(items, taken, failed(this.state.cause))))
        if (taken === items.length) return done(Effect.void)
        while (next < items.length && !this.stream.writableNeedDrain) {
          this.stream.write(items[next++], took)
        }
      }
      this.waiter = step
      step()
      return Effect.sync(() => {
        this.waiter = undefined
      })
    })
  }

  /** Ends the stream and waits until it has finished, or only lets go of it. */
  readonly end: Effect.Effect<void, unknown> = Effect.callback<void, unknown>((resume) => {
    if (this.state._tag === "Failed") return resume(Effect.fail(this.state.cause))
    if (this.preventEnd) {
      this.state = { _tag: "Ended" }
      return resume(Effect.void)
    }
    this.waiter = () => {
      if (this.state._tag === "Failed") resume(Effect.fail(this.state.cause))
    }
    this.stream.end(() => {
      if (this.state._tag === "Open") this.state = { _tag: "Ended" }
      resume(Effect.void)
    })
  })

  /** On every exit: destroys what was not ended, unless it is to live on. */
  readonly release: Effect.Effect<void> = Effect.sync(() => {
    const { stream } = this
    stream.off("drain", this.onDrain)
    stream.off("close", this.onClose)
    // The listener for errors stays on a stream that is destroyed: one that comes late would end
    // the process.
    if (this.preventEnd || this.state._tag === "Ended") stream.off("error", this.onError)
    else stream.destroy()
  })
}

const refused = <E>(
  items: ReadonlyArray<unknown>,
  taken: number,
  error: E
): E | Sink.RecordsRejected => {
  if (taken === 0) return error
  const records = items.slice(taken).map((_, i) => ({ index: taken + i, cause: error }))
  return { _tag: "RecordsRejected", records, kind: "non-recoverable" }
}
