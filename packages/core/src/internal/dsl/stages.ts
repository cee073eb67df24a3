// How the DSL makes pipelines: a stage is a node linked to the output before it. Its types are
// those the public functions give; here they are erased.
import * as Duration from "effect/Duration"
import { pipeArguments } from "effect/Pipeable"
import type * as Channel from "../../Channel.ts"
import type * as Graph from "../../Graph.ts"
import { kindOf } from "../../Graph.ts"
import type { Closed, Pipeline } from "../../Pipeline.ts"
import type * as Policy from "../../Policy.ts"
import type { Link, NodeOptions, Port } from "../link.ts"
import { makeNode } from "../link.ts"
import type { EffectOptions } from "./options.ts"

/** Marks pipelines. */
export const TypeId = "~sluice/Pipeline"

/** What pipelines may fail with. */
export type ErrorOf<P> = P extends { readonly [TypeId]: { readonly _E: (_: never) => infer E } }
  ? E
  : never

/** What pipelines need. */
export type ServicesOf<P> = P extends { readonly [TypeId]: { readonly _R: (_: never) => infer R } }
  ? R
  : never

const proto = {
  [TypeId]: { _Out: (_: never) => _, _E: (_: never) => _, _R: (_: never) => _ },
  pipe() {
    return pipeArguments(this, arguments)
  }
}

/** A pipeline that ends in an output. */
export const open = <Out, E, R>(end: Port): Pipeline<Out, E, R> =>
  Object.assign(Object.create(proto), { end })

/** A pipeline that ends in sinks. */
export const closed = <E, R>(
  id: string,
  ends: ReadonlyArray<Link>,
  meta: Readonly<Record<string, string>>
): Closed<E, R> => Object.assign(Object.create(proto), { id, ends, meta })

/** A function whose types the DSL has checked. */
export const erased = (f: (...args: ReadonlyArray<never>) => unknown): Graph.ErasedFunction => f

const millisOf = (duration: Duration.Input | undefined): number | undefined =>
  duration === undefined ? undefined : Duration.toMillis(Duration.fromInputUnsafe(duration))

/** Options as settings of a node. */
export const nodeOptions = <A, B>(options: EffectOptions<A, B> | undefined): NodeOptions => {
  const onError = options?.onError
  const fallback = onError !== undefined && "fallback" in onError ? onError.fallback : undefined
  return {
    ...options,
    parallelism: options?.concurrency ?? options?.parallelism,
    onError:
      fallback === undefined ? (onError as Policy.ErrorPolicy | undefined) : { _tag: "Fallback" },
    fallback: fallback === undefined ? undefined : erased(fallback),
    ordering: options?.ordering as Channel.ChannelOrdering | undefined,
    timeoutMs: millisOf(options?.timeout),
    deadlineMs: millisOf(options?.deadline)
  }
}

/** A pipeline with one stage more. */
export const append = <Out, E, R>(
  self: Pipeline<unknown, unknown, unknown>,
  id: string,
  operation: Graph.Operation,
  options?: NodeOptions
): Pipeline<Out, E, R> => {
  const node = makeNode(id, kindOf(operation._tag), operation, options)
  return open({ link: { node, inputs: [self.end], promise: options?.ordering }, port: "out" })
}
