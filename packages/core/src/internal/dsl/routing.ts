// Stages with several outputs or inputs: each output is a pipeline of its own.
// What becomes of a record that none takes, and the order behind a merge, are the engine's.
import * as Channel from "../../Channel.ts"
import type * as Graph from "../../Graph.ts"
import type { Pipeline } from "../../Pipeline.ts"
import type { Link, NodeOptions } from "../link.ts"
import { makeNode } from "../link.ts"
import type { BranchOptions, StageOptions } from "./options.ts"
import type { ErrorOf, ServicesOf } from "./stages.ts"
import { erased, open } from "./stages.ts"

type OutOf<P> = P extends Pipeline<infer Out, infer _E, infer _R> ? Out : never

/** The predicate of a branch's last route: everything the others left. */
export const otherwise = (): boolean => true

/** What a route lets through: the guard's type, or all. */
// biome-ignore lint/suspicious/noExplicitAny: a guard's parameter can be matched by nothing else
type Routed<A, Predicate> = Predicate extends (payload: any) => payload is infer B ? B : A

const ports = <A, E, R, Names extends string>(
  self: Pipeline<A, E, R>,
  id: string,
  mode: Graph.BranchMode,
  names: ReadonlyArray<Names>,
  options: NodeOptions | undefined
): { readonly [K in Names]: Pipeline<A, E, R> } => {
  const link: Link = {
    node: makeNode(id, "branch", { _tag: "Branch", mode }, options),
    inputs: [self.end]
  }
  const outputs = names.map((name) => [name, open<A, E, R>({ link, port: name })] as const)
  return Object.fromEntries(outputs) as { readonly [K in Names]: Pipeline<A, E, R> }
}

/**
 * Sends each record to the first route whose predicate holds; a record that matches none is dropped
 * and counted.
 *
 * Shape: one in, one pipeline per route out. Order is kept within a route. Every route must be
 * continued.
 */
export const branch =
  <A, const Routes extends Readonly<Record<string, (payload: A) => boolean>>>(
    id: string,
    routes: Routes,
    options?: BranchOptions
  ) =>
  <E, R>(
    self: Pipeline<A, E, R>
  ): { readonly [K in keyof Routes]: Pipeline<Routed<A, Routes[K]>, E, R> } => {
    const list = Object.entries(routes).map(([port, when]) => ({ port, when: erased(when) }))
    const outputs = ports(self, id, { _tag: "Predicate", routes: list }, Object.keys(routes), {
      ...options
    })
    return outputs as { readonly [K in keyof Routes]: Pipeline<Routed<A, Routes[K]>, E, R> }
  }

/**
 * Sends every record to each of the named outputs. Payloads are shared, not copied: treat them as
 * immutable.
 *
 * Flow: the slowest output sets the pace, unless its buffer drops.
 */
export const broadcast =
  <const Name extends string>(id: string, names: ReadonlyArray<Name>, options?: StageOptions) =>
  <A, E, R>(self: Pipeline<A, E, R>): { readonly [K in Name]: Pipeline<A, E, R> } =>
    ports(self, id, { _tag: "Broadcast", ports: names }, names, { ...options })

/** Splits by a hash of the key: records of one key always take the same output, in order. */
export const partition: {
  <A, const Name extends string>(
    id: string,
    names: ReadonlyArray<Name>,
    key: (payload: NoInfer<A>) => unknown,
    options?: BranchOptions
  ): <E, R>(self: Pipeline<A, E, R>) => { readonly [K in Name]: Pipeline<A, E, R> }
  <A, const Name extends string>(
    id: string,
    names: ReadonlyArray<Name>,
    key: (payload: A) => unknown,
    options?: BranchOptions
  ): <In extends A, E, R>(self: Pipeline<In, E, R>) => { readonly [K in Name]: Pipeline<In, E, R> }
} =
  <A, const Name extends string>(
    id: string,
    names: ReadonlyArray<Name>,
    key: (payload: A) => unknown,
    options?: BranchOptions
  ) =>
  <In extends A, E, R>(self: Pipeline<In, E, R>): { readonly [K in Name]: Pipeline<In, E, R> } =>
    ports(self, id, { _tag: "Partition", ports: names, key: erased(key) }, names, { ...options })

/**
 * Joins several pipelines into one, in the order of arrival.
 *
 * Flow: all inputs share one bounded channel; completes when all have. Order is kept per input, not
 * between them.
 */
export const merge = <const Inputs extends ReadonlyArray<Pipeline<unknown, unknown, unknown>>>(
  id: string,
  inputs: Inputs,
  options?: StageOptions
): Pipeline<OutOf<Inputs[number]>, ErrorOf<Inputs[number]>, ServicesOf<Inputs[number]>> => {
  const ordering = inputs.length > 1 ? Channel.unordered : Channel.ordered
  const node = makeNode(id, "merge", { _tag: "Merge" }, { ...options, ordering })
  return open({ link: { node, inputs: inputs.map((input) => input.end) }, port: "out" })
}
