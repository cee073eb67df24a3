// Mermaid flowchart text. Node names are ours (n0, n1, …); labels are quoted, with every character
// that Mermaid could read as syntax written as a character code.
import type * as Graph from "../../Graph.ts"
import type * as Stage from "../../Stage.ts"
import type { Drawn } from "./labels.ts"
import { draw } from "./labels.ts"

const shapes: Readonly<Record<Stage.StageKind, readonly [open: string, close: string]>> = {
  source: ["([", "])"],
  transform: ["[", "]"],
  accumulator: ["[(", ")]"],
  branch: ["{", "}"],
  merge: ["((", "))"],
  sink: ["[[", "]]"]
}

const controls = /\p{Cc}/gu
const unsafe = /["#&<>;`|\\{}[\]]/g

const escaped = (text: string): string =>
  text.replace(controls, " ").replace(unsafe, (character) => `#${character.charCodeAt(0)};`)

const stageLine = ({ name, node, lines }: Drawn): string => {
  const [open, close] = shapes[node?.kind ?? "transform"]
  const missing = node === undefined ? ":::missing" : ""
  return `  ${name}${open}"${lines.map(escaped).join("<br/>")}"${close}${missing}`
}

/** The graph as a Mermaid flowchart. */
export const mermaidText = (graph: Graph.PipelineGraph): string => {
  const { stages, edges } = draw(graph)
  const arrows = edges.map(({ from, to, parts }) => {
    const label = parts.length === 0 ? "" : `|"${parts.map(escaped).join(", ")}"|`
    return `  ${from} -->${label} ${to}`
  })
  const isMissing = stages.some((stage) => stage.node === undefined)
  const style = isMissing ? ["  classDef missing stroke-dasharray: 5 5"] : []
  return `${["flowchart LR", ...stages.map(stageLine), ...arrows, ...style].join("\n")}\n`
}
