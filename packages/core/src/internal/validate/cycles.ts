// A cycle of bounded channels can fill up and wait for itself: refused, with the path named.
import type { Inspection, Rule } from "./inspection.ts"
import { issue } from "./inspection.ts"

interface Frame {
  readonly id: string
  next: number
}

/** The path from the first stage seen twice, back to it. Iterative: graphs may be deep. */
const walk = (start: string, inspection: Inspection, done: Set<string>): Array<Array<string>> => {
  const found: Array<Array<string>> = []
  const path: Array<Frame> = [{ id: start, next: 0 }]
  const onPath = new Map([[start, 0]])
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const edge = inspection.outgoing.get(top.id)?.[top.next++]
    if (edge === undefined) {
      done.add(top.id)
      onPath.delete(top.id)
      path.pop()
      continue
    }
    const closes = onPath.get(edge.to)
    if (closes !== undefined) found.push(path.slice(closes).map((frame) => frame.id))
    else if (!done.has(edge.to) && inspection.byId.has(edge.to)) {
      onPath.set(edge.to, path.length)
      path.push({ id: edge.to, next: 0 })
    }
  }
  return found
}

const shownMax = 20

const pathText = (path: ReadonlyArray<string>): string => {
  const shown = path.length > shownMax ? [...path.slice(0, shownMax), "…"] : path
  return [...shown, path[0]].join(" -> ")
}

/**
 * One finding for each edge that closes a cycle in a depth-first walk. Where two stages share an
 * id, whose edge it is cannot be told: such a path is left to the rule on ids.
 */
export const cycles: Rule = (inspection) => {
  const done = new Set<string>()
  const unique = new Set(inspection.nodes.map((node) => node.id))
  return inspection.graph.nodes
    .flatMap((node) => (done.has(node.id) ? [] : walk(node.id, inspection, done)))
    .filter((path) => path.every((id) => unique.has(id)))
    .map((path) =>
      issue(
        "cycle",
        path[0] as string,
        `its records come back to it: ${pathText(path)}`,
        `remove the edge "${path.at(-1)}" to "${path[0]}"; repeat work inside one stage instead`
      )
    )
}
