// Ids stand in metric names, spans, checkpoints and messages: short, plain, and each used once.
import * as Graph from "../../Graph.ts"
import type { GraphIssue } from "../../GraphError.ts"
import type { Inspection, Rule } from "./inspection.ts"
import { issue } from "./inspection.ts"

const lengthMax = 64
const plain = /^[A-Za-z0-9._-]+$/
const shown = 80

const complaint = (id: string): string | undefined => {
  if (id === "") return "is empty"
  if (id.length > lengthMax) return `is ${id.length} characters long, ${lengthMax} are allowed`
  // Results hold the state of each stage in a record by id, where this one key means something
  // else.
  if (id === "__proto__") return "is reserved by JavaScript"
  if (plain.test(id)) return undefined
  const stranger = [...id].find((character) => !plain.test(character))
  return `contains ${JSON.stringify(stranger)}`
}

const cure = `use 1 to ${lengthMax} letters, digits, ".", "_" or "-"`

const quoted = (id: string): string =>
  JSON.stringify(id.length > shown ? `${id.slice(0, shown)}…` : id)

const badId = (what: string, id: string, stageId: string): ReadonlyArray<GraphIssue> => {
  const reason = complaint(id)
  return reason === undefined
    ? []
    : [issue("bad-id", stageId, `its ${what} ${quoted(id)} ${reason}`, cure)]
}

/** Ids and port names that are empty, too long or carry characters that metrics do not take. */
export const badIds: Rule = ({ graph }) =>
  graph.nodes.flatMap((node) => [
    ...badId("id", node.id, node.id),
    ...Graph.portsOf(node).flatMap((port) => badId("port", port, node.id))
  ])

/** Ids that several stages carry; one finding per id. */
export const duplicateIds: Rule = ({ graph }: Inspection) => {
  const kinds = new Map<string, Array<string>>()
  for (const node of graph.nodes) {
    kinds.set(node.id, [...(kinds.get(node.id) ?? []), node.operation._tag])
  }
  return [...kinds]
    .filter(([, tags]) => tags.length > 1)
    .map(([id, tags]) =>
      issue(
        "duplicate-id",
        id,
        `${tags.length} stages have this id (${tags.join(", ")})`,
        "give each stage an id of its own"
      )
    )
}
