// Keeps a book on what a graph's sources and sinks open and close, and how often.
import type * as Graph from "@sluice/core/Graph"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** What was opened and what was closed, by name. */
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

  /** What is not closed exactly as often as it was opened. */
  unbalanced(): ReadonlyArray<string> {
    return [...this.counts].flatMap(([name, { opened, closed }]) =>
      opened === closed ? [] : [`"${name}" opened ${opened} times, closed ${closed} times`]
    )
  }
}

/** The graph with its sources and sinks in the book. */
export const watched = (graph: Graph.PipelineGraph, book: Book): Graph.PipelineGraph => ({
  ...graph,
  nodes: graph.nodes.map((node) => {
    const { operation } = node
    if (operation._tag === "Source") {
      const source = { ...operation.source, open: book.kept(node.id, operation.source.open) }
      return { ...node, operation: { ...operation, source } }
    }
    if (operation._tag !== "Sink") return node
    const sink = { ...operation.sink, open: book.kept(node.id, operation.sink.open) }
    return { ...node, operation: { ...operation, sink } }
  })
})
