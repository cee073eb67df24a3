// Keeps a book on what a graph's sources and sinks open and close, and on what sources hand over.
import type * as Graph from "@sluice/core/Graph"
import type * as PoolTracker from "@sluice/core/PoolTracker"
import type * as Source from "@sluice/core/Source"
import type * as Stage from "@sluice/core/Stage"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

type Chunk = Source.Chunk<unknown>

/** What was opened, closed and handed over, by name. */
export class Book {
  private readonly counts = new Map<string, { opened: number; closed: number }>()

  private of(name: string): { opened: number; closed: number } {
    const known = this.counts.get(name) ?? { opened: 0, closed: 0 }
    this.counts.set(name, known)
    return known
  }

  /** The effect, with its scope in the book. */
  readonly kept = <A, E, R>(
    name: string,
    open: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R | Scope.Scope> =>
    Effect.andThen(
      Effect.acquireRelease(
        Effect.sync(() => void this.of(name).opened++),
        () => Effect.sync(() => void this.of(name).closed++)
      ),
      open
    )

  private readonly handedOver = new Map<string, number>()

  /** Notes the records of a chunk that a source handed over. */
  readonly took = (name: string, chunk: Chunk | undefined): Chunk | undefined => {
    const count = chunk?.items.length ?? 0
    this.handedOver.set(name, (this.handedOver.get(name) ?? 0) + count)
    return chunk
  }

  /** Sources whose records were handed over and went nowhere, once everything is drained. */
  unread(states: Readonly<Record<string, Stage.StageRuntimeState>>): ReadonlyArray<string> {
    return [...this.handedOver].flatMap(([name, count]) => {
      const recordsIn = states[name]?.recordsIn
      return recordsIn === count
        ? []
        : [`"${name}" handed over ${count}, the run read ${recordsIn} (rule S1)`]
    })
  }

  /** What is not closed exactly as often as it was opened. */
  unbalanced(): ReadonlyArray<string> {
    return [...this.counts].flatMap(([name, { opened, closed }]) =>
      opened === closed
        ? []
        : [`"${name}" opened ${opened} times, closed ${closed} times (rule L3)`]
    )
  }
}

const counting = (name: string, source: Graph.ErasedSource, book: Book): Graph.ErasedSource => ({
  ...source,
  open: book.kept(
    name,
    Effect.map(source.open, (reader) => ({
      pull: () => {
        const pulled = reader.pull()
        if (!Effect.isEffect(pulled)) return book.took(name, pulled)
        return Effect.map(pulled, (chunk) => book.took(name, chunk))
      }
    }))
  )
})

/** What was rented of pools and not returned, one finding. */
export const leaked = (pools: PoolTracker.PoolTracker): ReadonlyArray<string> => {
  const report = pools.report()
  return report === undefined ? [] : [`${report} (rule L3)`]
}

/** The graph with its sources and sinks in the book. */
export const watched = (graph: Graph.PipelineGraph, book: Book): Graph.PipelineGraph => ({
  ...graph,
  nodes: graph.nodes.map((node) => {
    const { operation } = node
    if (operation._tag === "Source") {
      const source = counting(node.id, operation.source, book)
      return { ...node, operation: { ...operation, source } }
    }
    if (operation._tag !== "Sink") return node
    const sink = { ...operation.sink, open: book.kept(node.id, operation.sink.open) }
    return { ...node, operation: { ...operation, sink } }
  })
})
