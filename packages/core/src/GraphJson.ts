// A pipeline graph as JSON and back. Data goes as it is; functions, sources, sinks, accumulators
// and custom stages go as references to the module that exports them (see FunctionRef). What has no
// reference is still printed, by its name, but cannot be read again: reading says so, place by
// place. Reading does not judge the graph: the engine that gets it does (see Validate).
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as DeadLetter from "./DeadLetter.ts"
import type * as FunctionRef from "./FunctionRef.ts"
import type * as Graph from "./Graph.ts"
import * as decoding from "./internal/graphJson/decode.ts"
import { Encoder } from "./internal/graphJson/encode.ts"
import type { Specifiers } from "./internal/graphJson/modules.ts"
import { specifiers } from "./internal/graphJson/modules.ts"
import { documentIssues } from "./internal/schemas/documentIssues.ts"
import { GraphDocument } from "./internal/schemas/graphDocument.ts"

/** A graph as JSON, version 1; `Schemas.GraphDocument` is its schema. */
export type Document = (typeof GraphDocument)["Type"]

/** Where in a graph a value stands: its stage, its field, its path in the document. */
export type Place = decoding.Place

/** Why one value of a document could not be used; `path` leads to it. */
export type Problem = decoding.Problem

/** The document could not be read; `problems` holds every finding. */
export class GraphJsonError extends Data.TaggedError("GraphJsonError")<{
  readonly problems: ReadonlyArray<Problem>
}> {
  override get message(): string {
    const lines = this.problems.map(({ path, stageId, reason, cure }) => {
      const stage = stageId === undefined ? "" : `stage "${stageId}", `
      return `  ${stage}${path === "" ? "document" : path}: ${reason}. Cure: ${cure}.`
    })
    return `the graph cannot be read, ${lines.length} finding(s):\n${lines.join("\n")}`
  }
}

/**
 * A graph as JSON.
 *
 * Shape: the graph → a document of plain JSON values; never fails. With `base`, a folder's URL,
 * modules below it are written as "./path", so that the document can move with the folder.
 * Limits: as text, a not finite number becomes null, which reading reports, and -0 becomes 0.
 */
export const encode = (
  graph: Graph.PipelineGraph,
  options: { readonly base?: string | URL } = {}
): Document => new Encoder(specifiers(options.base).written).graph(graph)

/** What `decode` needs. */
export interface DecodeOptions {
  /** Finds what a reference stands for; undefined when there is none, or throws to say why. */
  readonly resolve: decoding.Resolve
}

const parse = Schema.decodeUnknownResult(GraphDocument)

const schemaProblems = (json: unknown, error: Schema.SchemaError): ReadonlyArray<Problem> =>
  documentIssues(json, error).map(({ path, reason }) => ({
    path,
    stageId: undefined,
    reason,
    cure: "correct the document, or write it again with GraphJson.encode"
  }))

const documentOf = (json: unknown): Result.Result<Document, GraphJsonError> =>
  Result.mapError(
    parse(json, { errors: "all" }),
    (error) => new GraphJsonError({ problems: schemaProblems(json, error) })
  )

const graphOf = (
  document: Document,
  resolve: decoding.Resolve
): Result.Result<Graph.PipelineGraph, GraphJsonError> => {
  const decoder = new decoding.Decoder(resolve)
  const graph = decoder.graph(document)
  const { problems } = decoder
  return problems.length === 0
    ? Result.succeed(graph)
    : Result.fail(new GraphJsonError({ problems }))
}

/**
 * The graph behind its JSON, with references resolved by the caller.
 *
 * Shape: any parsed JSON → the graph. `decode(encode(g))` equals `g` when every value has a
 * reference.
 * Errors: `GraphJsonError` with either every place that does not fit the schema, or every reference
 * that was not found or is not what its place needs.
 */
export const decode = (
  json: unknown,
  options: DecodeOptions
): Result.Result<Graph.PipelineGraph, GraphJsonError> =>
  Result.flatMap(documentOf(json), (document) => graphOf(document, options.resolve))

/** What a document may load. */
export interface ImportOptions {
  /** URL of the folder whose modules may be loaded; without it, none by file. */
  readonly base?: string | URL
  /** Other modules that may be loaded, each exactly as the document names it, e.g. a package. */
  readonly allow?: ReadonlyArray<string>
  /** Loads an allowed module; default `import()`, which looks packages up from this package. */
  readonly load?: (specifier: string) => Promise<Readonly<Record<string, unknown>>>
}

type Loaded =
  | { readonly _tag: "Module"; readonly exports: Readonly<Record<string, unknown>> }
  | { readonly _tag: "Failed"; readonly reason: string }

const importModule = (specifier: string): Promise<Readonly<Record<string, unknown>>> =>
  import(specifier)

const load = (
  module: string,
  allowed: Specifiers["allowed"],
  loader: NonNullable<ImportOptions["load"]>
): Effect.Effect<Loaded> => {
  const verdict = allowed(module)
  if (verdict._tag === "Refused") {
    return Effect.succeed({ _tag: "Failed", reason: `${verdict.reason}; ${verdict.cure}` })
  }
  return Effect.tryPromise(() => loader(verdict.specifier)).pipe(
    Effect.match({
      onSuccess: (exports): Loaded => ({ _tag: "Module", exports }),
      onFailure: ({ cause }): Loaded => ({ _tag: "Failed", reason: DeadLetter.causeText(cause) })
    })
  )
}

const modulesOf = (document: Document): ReadonlyArray<string> => {
  const modules = new Set<string>()
  new decoding.Decoder((ref) => void modules.add(ref.module)).graph(document)
  return [...modules]
}

const exportOf =
  (modules: ReadonlyMap<string, Loaded>): decoding.Resolve =>
  (ref: FunctionRef.Ref) => {
    const loaded = modules.get(ref.module)
    if (loaded?._tag === "Failed") throw new Error(loaded.reason)
    const exports = loaded?.exports ?? {}
    return Object.hasOwn(exports, ref.export) ? exports[ref.export] : undefined
  }

/**
 * The graph behind its JSON, with the modules it names imported.
 *
 * Flow: each module is imported once, one after the other. Importing runs a module's code: only
 * files below `base` and modules in `allow` are, by default none.
 * Limits: a symbolic link below `base` that leads out of it is followed.
 * Errors: as `decode`; a module that may not be loaded or fails to load is reported at each place
 * that refers to it.
 */
export const decodeWithImport = Effect.fnUntraced(function* (
  json: unknown,
  options: ImportOptions = {}
) {
  const document = yield* Effect.fromResult(documentOf(json))
  const { allowed } = specifiers(options.base, options.allow)
  const loader = options.load ?? importModule
  const modules = new Map<string, Loaded>()
  for (const module of modulesOf(document)) {
    modules.set(module, yield* load(module, allowed, loader))
  }
  return yield* Effect.fromResult(graphOf(document, exportOf(modules)))
})
