// Graphviz DOT text. Node names are ours (n0, n1, …); labels are quoted strings with quotes and
// backslashes escaped, so that nothing in an id is read as syntax or as one of DOT's own escapes.
import type * as Graph from "../../Graph.ts"
import type * as Stage from "../../Stage.ts"
import type { Drawn } from "./labels.ts"
import { draw } from "./labels.ts"

const shapes: Readonly<Record<Stage.StageKind, string>> = {
  source: "oval",
  transform: "box",
  accumulator: "cylinder",
  branch: "diamond",
  merge: "circle",
  sink: "box3d"
}

const controls = /\p{Cc}/gu

// Graphviz also reads HTML entities in labels.
const escaped = (text: string): string =>
  text
    .replace(controls, " ")
    .replace(/["\\]/g, (character) => `\\${character}`)
    .replaceAll("&", "&amp;")

const quoted = (lines: ReadonlyArray<string>): string => `"${lines.map(escaped).join("\\n")}"`

const stageLine = ({ name, node, lines }: Drawn): string => {
  const dashed = node === undefined ? ", style=dashed" : ""
  return `  ${name} [label=${quoted(lines)}, shape=${shapes[node?.kind ?? "transform"]}${dashed}];`
}

/** The graph as a DOT digraph. */
export const dotText = (graph: Graph.PipelineGraph): string => {
  const { stages, edges } = draw(graph)
  const arrows = edges.map(({ from, to, parts }) => {
    const label = parts.length === 0 ? "" : ` [label=${quoted([parts.join(", ")])}]`
    return `  ${from} -> ${to}${label};`
  })
  const head = [`digraph ${quoted([graph.id])} {`, "  rankdir=LR;"]
  return `${[...head, ...stages.map(stageLine), ...arrows, "}"].join("\n")}\n`
}
