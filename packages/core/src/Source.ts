// Where records come from: a description that opens a reader in a scope. Nothing runs until an
// engine opens it.

import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type * as Batch from "./Batch.ts"
import type * as Views from "./Views.ts"

/** What stood in an input in the place of a record, and why it is none. */
export interface Refused {
  /** The text of it, or as much of it as was kept; a row whose cells do not fit. */
  readonly payload: unknown
  /** What the source would have failed with. */
  readonly cause: unknown
  /** Where it begins. */
  readonly provenance: Batch.Provenance | undefined
}

/** A run of records a reader hands over, with what it knows of their place in the input. */
export interface Chunk<out A> {
  readonly items: ReadonlyArray<A>
  /** Input bytes consumed for these records, 0 when unknown. */
  readonly bytes: number
  readonly provenance: Batch.Provenance | undefined
  /** Line (0-based) of each record in its input, where they do not stand on lines in sequence. */
  readonly lines?: ReadonlyArray<number>
  /** What stood behind these records and is none; only where the reader was told to go on. */
  readonly refused?: ReadonlyArray<Refused>
}

/**
 * One open input.
 *
 * Flow: `pull` returns the next chunk (it may be empty), or undefined at the end; either at once or
 * as an Effect. It is called again only after the previous chunk was accepted downstream: not
 * calling it is the backpressure. A stop interrupts a pull that waits, so a pull returns what it
 * takes out of somewhere in the step that takes it, or takes uninterruptibly.
 */
export interface SourceReader<out A, out E = never, out R = never> {
  readonly pull: () => Chunk<A> | undefined | Effect.Effect<Chunk<A> | undefined, E, R>
  /**
   * Called by the engine before the first pull where the source's error policy may let reading go
   * on: from now on what is no record stands in `refused`, and reading goes on behind it. Absent,
   * or not called: it fails the pull, and ends the source.
   */
  readonly goOn?: () => void
}

/** How a source hands its records over as views, where every stage behind it reads views. */
export interface ViewSource<out E = never, out R = never> {
  readonly layout: Views.Layout
  /** Opens a reader whose chunks are blocks that hold what is needed. */
  readonly open: (
    needs: Views.Needs
  ) => Effect.Effect<SourceReader<unknown, E, R>, E, R | Scope.Scope>
}

/** A source: opens a reader whose resources live in the run's scope. */
export interface Source<out A, out E = never, out R = never> {
  readonly _tag: "Source"
  /** Shown by `explain`, e.g. `lines(data.noun)`. */
  readonly label: string
  readonly open: Effect.Effect<SourceReader<A, E, R>, E, R | Scope.Scope>
  /** Present where the source reads bytes of a declared format. */
  readonly views?: ViewSource<E, R>
}

/** Builds a source from its opening effect. */
export const make = <A, E, R>(
  label: string,
  open: Effect.Effect<SourceReader<A, E, Exclude<R, Scope.Scope>>, E, R>
): Source<A, E, Exclude<R, Scope.Scope>> =>
  ({ _tag: "Source", label, open }) as Source<A, E, Exclude<R, Scope.Scope>>

const chunkSize = 256
const closingTurns = 16

const chunkOf = <A>(items: ReadonlyArray<A>): Chunk<A> => ({
  items,
  bytes: 0,
  provenance: undefined
})

/** Reads chunks of an iterator; what was read before it threw goes out first, then the failure. */
const iteratorReader = <A>(iterator: Iterator<A>): SourceReader<A> => {
  let thrown: { readonly cause: unknown } | undefined
  const pull = (): Chunk<A> | undefined => {
    if (thrown !== undefined) throw thrown.cause
    const items: Array<A> = []
    try {
      while (items.length < chunkSize) {
        const next = iterator.next()
        if (next.done === true) return items.length === 0 ? undefined : chunkOf(items)
        items.push(next.value)
      }
    } catch (cause) {
      thrown = { cause }
      if (items.length === 0) throw cause
    }
    return chunkOf(items)
  }
  return { pull }
}

/** Opens an iterator in the run's scope; its `return` is called on every exit. */
const openIterator = <A>(iterable: Iterable<A>): Effect.Effect<Iterator<A>, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => iterable[Symbol.iterator]()),
    (iterator) => Effect.ignoreCause(Effect.sync(() => void iterator.return?.()))
  )

/**
 * Records of an iterable, 256 at a time.
 *
 * Flow: an iterator that throws ends the source with that failure. The iterator's `return` is
 * called when the run ends early.
 */
export const fromIterable = <A>(iterable: Iterable<A>): Source<A> =>
  make("iterable", Effect.map(openIterator(iterable), iteratorReader))

/** Reads an array of chunks by position: an array's iterator costs as much as a small batch. */
const chunkArrayReader = <A>(chunks: ReadonlyArray<ReadonlyArray<A>>): SourceReader<A> => {
  let next = 0
  const pull = (): Chunk<A> | undefined => {
    const items = chunks[next]
    if (items === undefined) return undefined
    next++
    return chunkOf(items)
  }
  return { pull }
}

const chunkIteratorReader = <A>(iterator: Iterator<ReadonlyArray<A>>): SourceReader<A> => ({
  pull: () => {
    const next = iterator.next()
    return next.done === true ? undefined : chunkOf(next.value)
  }
})

/** The given chunks, one by one, as they are: for sources that already hold arrays. */
export const fromChunks = <A>(chunks: Iterable<ReadonlyArray<A>>): Source<A> =>
  make(
    "chunks",
    Array.isArray(chunks)
      ? Effect.sync(() => chunkArrayReader<A>(chunks))
      : Effect.map(openIterator(chunks), chunkIteratorReader)
  )

/** A failure of an async iterable, with what it threw. */
export interface IterableFailed {
  readonly _tag: "IterableFailed"
  readonly cause: unknown
}

/** Reads one record at a time; knows whether a `next` is still unanswered. */
class AsyncIteratorReader<A> implements SourceReader<A, IterableFailed> {
  private readonly iterator: AsyncIterator<A>
  private asked = false

  constructor(iterator: AsyncIterator<A>) {
    this.iterator = iterator
  }

  readonly pull = (): Effect.Effect<Chunk<A> | undefined, IterableFailed> =>
    Effect.tryPromise({
      try: () => this.next(),
      catch: (cause): IterableFailed => ({ _tag: "IterableFailed", cause })
    })

  private async next(): Promise<Chunk<A> | undefined> {
    this.asked = true
    try {
      const next = await this.iterator.next()
      return next.done === true ? undefined : chunkOf([next.value])
    } finally {
      this.asked = false
    }
  }

  /**
   * A generator answers `return` only after the `next` it is busy with, which may be never: then it
   * gets a few turns, and nobody waits any longer.
   */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    const returned = (async () => void (await this.iterator.return?.()))().catch(() => undefined)
    const waiting = Effect.promise(() => returned)
    if (!this.asked) return waiting
    return Effect.raceFirst(waiting, Effect.repeat(Effect.yieldNow, { times: closingTurns }))
  })
}

/**
 * Records of an async iterable.
 *
 * Flow: one `next` at a time, only when downstream has room. Fails with `IterableFailed` when the
 * iterator rejects; its `return` is called on every exit.
 */
export const fromAsyncIterable = <A>(iterable: AsyncIterable<A>): Source<A, IterableFailed> =>
  make(
    "async iterable",
    Effect.acquireRelease(
      Effect.sync(() => new AsyncIteratorReader(iterable[Symbol.asyncIterator]())),
      (reader) => reader.close
    )
  )

/** Records offered to a queue, as many as are there at once; ends when the queue ends. */
export const fromQueue = <A, E>(queue: Queue.Dequeue<A, E | Cause.Done>): Source<A, E> => {
  const next: Effect.Effect<Chunk<A> | undefined, E> = Queue.takeAll(queue).pipe(
    Effect.map((items): Chunk<A> | undefined => chunkOf(items)),
    Effect.catchIf(Cause.isDone, () => Effect.succeed(undefined))
  ) as Effect.Effect<Chunk<A> | undefined, E>
  return make("queue", Effect.succeed({ pull: () => next }))
}
