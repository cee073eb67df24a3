// What an edge of the graph promises: how much it holds, what it does when full, and in which order
// it hands over. Plain data; the running channel is internal.
import type * as Policy from "./Policy.ts"

/**
 * Order promised on an edge.
 *
 * `Ordered`: the order of the source. `PartitionOrdered`: for equal keys the order of the source.
 * `Unordered`: none.
 */
export type ChannelOrdering =
  | { readonly _tag: "Unordered" }
  | { readonly _tag: "Ordered" }
  | { readonly _tag: "PartitionOrdered"; readonly key: (payload: never) => unknown }

/** An edge's buffer and order. */
export interface ChannelDescriptor {
  readonly buffer: Policy.BufferPolicy
  readonly ordering: ChannelOrdering
}

/** No order is promised. */
export const unordered = { _tag: "Unordered" } as const satisfies ChannelOrdering
/** The order of the source is promised. */
export const ordered = { _tag: "Ordered" } as const satisfies ChannelOrdering

/** An ordering whose key function knows the payload type; what stage options take. */
export type OrderingOf<A> =
  | { readonly _tag: "Unordered" }
  | { readonly _tag: "Ordered" }
  | { readonly _tag: "PartitionOrdered"; readonly key: (payload: A) => unknown }

/** For records of equal key the order of the source is promised, whatever the number of keys. */
export const partitionOrdered = <A>(key: (payload: A) => unknown): OrderingOf<A> => ({
  _tag: "PartitionOrdered",
  key
})
