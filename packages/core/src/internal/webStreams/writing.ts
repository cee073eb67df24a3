// One open WritableStream being written to. A batch is handed over chunk by chunk as the stream
// asks for it, and waited for at its end, so that what is told to the engine is what the stream
// took.
import * as Effect from "effect/Effect"
import type * as Sink from "../../Sink.ts"
import { release } from "./release.ts"

/** Open → Ended. `busy` while a write is unanswered. */
export class WritingToWeb<A> {
  private readonly writer: WritableStreamDefaultWriter<A>
  private ended = false
  private busy = false

  constructor(writer: WritableStreamDefaultWriter<A>) {
    this.writer = writer
    // The state is asked for where it matters; an unwatched rejection would end the process.
    writer.closed.catch(() => undefined)
  }

  /** Writes all, or fails naming the records from the first one that the stream did not take. */
  write<E>(
    items: ReadonlyArray<A>,
    failed: (cause: unknown) => E
  ): Effect.Effect<void, E | Sink.RecordsRejected> {
    const taken = { count: 0 }
    return Effect.tryPromise({
      try: (signal) => this.writeAll(items, taken, signal),
      catch: (cause): E | Sink.RecordsRejected => {
        const error = failed(cause)
        if (taken.count === 0) return error
        const records = items
          .slice(taken.count)
          .map((_, i) => ({ index: taken.count + i, cause: error }))
        return { _tag: "RecordsRejected", records, kind: "non-recoverable" }
      }
    })
  }

  private async writeAll(
    items: ReadonlyArray<A>,
    taken: { count: number },
    signal: AbortSignal
  ): Promise<void> {
    const { writer } = this
    const took = (): void => void taken.count++
    let last: Promise<void> = Promise.resolve()
    this.busy = true
    try {
      for (const item of items) {
        if ((writer.desiredSize ?? 0) <= 0) await writer.ready
        if (signal.aborted) return
        last = writer.write(item)
        last.then(took, () => undefined)
      }
      await last
    } finally {
      this.busy = false
    }
  }

  /** Closes the stream, or only lets go of it. */
  end(preventClose: boolean): Effect.Effect<void, unknown> {
    return Effect.tryPromise({
      try: async () => {
        this.ended = true
        if (!preventClose) await this.writer.close()
        this.writer.releaseLock()
      },
      catch: (cause) => cause
    })
  }

  /** On every exit: aborts what was not ended, or only lets go of it. */
  release(preventAbort: boolean, reason: () => unknown): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.ended) return Effect.void
      const aborted = preventAbort ? undefined : this.writer.abort(reason())
      const waits = !this.busy
      this.writer.releaseLock()
      return aborted === undefined ? Effect.void : release(aborted, waits)
    })
  }
}
