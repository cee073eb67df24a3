// One open Readable being read in paused mode: what waits in it is taken at once, and only then is
// waited for. The stream is watched from the start, so that no failure goes by unseen.
import type { Readable } from "node:stream"
import * as Effect from "effect/Effect"
import type * as Source from "../../Source.ts"

type Chunk<A> = Source.Chunk<A> | undefined

type State =
  | { readonly _tag: "Open" | "Ended" }
  | { readonly _tag: "Failed"; readonly cause: unknown }

const bytesOf = (item: unknown): number => (ArrayBuffer.isView(item) ? item.byteLength : 0)

/** Open → Ended or Failed. */
export class ReadingFromNode<A, E> {
  private readonly stream: Readable
  private readonly chunkRecords: number
  private readonly failed: (cause: unknown) => E
  private state: State = { _tag: "Open" }
  private waiter: (() => void) | undefined

  /** Throws where the stream flows, or is over already. */
  constructor(stream: Readable, chunkRecords: number, failed: (cause: unknown) => E) {
    if (stream.readableFlowing === true || stream.destroyed || stream.readableEnded)
      throw new Error("the stream is being read elsewhere, or is over already")
    this.stream = stream
    this.chunkRecords = chunkRecords
    this.failed = failed
    stream.on("readable", this.onReadable)
    stream.on("end", this.onEnd)
    stream.on("error", this.onError)
    stream.on("close", this.onClose)
  }

  private readonly onReadable = (): void => this.waiter?.()

  private readonly onEnd = (): void => this.settle({ _tag: "Ended" })

  private readonly onError = (cause: unknown): void => this.settle({ _tag: "Failed", cause })

  private readonly onClose = (): void =>
    this.settle({ _tag: "Failed", cause: new Error("the stream closed before its end") })

  private settle(state: State): void {
    if (this.state._tag === "Open") this.state = state
    this.waiter?.()
  }

  readonly pull = (): Chunk<A> | Effect.Effect<Chunk<A>, E> => {
    const taken = this.take()
    if (taken !== undefined) return taken
    const { state } = this
    if (state._tag === "Ended") return undefined
    return state._tag === "Failed" ? Effect.fail(this.failed(state.cause)) : this.wait
  }

  private take(): Chunk<A> {
    const items: Array<A> = []
    let bytes = 0
    while (items.length < this.chunkRecords) {
      const item: unknown = this.stream.read()
      if (item === null) break
      // What a Readable holds is what the caller says it holds.
      items.push(item as A)
      bytes += bytesOf(item)
    }
    return items.length === 0 ? undefined : { items, bytes, provenance: undefined }
  }

  // Nothing is taken before the engine is there to take it: a pull given up leaves the stream as it
  // is.
  private readonly wait: Effect.Effect<Chunk<A>, E> = Effect.callback((resume) => {
    const look = (): void => {
      const pulled = this.pull()
      if (pulled === this.wait) return
      this.waiter = undefined
      if (pulled === undefined || !Effect.isEffect(pulled)) resume(Effect.succeed(pulled))
      else resume(pulled)
    }
    this.waiter = look
    look()
    return Effect.sync(() => {
      this.waiter = undefined
    })
  })

  /** On every exit: destroys what is not over. */
  readonly release: Effect.Effect<void> = Effect.sync(() => {
    const { stream } = this
    stream.off("readable", this.onReadable)
    stream.off("end", this.onEnd)
    stream.off("close", this.onClose)
    // The listener for errors stays: one that comes late would end the process.
    if (!stream.destroyed) stream.destroy()
  })
}
