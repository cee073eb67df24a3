// Random accumulators and random histories for them: few keys and slots, so that fragments meet.
import fc from "fast-check"
import * as Complete from "../../src/Complete.ts"
import type { Fragment, Options } from "./subject.ts"
import { options, slot } from "./subject.ts"

/** One step of a history. */
export type Step =
  | { readonly _tag: "Batch"; readonly fragments: ReadonlyArray<Omit<Fragment, "id">> }
  | { readonly _tag: "Time"; readonly ms: number }
  | { readonly _tag: "Fire" }

const keys = fc.constantFrom("a", "b", "c", "d", "e", "f")
const slots = fc.constantFrom("s", "t", "u", "v", "w")

const soundFragment: fc.Arbitrary<Omit<Fragment, "id">> = fc.record(
  {
    key: keys,
    slot: fc.option(slots, { nil: undefined, freq: 6 }),
    declares: fc.option(fc.uniqueArray(slots, { maxLength: 4 }), { nil: undefined, freq: 3 }),
    announces: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined, freq: 3 }),
    bytes: fc.integer({ min: 0, max: 9 })
  },
  { requiredKeys: ["key"] }
)

const badFragment: fc.Arbitrary<Omit<Fragment, "id">> = fc.oneof(
  fc.constant<Omit<Fragment, "id">>({ key: undefined }),
  fc
    .tuple(soundFragment, fc.constantFrom("key", "slot", "add", "output"))
    .map(([fragment, poison]): Omit<Fragment, "id"> => ({ ...fragment, poison }) as Fragment),
  soundFragment.map((fragment) => ({ ...fragment, announces: -1 }))
)

/** Fragments of which one in ten fails somewhere. */
export const fragments: fc.Arbitrary<Omit<Fragment, "id">> = fc.oneof(
  { arbitrary: soundFragment, weight: 9 },
  { arbitrary: badFragment, weight: 1 }
)

/** Fragments that all can be taken. */
export const soundFragments: fc.Arbitrary<Omit<Fragment, "id">> = soundFragment

/** A history; the clock may stand still or go back. */
export const histories: fc.Arbitrary<ReadonlyArray<Step>> = fc.array(
  fc.oneof(
    {
      arbitrary: fc
        .array(fragments, { maxLength: 12 })
        .map((list): Step => ({ _tag: "Batch", fragments: list })),
      weight: 4
    },
    {
      arbitrary: fc.integer({ min: -50, max: 400 }).map((ms): Step => ({ _tag: "Time", ms })),
      weight: 2
    },
    { arbitrary: fc.constant<Step>({ _tag: "Fire" }), weight: 1 }
  ),
  { maxLength: 30 }
)

const announced = Complete.count((fragment: Fragment) => fragment.announces)
const fixed = Complete.slots({ slot, required: ["s", "t", "u"] })
const discovered = Complete.discoveredSlots({ slot, declares: (f: Fragment) => f.declares })

/** Every kind of rule, alone and together. */
export const rules: fc.Arbitrary<Options["complete"]> = fc.oneof(
  fc.constant(fixed),
  fc.constant(discovered),
  fc.constant(announced),
  fc.integer({ min: 1, max: 5 }).map((n) => Complete.items(n)),
  fc.integer({ min: 1, max: 20 }).map((n) => Complete.bytes(n)),
  fc.constant(
    Complete.predicate((state: { readonly ids: ReadonlyArray<number> }) => {
      return state.ids.length >= 3
    })
  ),
  fc.constantFrom(
    Complete.any([discovered, Complete.items(4)]),
    Complete.any([announced, fixed]),
    Complete.any([Complete.bytes(15), fixed])
  )
)

const emit = fc.constantFrom<"partial" | "discard">("partial", "discard")
const optionalMs = fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined })

/** Accumulators with every combination of bounds. */
export const accumulators: fc.Arbitrary<Options> = fc
  .record({
    complete: rules,
    idle: fc.integer({ min: 1, max: 300 }),
    age: optionalMs,
    expireEmit: emit,
    limitEmit: emit,
    items: fc.option(fc.integer({ min: 5, max: 8 }), { nil: undefined }),
    bytes: fc.option(fc.integer({ min: 10, max: 40 }), { nil: undefined }),
    keys: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    atEnd: emit,
    late: fc.constantFrom<"drop" | "reopen">("drop", "reopen"),
    duplicates: fc.constantFrom<"accept" | "drop" | "fail">("accept", "drop", "fail"),
    tombstones: fc.record({
      max: fc.integer({ min: 0, max: 4 }),
      age: fc.integer({ min: 1, max: 300 })
    })
  })
  .map((g) =>
    options({
      complete: g.complete,
      expire: { idle: g.idle, ...(g.age !== undefined && { age: g.age }), emit: g.expireEmit },
      limits: {
        ...(g.items !== undefined && { items: g.items }),
        ...(g.bytes !== undefined && { bytes: g.bytes }),
        ...(g.keys !== undefined && { keys: g.keys }),
        emit: g.limitEmit
      },
      atEnd: g.atEnd,
      late: g.late,
      duplicates: g.duplicates,
      tombstones: g.tombstones
    })
  )
