// Writes the curves into docs/flow-control: `node -C sluice-source simulation/files.ts`.
// A test holds the committed files to a fresh run.
import { mkdirSync, writeFileSync } from "node:fs"
import { circuitPanels, circuitText, runCircuit, services } from "./circuit.ts"
import { svg, text } from "./draw.ts"
import { drawn } from "./panels.ts"
import { patterns } from "./patterns.ts"
import { regulatorPanels, regulatorText, runRegulator, scenes } from "./regulator.ts"
import { run } from "./run.ts"
import { strategies } from "./strategies.ts"

/** Where the files are. */
export const folder = new URL("../../../docs/flow-control/", import.meta.url)

/** File names and what a fresh run puts into them. */
export const files = (): ReadonlyMap<string, string> => {
  const all = strategies.map((make) => patterns.map((pattern) => run(make(), pattern)))
  const circuits = services.map((service) => runCircuit(service))
  const regulated = scenes.map(runRegulator)
  return new Map([
    ["curves.txt", text(all.flat())],
    ["circuit.txt", circuitText(circuits)],
    ["circuit.svg", drawn(circuitPanels(circuits))],
    ["regulator.txt", regulatorText(regulated)],
    ["regulator.svg", drawn(regulatorPanels(regulated))],
    ...all.map((runs) => [`${runs[0]!.strategy.replaceAll(" ", "-")}.svg`, svg(runs)] as const)
  ])
}

const main = (): void => {
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of files()) writeFileSync(new URL(name, folder), content)
}

if (import.meta.main) main()
