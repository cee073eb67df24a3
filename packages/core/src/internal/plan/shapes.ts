// Which stages of a graph run on views, and the graph with those stages' view forms in place. A
// stage takes views when every stage that feeds it hands them over and it has a form for them;
// views are handed over where the stage behind takes them. Where views end, the last stage that
// took them makes the objects, and the plan says why. A graph without a source of views comes back
// as it is.
import type * as Accumulator from "../../Accumulator.ts"
import * as Fields from "../../Fields.ts"
import * as Graph from "../../Graph.ts"
import * as Views from "../../Views.ts"
import { topological } from "../topology.ts"
import type { FormKind, ViewForm } from "../views/viewForm.ts"
import { formOf, standsFor } from "../views/viewForm.ts"
import { conditionForm, pickForm } from "../views/viewWork.ts"
import { unfusable } from "./fusable.ts"

/** A graph with view forms in place, and what each stage concerned works on. */
export interface Shaped {
  readonly graph: Graph.PipelineGraph
  /** By stage: `views`, or `objects: why`. Only stages that views could have reached. */
  readonly shapes: ReadonlyMap<string, string>
}

type FragmentViews = Accumulator.FragmentShape & { readonly _tag: "Views" }

const plain = (kind: string): string => `a plain function of ${kind} takes objects`

const functionForm = (f: unknown, kind: FormKind): ViewForm | string => {
  const condition = kind === "Filter" ? Fields.conditionOf(f) : undefined
  if (condition !== undefined) return conditionForm(condition)
  const picked = kind === "Map" ? Fields.pickedOf(f) : undefined
  return picked === undefined ? (formOf(f)?.(kind) ?? plain(kind)) : pickForm(picked)
}

/** The form of a transform, or why it has none. */
const transformForm = (node: Graph.StageNode): ViewForm | string => {
  const { operation, errorPolicy } = node
  const { _tag } = operation
  if (_tag !== "Filter" && _tag !== "Map" && _tag !== "FlatMap") return plain(_tag)
  const form = functionForm(operation.f, _tag)
  if (typeof form === "string") return form
  if (errorPolicy._tag === "Fallback") return "its error policy falls back record by record"
  return unfusable(node) ?? form
}

class Shaper {
  private readonly graph: Graph.PipelineGraph
  private readonly incoming: ReadonlyMap<string, ReadonlyArray<Graph.Edge>>
  private readonly outgoing: ReadonlyMap<string, ReadonlyArray<Graph.Edge>>
  private readonly byId: ReadonlyMap<string, Graph.StageNode>
  /** What a stage could hand on as views. */
  private readonly layouts = new Map<string, ReadonlyArray<Views.Layout>>()
  private readonly forms = new Map<string, ViewForm>()
  private readonly taking = new Map<string, FragmentViews>()
  private readonly refusals = new Map<string, string>()
  /** Whether a stage hands on views. */
  private readonly emits = new Map<string, boolean>()
  /** The fields of a layout that a stage in front made: nobody can ask a parser for them. */
  private readonly computed = new Map<Views.Layout, ReadonlySet<string>>()

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
    for (const node of order.toReversed()) this.emits.set(node.id, this.handsOn(node))
    const shapes = new Map<string, string>()
    const nodes = this.graph.nodes.map((node) => {
      const text = this.textOf(node)
      if (text !== undefined) shapes.set(node.id, text)
      return this.formed(node)
    })
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
    if (operation._tag === "Merge") this.layouts.set(node.id, inputs)
    else if (operation._tag === "Accumulate") this.offerAccumulated(node, inputs)
    else if (operation._tag === "Sink") {
      if (operation.sink.views !== true) this.refusals.set(node.id, "the sink takes objects")
    } else this.offerTransformed(node, inputs)
  }

  private offerTransformed(node: Graph.StageNode, inputs: ReadonlyArray<Views.Layout>): void {
    const form = transformForm(node)
    if (typeof form === "string") {
      this.refusals.set(node.id, form)
      return
    }
    const { made } = form
    const layouts = made === undefined ? [] : inputs.map((layout) => made(layout))
    const lacking = layouts.findIndex((layout) => typeof layout === "string")
    if (lacking >= 0) {
      const kind = inputs[lacking]?.kind ?? "a record"
      this.refusals.set(node.id, `${kind} has no field "${layouts[lacking]}"`)
      return
    }
    this.forms.set(node.id, form)
    if (made === undefined) return
    const found = layouts as ReadonlyArray<Views.Layout>
    found.forEach((layout, i) => this.noteComputed(form, layout, inputs[i] as Views.Layout))
    this.layouts.set(node.id, found)
  }

  private noteComputed(form: ViewForm, layout: Views.Layout, input: Views.Layout): void {
    const before = this.computed.get(input)
    const names = layout.columns.flatMap(({ name }) => {
      const known = form.before(name)
      return known === undefined || before?.has(known) === true ? [name] : []
    })
    this.computed.set(layout, new Set(names))
  }

  private offerAccumulated(node: Graph.StageNode, inputs: ReadonlyArray<Views.Layout>): void {
    const { operation } = node
    if (operation._tag !== "Accumulate") return
    const shape = operation.accumulator.shapeFor?.(inputs)
    if (shape?._tag !== "Views") {
      this.refusals.set(node.id, shape?.reason ?? "the accumulator takes objects")
      return
    }
    const made = shape.needs.flatMap(({ hashes, key }, i) => {
      const names = this.computed.get(inputs[i] as Views.Layout)
      return [...hashes, ...(key ?? [])].filter((name) => names?.has(name))
    })
    const absent = shape.needs.flatMap(({ columns }, i) =>
      (inputs[i] as Views.Layout).columns.filter(
        (column) => "nullable" in column && column.nullable === true && columns.has(column.name)
      )
    )
    if (absent.length > 0) {
      this.refusals.set(node.id, `"${absent[0]?.name}", which it reads, may be null`)
      return
    }
    if (made.length > 0) {
      this.refusals.set(node.id, `"${made[0]}", which it looks up by, is computed`)
      return
    }
    this.layouts.set(node.id, [shape.output])
    this.taking.set(node.id, shape)
  }

  private handsOn(node: Graph.StageNode): boolean {
    const outgoing = this.outgoing.get(node.id) ?? []
    return (
      this.layouts.has(node.id) &&
      outgoing.length === 1 &&
      outgoing.every(({ to }) => this.takes(this.byId.get(to) as Graph.StageNode))
    )
  }

  private takes(node: Graph.StageNode): boolean {
    if (this.refusals.has(node.id) || this.inputs(node) === undefined) return false
    return node.operation._tag !== "Merge" || this.emits.get(node.id) === true
  }

  /** Whether views come to a stage that takes them. */
  private isFed(node: Graph.StageNode): boolean {
    const incoming = this.incoming.get(node.id) ?? []
    return incoming.length > 0 && incoming.every(({ from }) => this.emits.get(from) === true)
  }

  private whyNot(node: Graph.StageNode): string {
    if (!this.layouts.has(node.id)) return "they are what its function makes"
    for (const { to } of this.outgoing.get(node.id) ?? []) {
      const next = this.byId.get(to) as Graph.StageNode
      const refusal = this.refusals.get(to)
      if (refusal !== undefined) return `"${to}": ${refusal}`
      if (this.inputs(next) === undefined) return `"${to}" has an input of objects`
      if (next.operation._tag === "Merge") return this.whyNot(next)
    }
    return "it has several outputs"
  }

  /** What the plan says of a stage; nothing of one that views could not have reached. */
  private textOf(node: Graph.StageNode): string | undefined {
    const { operation } = node
    const refusal = this.refusals.get(node.id)
    if (refusal !== undefined) return `objects: ${refusal}`
    const emit = this.emits.get(node.id) === true
    if (operation._tag === "Source") {
      if (operation.source.views === undefined) return undefined
      return emit ? "views" : `objects: ${this.whyNot(node)}`
    }
    if (!this.isFed(node)) return undefined
    if (operation._tag === "Sink") return "views"
    if (!this.forms.has(node.id) && !this.taking.has(node.id)) return undefined
    return emit ? "views" : `views in, objects out: ${this.whyNot(node)}`
  }

  private formed(node: Graph.StageNode): Graph.StageNode {
    const { operation } = node
    const emit = this.emits.get(node.id) === true
    if (operation._tag === "Source") {
      const { views } = operation.source
      if (views === undefined || !emit) return node
      const open = views.open(this.needsOf(node, views.layout))
      return { ...node, operation: { ...operation, source: { ...operation.source, open } } }
    }
    if (!this.isFed(node)) return node
    const form = this.forms.get(node.id)
    if (form !== undefined) {
      const f = standsFor(form.operator(emit))
      return { ...node, operation: { _tag: "MapBatch", f } }
    }
    const shape = this.taking.get(node.id)
    if (operation._tag !== "Accumulate" || shape === undefined) return node
    const make = (host: Accumulator.AccumulatorHost) => shape.make(host, emit)
    const accumulator = { ...operation.accumulator, make }
    return { ...node, operation: { ...operation, accumulator } }
  }

  /** What is used of a layout by a stage with a form and by all behind it. */
  private needsOfForm(
    node: Graph.StageNode,
    layout: Views.Layout,
    { reads, made, before }: ViewForm
  ): Views.Needs {
    // The record as it came in is what a dead letter holds.
    const readsAll = reads === undefined || node.errorPolicy._tag === "DeadLetter"
    const all = [...Views.everything(layout).columns]
    const own = readsAll ? all : all.filter((name) => reads.includes(name.split(".")[0] as string))
    const nothing: Views.Needs = { columns: new Set(), hashes: new Set(), key: undefined }
    const handed = made === undefined ? undefined : this.madeOf(node, layout)
    const behind =
      handed === undefined
        ? nothing
        : this.emits.get(node.id) === true
          ? this.needsOf(node, handed)
          : Views.everything(handed)
    const known = (name: string): ReadonlyArray<string> => {
      const [outer = "", ...inner] = name.split(".")
      const found = before(outer)
      return found === undefined ? [] : [[found, ...inner].join(".")]
    }
    return {
      columns: new Set([...own, ...[...behind.columns].flatMap(known)]),
      hashes: new Set([...behind.hashes].flatMap(known)),
      key: behind.key?.flatMap(known)
    }
  }

  /** The layout that a stage with a form makes of one of its inputs. */
  private madeOf(node: Graph.StageNode, layout: Views.Layout): Views.Layout | undefined {
    const at = this.inputs(node)?.indexOf(layout) ?? -1
    return this.layouts.get(node.id)?.[at]
  }

  /** What the stages behind a stage use of its records. */
  private needsOf(node: Graph.StageNode, layout: Views.Layout): Views.Needs {
    const edge = this.outgoing.get(node.id)?.[0] as Graph.Edge
    const next = this.byId.get(edge.to) as Graph.StageNode
    if (next.operation._tag === "Merge") return undropped(edge, this.needsOf(next, layout))
    const form = this.forms.get(next.id)
    if (form !== undefined) {
      const needs = this.needsOfForm(next, layout, form)
      return form.where === undefined ? needs : undropped(edge, { ...needs, where: form.where })
    }
    const shape = this.taking.get(next.id)
    if (shape === undefined) return Views.everything(layout)
    const inputs = this.inputs(next) as ReadonlyArray<Views.Layout>
    return shape.needs[inputs.indexOf(layout)] as Views.Needs
  }
}

/** What a full channel drops is handed over whole: no condition may have left out half of it. */
const undropped = ({ channel }: Graph.Edge, needs: Views.Needs): Views.Needs =>
  channel.buffer.onFull === "block"
    ? needs
    : { columns: needs.columns, hashes: needs.hashes, key: needs.key }

const offersViews = (node: Graph.StageNode): boolean =>
  node.operation._tag === "Source" && node.operation.source.views !== undefined

const nothing: ReadonlyMap<string, string> = new Map()

/** Puts view forms in place. */
export const shaped = (graph: Graph.PipelineGraph): Shaped =>
  graph.nodes.some(offersViews) ? new Shaper(graph).shape() : { graph, shapes: nothing }
