// The law of the format: what was written is read again, through text, for every form of graph.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import fc from "fast-check"
import * as GraphJson from "../../src/GraphJson.ts"
import * as GraphPrint from "../../src/GraphPrint.ts"
import * as stages from "../fixtures/stages.ts"
import { referencedGraphs } from "../generators/referenced.ts"

const exported: Readonly<Record<string, unknown>> = stages
const base = new URL("../fixtures/", import.meta.url)
const throughText = (json: unknown): unknown => JSON.parse(JSON.stringify(json))

describe("GraphJson", () => {
  it("decode(encode(graph)) is the graph, with the very same functions", () => {
    fc.assert(
      fc.property(referencedGraphs, (graph) => {
        const json = throughText(GraphJson.encode(graph))
        const decoded = GraphJson.decode(json, { resolve: (ref) => exported[ref.export] })
        expect(Result.getOrThrow(decoded)).toEqual(graph)
      }),
      { numRuns: 300 }
    )
  })

  it("encode gives plain JSON: text changes nothing in it", () => {
    fc.assert(
      fc.property(referencedGraphs, (graph) => {
        const json = GraphJson.encode(graph, { base })
        expect(throughText(json)).toEqual(json)
      })
    )
  })

  it.effect("decodeWithImport imports the modules a document names", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(referencedGraphs, async (graph) => {
          const json = throughText(GraphJson.encode(graph, { base }))
          const decoded = await Effect.runPromise(GraphJson.decodeWithImport(json, { base }))
          expect(decoded).toEqual(graph)
        })
      )
    )
  )

  it("every graph prints, a line per stage and edge at least", () => {
    fc.assert(
      fc.property(referencedGraphs, (graph) => {
        const least = graph.nodes.length + graph.edges.length
        for (const text of [GraphPrint.mermaid(graph), GraphPrint.dot(graph)]) {
          expect(text.trimEnd().split("\n").length).toBeGreaterThan(least)
        }
      })
    )
  })
})
