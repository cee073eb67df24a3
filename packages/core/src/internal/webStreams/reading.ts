// One open ReadableStream being read, one chunk at a time. A read that is given up leaves what
// would have answered it in the stream; what came in the same instant is kept for the next pull.
import * as Effect from "effect/Effect"
import type * as Source from "../../Source.ts"
import { release } from "./release.ts"

type Chunk<A> = Source.Chunk<A> | undefined

const bytesOf = (value: unknown): number => (ArrayBuffer.isView(value) ? value.byteLength : 0)

/** Locked ⇄ Unlocked (after a read was given up) → Over. */
export class ReadingFromWeb<A, E> {
  private readonly stream: ReadableStream<A>
  private readonly failed: (cause: unknown) => E
  private reader: ReadableStreamDefaultReader<A> | undefined
  private kept: Source.Chunk<A> | undefined
  private over = false

  /** Throws where the stream is locked. */
  constructor(stream: ReadableStream<A>, failed: (cause: unknown) => E) {
    this.stream = stream
    this.failed = failed
    this.reader = stream.getReader()
  }

  readonly pull = (): Chunk<A> | Effect.Effect<Chunk<A>, E> => {
    const { kept } = this
    if (kept === undefined) return this.read
    this.kept = undefined
    return kept
  }

  private readonly read: Effect.Effect<Chunk<A>, E> = Effect.callback((resume) => {
    let given = false
    this.next().then(
      (chunk) => {
        if (given) this.kept = chunk
        else resume(Effect.succeed(chunk))
      },
      (cause: unknown) => {
        if (given) return
        this.over = true
        resume(Effect.fail(this.failed(cause)))
      }
    )
    return Effect.sync(() => {
      given = true
      this.unlock()
    })
  })

  private async next(): Promise<Chunk<A>> {
    this.reader ??= this.stream.getReader()
    const { done, value } = await this.reader.read()
    if (!done) return { items: [value as A], bytes: bytesOf(value), provenance: undefined }
    this.over = true
    return undefined
  }

  /** Rejects a read under way. */
  private unlock(): void {
    this.reader?.releaseLock()
    this.reader = undefined
  }

  /** On every exit: cancels what is not over, or only lets go of it. */
  release(preventCancel: boolean, reason: () => unknown): Effect.Effect<void> {
    return Effect.suspend(() => {
      const busy = this.reader === undefined
      this.unlock()
      if (this.over || preventCancel) return Effect.void
      return release(this.stream.cancel(reason()), !busy)
    })
  }
}
