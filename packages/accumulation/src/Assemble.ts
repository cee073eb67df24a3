// Outputs described instead of programmed: which fields of which fragments make the record of a
// key. As a function for `Accumulate.make` it builds the object; where the fragments come as views
// the same description writes the record from bytes. It computes nothing.
import type { Fragments } from "./Fragments.ts"
import type { Group } from "./Group.ts"

/** Where a field of an element comes from. */
export type ElementPart =
  | { readonly _tag: "Own"; readonly name: string }
  | { readonly _tag: "Joined"; readonly kind: string; readonly name: string }

/** Where a field of the record comes from. */
export type Part =
  | { readonly _tag: "Key" }
  | { readonly _tag: "Own"; readonly name: string }
  | { readonly _tag: "First"; readonly kind: string; readonly name: string }
  | {
      readonly _tag: "Elements"
      readonly group: string
      readonly by: string
      readonly fields: Readonly<Record<string, ElementPart>>
    }

/** A described output: the kind of the fragment that leads, and the fields in order. */
export interface Assembly {
  readonly head: string
  readonly fields: Readonly<Record<string, Part>>
}

const described = Symbol.for("@sluice/accumulation/Assemble")

/** The description behind an output function, or undefined for any other function. */
export const assemblyOf = (f: unknown): Assembly | undefined =>
  typeof f === "function" ? (f as { readonly [described]?: Assembly })[described] : undefined

/** The key as text. */
export const key: Part = { _tag: "Key" }

/** A field of the fragment that leads; null where that has not arrived. */
export const own = (name: string): Part & ElementPart => ({ _tag: "Own", name })

/** A field of the first fragment of a kind, in the order of `Fragments`; null where none came. */
export const first = (kind: string, name: string): Part => ({ _tag: "First", kind, name })

/** A field of the fragment of a kind that fills the element's slot; null where it is missing. */
export const joined = (kind: string, name: string): ElementPart => ({ _tag: "Joined", kind, name })

/**
 * One element for each of a group of the leading fragment, joined with the fragments whose field
 * `by` has the value that the element's field `by` has.
 */
export const elements = (
  group: string,
  by: string,
  fields: Readonly<Record<string, ElementPart>>
): Part => ({ _tag: "Elements", group, by, fields })

type Values = Readonly<Record<string, unknown>>

const valueOf = (record: Values | undefined, name: string): unknown => record?.[name] ?? null

/**
 * The record of a key: fields of its fragment of kind `head` (its `_tag`), and for each element of
 * one of its groups the fragments that fill the element's slot.
 *
 * Shape: one record a key; of several fragments in one place the first counts, in the order of
 * `Fragments`. Fields of what has not arrived are null, a missing group is empty.
 *
 * @example
 * ```ts
 * import * as Assemble from "@sluice/accumulation/Assemble"
 *
 * const order = Assemble.record("Order", {
 *   id: Assemble.key,
 *   lines: Assemble.elements("lines", "sku", {
 *     sku: Assemble.own("sku"),
 *     price: Assemble.joined("Price", "amount")
 *   })
 * })
 * ```
 */
export const record = <Out = Values>(
  head: string,
  fields: Readonly<Record<Extract<keyof Out, string>, Part>>
): (<In extends object, Key extends string | number>(group: Group<Key, Fragments<In>>) => Out) => {
  const assembly: Assembly = { head, fields }
  const make = <In extends object, Key extends string | number>(
    group: Group<Key, Fragments<In>>
  ): Out => {
    const all = group.state.all as ReadonlyArray<object> as ReadonlyArray<Values>
    const leading = all.find((each) => each._tag === head)
    const made: Record<string, unknown> = {}
    for (const [name, part] of Object.entries<Part>(fields))
      made[name] = fieldOf(part, group.key, leading, all)
    return made as Out
  }
  return Object.assign(make, { [described]: assembly })
}

const fieldOf = (
  part: Part,
  groupKey: unknown,
  leading: Values | undefined,
  all: ReadonlyArray<Values>
): unknown => {
  switch (part._tag) {
    case "Key":
      return String(groupKey)
    case "Own":
      return valueOf(leading, part.name)
    case "First":
      return valueOf(
        all.find((each) => each._tag === part.kind),
        part.name
      )
    case "Elements": {
      const group = (leading?.[part.group] ?? []) as ReadonlyArray<Values>
      return group.map((element) => elementOf(part, element, all))
    }
  }
}

const elementOf = (
  part: Part & { readonly _tag: "Elements" },
  element: Values,
  all: ReadonlyArray<Values>
): unknown => {
  const made: Record<string, unknown> = {}
  for (const [name, each] of Object.entries(part.fields)) {
    const from =
      each._tag === "Own"
        ? element
        : all.find((other) => other._tag === each.kind && other[part.by] === element[part.by])
    made[name] = valueOf(from, each.name)
  }
  return made
}
