// Completion rules: when has a key everything it needs? Descriptions only, as plain data and the
// user's functions; the machine looks after every fragment. They bound neither time nor memory:
// `expire` and `limits` of `Accumulate.make` do.
import type { Slot } from "./internal/slotTable.ts"

/** What a slot is called: compared by content. */
export type { Slot } from "./internal/slotTable.ts"

/**
 * Several fragments fill one slot, one of each part: a reading has a value and a status. Reports
 * name them `status:temperature`. It spares building such names per fragment.
 */
export interface Parts<in In> {
  readonly required: ReadonlyArray<string>
  /** One of `required`; asked of fragments that have a slot. */
  readonly of: (fragment: In) => string
}

/** Every slot of a fixed list is filled. */
export interface Slots<in In> {
  readonly _tag: "Slots"
  readonly name: string
  readonly slot: (fragment: In) => Slot | undefined
  readonly parts: Parts<In> | undefined
  readonly required: ReadonlyArray<Slot>
}

/** Every slot that some fragment declares is filled. */
export interface DiscoveredSlots<in In> {
  readonly _tag: "DiscoveredSlots"
  readonly name: string
  readonly slot: (fragment: In) => Slot | undefined
  readonly parts: Parts<In> | undefined
  readonly declares: (fragment: In) => ReadonlyArray<Slot> | undefined
  readonly declaredBy: string
}

/** As many fragments as the data announces. */
export interface Announced<in In> {
  readonly _tag: "Announced"
  readonly name: string
  readonly announces: (fragment: In) => number | undefined
}

/** A number of fragments, or of bytes. */
export interface Amount {
  readonly _tag: "Items" | "Bytes"
  readonly name: string
  readonly amount: number
}

/** A test of the state. */
export interface Predicate<in State> {
  readonly _tag: "Predicate"
  readonly name: string
  readonly test: (state: State) => boolean
}

/** The first of several rules. */
export interface FirstOf<in In, in State> {
  readonly _tag: "Any"
  readonly rules: ReadonlyArray<Rule<In, State>>
}

/** When a key is complete. `In` is the fragment, `State` what is gathered of a key. */
export type Rule<In, State> =
  | Slots<In>
  | DiscoveredSlots<In>
  | Announced<In>
  | Amount
  | Predicate<State>
  | FirstOf<In, State>

/** The name under which a rule stands in `acc.reason`; default: its kind. */
export interface Named {
  readonly name?: string
}

/** What `slots` needs to know. */
export interface SlotsOptions<in In> extends Named {
  readonly slot: (fragment: In) => Slot | undefined
  readonly parts?: Parts<In>
  readonly required: ReadonlyArray<Slot>
}

/** What `discoveredSlots` needs to know. */
export interface DiscoveredSlotsOptions<in In> extends Named {
  readonly slot: (fragment: In) => Slot | undefined
  readonly parts?: Parts<In>
  readonly declares: (fragment: In) => ReadonlyArray<Slot> | undefined
  readonly declaredBy?: string
}

/**
 * Complete once each required slot has a fragment; with `parts`, one of each part.
 *
 * Limits: a fragment without slot (undefined) or for a slot not listed is gathered and brings no
 * progress; so does a second one for a filled slot (see `duplicates`).
 */
export const slots = <In>(options: SlotsOptions<In>): Slots<In> => ({
  _tag: "Slots",
  name: options.name ?? "slots",
  slot: options.slot,
  parts: options.parts,
  required: options.required
})

/**
 * Complete once the required set is declared and all there, whichever comes first; with `parts`,
 * each declared slot needs a fragment of each part.
 *
 * Shape: `declares` returns the names a fragment declares, undefined for one that declares none;
 * what several fragments declare adds up.
 * Limits: the result is independent of order when one fragment declares all, or each declaring one
 * is itself required. `declaredBy` is what reports say is missing before anything was declared.
 */
export const discoveredSlots = <In>(options: DiscoveredSlotsOptions<In>): DiscoveredSlots<In> => ({
  _tag: "DiscoveredSlots",
  name: options.name ?? "slots",
  slot: options.slot,
  parts: options.parts,
  declares: options.declares,
  declaredBy: options.declaredBy ?? "(declaration)"
})

/**
 * Complete once so many fragments are there: a number, or what the data announces.
 *
 * Shape: a function returns the announced number, or undefined for a fragment that announces none;
 * of several the largest holds. Every fragment counts, duplicates included.
 * Errors: a returned number that is not whole or below 1 fails the fragment.
 */
export const count = <In = unknown>(
  expected: number | ((fragment: In) => number | undefined),
  options?: Named
): Announced<In> | Amount =>
  typeof expected === "number"
    ? { _tag: "Items", name: options?.name ?? "count", amount: expected }
    : { _tag: "Announced", name: options?.name ?? "count", announces: expected }

/** Complete with the n-th fragment of a key, for cutting into groups. */
export const items = (amount: number, options?: Named): Amount => ({
  _tag: "Items",
  name: options?.name ?? "items",
  amount
})

/** Complete once the fragments of a key weigh so much; see the option `size`. */
export const bytes = (amount: number, options?: Named): Amount => ({
  _tag: "Bytes",
  name: options?.name ?? "bytes",
  amount
})

/** Complete once the state passes a test, asked after every fragment. */
export const predicate = <State>(
  test: (state: State) => boolean,
  options?: Named
): Predicate<State> => ({ _tag: "Predicate", name: options?.name ?? "predicate", test })

/** Never by itself: keys leave at the end of the input, by time or by a limit, as partials. */
export const never: Predicate<unknown> = predicate(() => false, { name: "never" })

/**
 * Complete as soon as one of the rules is; its name is the reason, the first listed winning a tie.
 */
export const any = <In, State>(rules: ReadonlyArray<Rule<In, State>>): FirstOf<In, State> => ({
  _tag: "Any",
  rules
})
