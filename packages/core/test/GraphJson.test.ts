// What the document looks like, and what is said of one that cannot be read.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Channel from "../src/Channel.ts"
import * as FunctionRef from "../src/FunctionRef.ts"
import * as GraphJson from "../src/GraphJson.ts"
import * as Pipeline from "../src/Pipeline.ts"
import * as Validate from "../src/Validate.ts"
import * as stages from "./fixtures/stages.ts"

const base = new URL("./fixtures/", import.meta.url)

const closed = Pipeline.source("numbers", stages.numbers).pipe(
  Pipeline.map("increment", stages.increment),
  Pipeline.sink("forget", stages.forget)
)
const graph = Pipeline.graph(closed)

const ref = (exportName: string) => ({ $ref: { module: "./stages.ts", export: exportName } })

const problemsOf = (
  decoded: Result.Result<unknown, GraphJson.GraphJsonError>
): ReadonlyArray<string> =>
  Result.isSuccess(decoded)
    ? []
    : decoded.failure.problems.map(({ path, stageId, reason }) => `${path} (${stageId}): ${reason}`)

const importing = (json: unknown, options: GraphJson.ImportOptions) =>
  Effect.map(Effect.result(GraphJson.decodeWithImport(json, options)), problemsOf)

const withMap = (f: unknown): unknown => {
  const document = GraphJson.encode(graph, { base })
  const nodes = document.nodes.map((node) =>
    node.id === "increment" ? { ...node, operation: { _tag: "Map", f } } : node
  )
  return { ...document, nodes }
}

describe("FunctionRef", () => {
  it("names a value without changing it", () => {
    const f = Object.freeze((n: number) => n)
    expect(FunctionRef.make("module", "f", f)).toBe(f)
    expect(FunctionRef.of(f)).toEqual({ module: "module", export: "f" })
    expect(FunctionRef.of((n: number) => n)).toBeUndefined()
    for (const none of [undefined, null, 1, "f"]) expect(FunctionRef.of(none)).toBeUndefined()
  })
})

describe("GraphJson.encode", () => {
  it("writes version, data, and references below the base folder", () => {
    const document = GraphJson.encode(graph, { base })
    expect(document.version).toBe(1)
    expect(document.nodes[1]).toEqual({
      id: "increment",
      operation: { _tag: "Map", f: ref("increment") },
      parallelism: { _tag: "Sequential" },
      errorPolicy: { _tag: "Fail" },
      ordering: { _tag: "Ordered" },
      config: {}
    })
    expect(document.edges[0]).toEqual({
      from: "numbers",
      port: "out",
      to: "increment",
      channel: { buffer: { capacity: 1024, onFull: "block" }, ordering: { _tag: "Ordered" } }
    })
  })

  it("without a base, modules keep their URL; what has no reference keeps its name", () => {
    const [source] = GraphJson.encode(graph).nodes
    const module = new URL("stages.ts", base).href
    expect(source?.operation).toEqual({
      _tag: "Source",
      source: { $ref: { module, export: "numbers" } }
    })
    const local = Pipeline.source("numbers", stages.numbers).pipe(
      Pipeline.map("local", function halve(n: number) {
        return n / 2
      }),
      Pipeline.sink("forget", stages.forget)
    )
    const [, node] = GraphJson.encode(Pipeline.graph(local)).nodes
    expect(node?.operation).toEqual({ _tag: "Map", f: { $inline: "halve" } })
  })

  it("marks config values that are no JSON", () => {
    const circular: Record<string, unknown> = {}
    circular["self"] = circular
    const config = {
      when: new Date(0),
      limit: Number.POSITIVE_INFINITY,
      big: 1n,
      f: stages.isEven,
      circular,
      absent: undefined
    }
    const configured = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, config })) }
    expect(GraphJson.encode(configured, { base }).nodes[0]?.config).toEqual({
      when: { $inline: "Date" },
      limit: { $inline: "Infinity" },
      big: { $inline: "1" },
      f: ref("isEven"),
      circular: { self: { $inline: "circular" } }
    })
  })
})

describe("GraphJson.decode", () => {
  it("names every place that does not fit the schema", () => {
    const { nodes, edges, ...rest } = GraphJson.encode(graph)
    const wrong = {
      ...rest,
      version: 2,
      nodes: [{ ...nodes[0], parallelism: { _tag: "Fixed", n: "4" } }, ...nodes.slice(1)],
      edges: [{ ...edges[0], to: 7 }]
    }
    expect(problemsOf(GraphJson.decode(wrong, { resolve: () => undefined }))).toEqual([
      "version (undefined): Expected 1, found 2",
      'nodes[0].parallelism.n (undefined): Expected number, found "4"',
      "edges[0].to (undefined): Expected string, found 7"
    ])
    for (const json of [undefined, null, 3, "graph", [], {}]) {
      expect(Result.isFailure(GraphJson.decode(json, { resolve: () => undefined }))).toBe(true)
    }
  })

  it("names every function that was not found, is of another kind, or was inline", () => {
    const partitioned = Pipeline.source("numbers", stages.numbers).pipe(
      Pipeline.mapEffect("later", stages.later, {
        ordering: Channel.partitionOrdered((n) => n),
        onError: { fallback: stages.zero }
      }),
      Pipeline.sink("forget", stages.forget)
    )
    const json = GraphJson.encode(Pipeline.graph(partitioned), { base })
    const resolve = ({ export: name }: FunctionRef.Ref): unknown => {
      if (name === "zero") throw new Error("no zero today")
      return name === "forget" ? stages.numbers : name === "later" ? stages.later : undefined
    }
    expect(problemsOf(GraphJson.decode(json, { resolve }))).toEqual([
      'nodes[0].operation.source (numbers): export "numbers" of "./stages.ts" was not found',
      'nodes[1].fallback (later): export "zero" of "./stages.ts": no zero today',
      'nodes[1].ordering.key (later): the function "anonymous" was written without a reference',
      'nodes[2].operation.sink (forget): export "forget" of "./stages.ts" is no sink',
      'edges[1].channel.ordering.key (later): the function "anonymous" was written without ' +
        "a reference"
    ])
  })

  it("its message names stage, place and cure", () => {
    const decoded = GraphJson.decode(withMap({ $inline: "halve" }), {
      resolve: ({ export: name }) => (stages as Readonly<Record<string, unknown>>)[name]
    })
    expect(Result.isFailure(decoded) && decoded.failure.message).toBe(
      [
        "the graph cannot be read, 1 finding(s):",
        '  stage "increment", nodes[1].operation.f: the function "halve" was written ' +
          "without a reference. Cure: name it with FunctionRef.make and write the graph " +
          "again."
      ].join("\n")
    )
  })
})

describe("GraphJson.decodeWithImport", () => {
  it.effect("a graph read again is sound and holds the module's own functions", () =>
    Effect.gen(function* () {
      const decoded = yield* GraphJson.decodeWithImport(GraphJson.encode(graph), { base })
      expect(decoded).toEqual(graph)
      expect(Validate.validate(decoded)).toEqual([])
    })
  )

  it.effect("loads nothing that was not allowed", () =>
    Effect.gen(function* () {
      const loaded: Array<string> = []
      const load = (specifier: string) => {
        loaded.push(specifier)
        return Promise.resolve({ f: (n: number) => n })
      }
      const refused = [
        "../engines.ts",
        "./%2e%2e/engines.ts",
        "./../fixtures-of-others/stages.ts",
        "./a/../../engines.ts",
        "..\\engines.ts",
        "file:///etc/stages.ts",
        "https://example.org/stages.js",
        "data:text/javascript,export const f = 1",
        "node:child_process",
        "//example.org/stages.js",
        "some-package",
        ""
      ]
      for (const module of refused) {
        const json = withMap({ $ref: { module, export: "f" } })
        const problems = yield* importing(json, { base, allow: ["another-package"], load })
        expect(problems.filter((problem) => problem.includes("may not be loaded"))).toHaveLength(1)
      }
      expect(new Set(loaded)).toEqual(new Set([new URL("stages.ts", base).href]))
    })
  )

  it.effect(
    "a base without a slash at its end is that folder, not those whose name it starts",
    () =>
      Effect.gen(function* () {
        const folder = base.href.slice(0, -1)
        const decoded = yield* GraphJson.decodeWithImport(
          GraphJson.encode(graph, { base: folder }),
          {
            base: folder
          }
        )
        expect(decoded).toEqual(graph)
        const json = withMap({ $ref: { module: `${folder}-of-others/stages.ts`, export: "f" } })
        const [problem] = yield* importing(json, { base: folder })
        expect(problem).toContain("may not be loaded")
      })
  )

  it.effect("without options it loads nothing at all", () =>
    Effect.gen(function* () {
      const problems = yield* importing(GraphJson.encode(graph), {})
      expect(problems).toHaveLength(3)
      for (const problem of problems) expect(problem).toContain("no base folder is given")
    })
  )

  it.effect("loads an allowed package by its name, once", () =>
    Effect.gen(function* () {
      const loaded: Array<string> = []
      const load = (specifier: string): Promise<Readonly<Record<string, unknown>>> => {
        loaded.push(specifier)
        return Promise.resolve({ ...stages })
      }
      const document = GraphJson.encode(graph, { base })
      const json = JSON.parse(JSON.stringify(document).replaceAll("./stages.ts", "@acme/stages"))
      const decoded = yield* GraphJson.decodeWithImport(json, { allow: ["@acme/stages"], load })
      expect(decoded).toEqual(graph)
      expect(loaded).toEqual(["@acme/stages"])
    })
  )

  it.effect("reports modules that are not there and exports that are no longer there", () =>
    Effect.gen(function* () {
      const gone = yield* importing(withMap({ $ref: { module: "./gone.ts", export: "f" } }), {
        base
      })
      expect(gone).toHaveLength(1)
      expect(gone[0]).toMatch(/^nodes\[1\]\.operation\.f \(increment\): .*gone\.ts/)
      const renamed = FunctionRef.of(stages.misnamed)
      const json = withMap({ $ref: { module: "./stages.ts", export: renamed?.export } })
      expect(yield* importing(json, { base })).toEqual([
        'nodes[1].operation.f (increment): export "renamedSince" of "./stages.ts" was not found'
      ])
      const inherited = withMap({ $ref: { module: "./stages.ts", export: "toString" } })
      const load = () => Promise.resolve({ ...stages })
      expect(yield* importing(inherited, { base, load })).toEqual([
        'nodes[1].operation.f (increment): export "toString" of "./stages.ts" was not found'
      ])
    })
  )
})
