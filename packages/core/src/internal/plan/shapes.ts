// Which stages of a graph run on views, and the graph with those stages' view forms in place. A
// stage runs on views when every stage that feeds it hands over views and it can take them; views
// are handed over where every stage behind takes them. All others run on objects, and the plan says
// why. A graph without a source of views comes back as it is.
import type * as Accumulator from "../../Accumulator.ts"
import * as Fields from "../../Fields.ts"
import * as Graph from "../../Graph.ts"
import * as Views from "../../Views.ts"
import type { ViewWork } from "../operators/viewStage.ts"
import { viewFunction } from "../operators/viewStage.ts"
import { topological } from "../topology.ts"
import { namesIn } from "../views/conditionCode.ts"
import { pickedLayout, picking, selecting } from "../views/viewWork.ts"

/** A graph with view forms in place, and what each stage concerned works on. */
export interface Shaped {
  readonly graph: Graph.PipelineGraph
  /** By stage: `views`, or `objects: why`. Only stages that views could have reached. */
  readonly shapes: ReadonlyMap<string, string>
}

type FragmentViews = Accumulator.FragmentShape & { readonly _tag: "Views" }

class Shaper {
  private readonly graph: Graph.PipelineGraph
  private readonly incoming: ReadonlyMap<string, ReadonlyArray<Graph.Edge>>
  private readonly outgoing: ReadonlyMap<string, ReadonlyArray<Graph.Edge>>
  private readonly byId: ReadonlyMap<string, Graph.StageNode>
  private readonly layouts = new Map<string, ReadonlyArray<Views.Layout>>()
  private readonly taking = new Map<string, FragmentViews>()
  private readonly refusals = new Map<string, string>()
  /** The layout that a picked one was made of. */
  private readonly origins = new Map<Views.Layout, Views.Layout>()

  constructor(graph: Graph.PipelineGraph) {
    this.graph = graph
    const { incoming, outgoing } = Graph.adjacency(graph)
    this.incoming = incoming
    this.outgoing = outgoing
    this.byId = new Map(graph.nodes.map((node) => [node.id, node]))
  }

  shape(): Shaped {
    const order = topological(this.graph)
    for (const node of order) this.offer(node)
    const emits = new Map<string, boolean>()
    for (const node of order.toReversed()) emits.set(node.id, this.isTaken(node, emits))
    const shapes = new Map<string, string>()
    const nodes = this.graph.nodes.map((node) => this.formOf(node, emits, shapes))
    return { graph: { ...this.graph, nodes }, shapes }
  }

  private inputs(node: Graph.StageNode): ReadonlyArray<Views.Layout> | undefined {
    const found: Array<Views.Layout> = []
    for (const edge of this.incoming.get(node.id) ?? []) {
      const layouts = this.layouts.get(edge.from)
      if (layouts === undefined) return undefined
      for (const layout of layouts) if (!found.includes(layout)) found.push(layout)
    }
    return found.length === 0 ? undefined : found
  }

  /** Finds out what a stage could hand on as views. */
  private offer(node: Graph.StageNode): void {
    const { operation } = node
    if (operation._tag === "Source" && operation.source.views !== undefined) {
      this.layouts.set(node.id, [operation.source.views.layout])
      return
    }
    const inputs = this.inputs(node)
    if (inputs === undefined) return
    if (operation._tag === "Merge" || this.conditionOf(node) !== undefined)
      this.layouts.set(node.id, inputs)
    else if (this.pickedOf(node) !== undefined) this.offerPicked(node, inputs)
    else if (operation._tag === "Accumulate") this.offerAccumulated(node, inputs)
    else if (operation._tag === "Sink") {
      if (operation.sink.views !== true) this.refusals.set(node.id, "the sink takes objects")
    } else this.refusals.set(node.id, `a plain function of ${operation._tag} takes objects`)
  }

  private conditionOf({ operation, errorPolicy }: Graph.StageNode): Fields.Condition | undefined {
    const isPlain = errorPolicy._tag === "Fail"
    return operation._tag === "Filter" && isPlain ? Fields.conditionOf(operation.f) : undefined
  }

  private pickedOf({ operation, errorPolicy }: Graph.StageNode): Fields.Picked | undefined {
    const isPlain = errorPolicy._tag === "Fail"
    return operation._tag === "Map" && isPlain ? Fields.pickedOf(operation.f) : undefined
  }

  private offerPicked(node: Graph.StageNode, inputs: ReadonlyArray<Views.Layout>): void {
    const made: Array<Views.Layout> = []
    for (const layout of inputs) {
      const picked = pickedLayout(this.pickedOf(node) as Fields.Picked, layout)
      if (typeof picked === "string") {
        this.refusals.set(node.id, `${layout.kind ?? "a record"} has no field "${picked}"`)
        return
      }
      made.push(picked)
      this.origins.set(picked, layout)
    }
    this.layouts.set(node.id, made)
  }

  /** A stage between others that hands on what it takes. */
  private isBetween(node: Graph.StageNode): boolean {
    return node.operation._tag === "Merge" || this.workOf(node) !== undefined
  }

  private workOf(node: Graph.StageNode): ViewWork | undefined {
    const condition = this.conditionOf(node)
    if (condition !== undefined) return selecting(condition)
    const picked = this.pickedOf(node)
    return picked === undefined ? undefined : picking(picked)
  }

  private offerAccumulated(node: Graph.StageNode, inputs: ReadonlyArray<Views.Layout>): void {
    const { operation } = node
    if (operation._tag !== "Accumulate") return
    const shape = operation.accumulator.shapeFor?.(inputs)
    if (shape?._tag === "Views") {
      this.layouts.set(node.id, [shape.output])
      this.taking.set(node.id, shape)
    } else this.refusals.set(node.id, shape?.reason ?? "the accumulator takes objects")
  }

  /** Whether a stage hands on views: all that it feeds take them. */
  private isTaken(node: Graph.StageNode, emits: ReadonlyMap<string, boolean>): boolean {
    const outgoing = this.outgoing.get(node.id) ?? []
    return (
      this.layouts.has(node.id) &&
      outgoing.length === 1 &&
      outgoing.every(({ to }) => this.takes(this.byId.get(to) as Graph.StageNode, emits))
    )
  }

  private takes(node: Graph.StageNode, emits: ReadonlyMap<string, boolean>): boolean {
    if (this.refusals.has(node.id) || this.inputs(node) === undefined) return false
    if (this.isBetween(node)) return emits.get(node.id) === true
    return node.operation._tag === "Sink" || this.taking.has(node.id)
  }

  private whyNot(node: Graph.StageNode): string {
    for (const { to } of this.outgoing.get(node.id) ?? []) {
      const next = this.byId.get(to) as Graph.StageNode
      const refusal = this.refusals.get(to)
      if (refusal !== undefined) return `"${to}": ${refusal}`
      if (this.inputs(next) === undefined) return `"${to}" has an input of objects`
      if (this.isBetween(next)) return this.whyNot(next)
    }
    return "it has several outputs"
  }

  private formOf(
    node: Graph.StageNode,
    emits: ReadonlyMap<string, boolean>,
    shapes: Map<string, string>
  ): Graph.StageNode {
    const { operation } = node
    const refusal = this.refusals.get(node.id)
    if (refusal !== undefined) shapes.set(node.id, `objects: ${refusal}`)
    const emit = emits.get(node.id) === true
    if (operation._tag === "Source") {
      const { views } = operation.source
      if (views === undefined) return node
      shapes.set(node.id, emit ? "views" : `objects: ${this.whyNot(node)}`)
      if (!emit) return node
      const open = views.open(this.needsOf(node, views.layout))
      return { ...node, operation: { ...operation, source: { ...operation.source, open } } }
    }
    const work = this.workOf(node)
    if (work !== undefined && emit) {
      shapes.set(node.id, "views")
      return { ...node, operation: { _tag: "MapBatch", f: viewFunction(work) } }
    }
    const shape = this.taking.get(node.id)
    const fed = (this.incoming.get(node.id) ?? []).every(({ from }) => emits.get(from) === true)
    if (operation._tag === "Sink" && fed && refusal === undefined) shapes.set(node.id, "views")
    if (operation._tag !== "Accumulate" || shape === undefined || !fed) return node
    shapes.set(node.id, emit ? "views" : `views in, objects out: ${this.whyNot(node)}`)
    const make = (host: Accumulator.AccumulatorHost) => shape.make(host, emit)
    return {
      ...node,
      operation: { ...operation, accumulator: { ...operation.accumulator, make } }
    }
  }

  /** What is needed behind a pick, by the names the fields have before it. */
  private needsBeforePick(
    node: Graph.StageNode,
    layout: Views.Layout,
    picked: Fields.Picked
  ): Views.Needs {
    const made = this.layouts.get(node.id)?.find((each) => this.origins.get(each) === layout)
    const { columns, hashes, key } = this.needsOf(node, made as Views.Layout)
    const before = (name: string): string => {
      const [outer = "", ...inner] = name.split(".")
      return [picked[outer] ?? outer, ...inner].join(".")
    }
    return {
      columns: new Set([...columns].map(before)),
      hashes: new Set([...hashes].map(before)),
      key: key?.map(before)
    }
  }

  /** What the stages behind a source use of its records. */
  private needsOf(node: Graph.StageNode, layout: Views.Layout): Views.Needs {
    const edge = this.outgoing.get(node.id)?.[0] as Graph.Edge
    const next = this.byId.get(edge.to) as Graph.StageNode
    if (next.operation._tag === "Merge") return this.needsOf(next, layout)
    const condition = this.conditionOf(next)
    if (condition !== undefined) {
      const behind = this.needsOf(next, layout)
      return { ...behind, columns: new Set([...behind.columns, ...namesIn(condition)]) }
    }
    const picked = this.pickedOf(next)
    if (picked !== undefined) return this.needsBeforePick(next, layout, picked)
    const shape = this.taking.get(next.id)
    if (shape === undefined) return Views.everything(layout)
    const inputs = this.inputs(next) as ReadonlyArray<Views.Layout>
    return shape.needs[inputs.indexOf(layout)] as Views.Needs
  }
}

const offersViews = (node: Graph.StageNode): boolean =>
  node.operation._tag === "Source" && node.operation.source.views !== undefined

const nothing: ReadonlyMap<string, string> = new Map()

/** Puts view forms in place. */
export const shaped = (graph: Graph.PipelineGraph): Shaped =>
  graph.nodes.some(offersViews) ? new Shaper(graph).shape() : { graph, shapes: nothing }
