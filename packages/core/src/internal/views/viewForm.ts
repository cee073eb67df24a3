// What a stage says of itself so that it may run on views: which fields it reads, what it hands on,
// and which operator does it. Stages of conditions and picks have such a form, and functions made
// by Row. A plain function has none.
import type { Condition } from "../../Fields.ts"
import type * as Graph from "../../Graph.ts"
import type { Layout } from "../../Views.ts"
import type { Operator } from "../runtime/operator.ts"
import type { Run } from "../runtime/run.ts"

/** Makes the operator of a stage. */
export type MakeOperator = (run: Run, node: Graph.StageNode, next: Operator | undefined) => Operator

/** A stage on views. */
export interface ViewForm {
  /** The fields it reads itself; undefined: it may read every one. */
  readonly reads: ReadonlyArray<string> | undefined
  /**
   * The layout it hands on, or the name of a field that it needs and this one lacks; undefined
   * where what it makes are objects.
   */
  readonly made: ((layout: Layout) => Layout | string) | undefined
  /** What a field it hands on is called before it; undefined for one that it makes. */
  readonly before: (name: string) => string | undefined
  /** What it lets through, where it can say so: a parser may then leave the others unread. */
  readonly where?: Condition
  readonly operator: (emitsViews: boolean) => MakeOperator
}

const form = Symbol.for("@sluice/core/viewForm")
const operator = Symbol("view operator")

/** The stages that take functions of records. */
export type FormKind = "Filter" | "Map" | "FlatMap"

/** The form of a function in a stage of a kind; a sentence says why it has none there. */
export type FormOf = (kind: FormKind) => ViewForm | string

/** Gives a function a form. */
export const withForm = <F extends (...args: never) => unknown>(f: F, formOf: FormOf): F =>
  Object.assign(f, { [form]: formOf })

/** The form that a function was given, if any. */
export const formOf = (f: unknown): FormOf | undefined =>
  typeof f === "function" ? (f as { readonly [form]?: FormOf })[form] : undefined

/** A batch function that stands for an operator of its own. */
export const standsFor = (make: MakeOperator): ((items: never) => never) =>
  Object.assign(
    (): never => {
      throw new Error("a stage of views was handed objects")
    },
    { [operator]: make }
  )

/** The operator a batch function stands for, or undefined for any other function. */
export const operatorOf = (f: unknown): MakeOperator | undefined =>
  typeof f === "function" ? (f as { readonly [operator]?: MakeOperator })[operator] : undefined
