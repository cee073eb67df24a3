// The one place where the graph's erased functions become callable again. The DSL checked their
// types when the graph was built; the graph, being plain data, no longer knows them.
import type * as Graph from "../Graph.ts"

/** A user function of any stage. */
export type UserFunction = (...args: ReadonlyArray<unknown>) => unknown

/** Makes an erased function callable with whatever the stage before it emits. */
export const callable = (f: Graph.ErasedFunction): UserFunction => f as UserFunction

/** The per-record or per-batch function of a stage; throws where the stage has none. */
export const functionOf = (node: Graph.StageNode): UserFunction => {
  const operation = node.operation
  if ("f" in operation) return callable(operation.f)
  if (operation._tag === "Sink" && operation.sink.each !== undefined)
    return callable(operation.sink.each)
  throw new Error(`stage "${node.id}" (${operation._tag}) has no function of its own`)
}

/** The function behind `ErrorPolicy.Fallback`, if the stage has one. */
export const fallbackOf = (
  node: Graph.StageNode
): ((payload: unknown, cause: unknown) => unknown) | undefined =>
  node.fallback === undefined ? undefined : callable(node.fallback)
