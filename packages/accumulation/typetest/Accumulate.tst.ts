// What the types of accumulation promise: fragments, keys, states and outputs are inferred, and
// mistakes do not compile.
import * as Accumulate from "@sluice/accumulation/Accumulate"
import * as Aggregate from "@sluice/accumulation/Aggregate"
import * as Complete from "@sluice/accumulation/Complete"
import type { Fragments } from "@sluice/accumulation/Fragments"
import * as Merge from "@sluice/accumulation/Merge"
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Fields from "@sluice/core/Fields"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Source from "@sluice/core/Source"

/** True when two types are the same one. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

declare const same: <A, B>(equal: Same<A, B>) => void

interface Fragment {
  readonly subject: string
  readonly variable: string
  readonly value: number
}

const expire = { idle: "1 second" } as const
const key = (fragment: Fragment): string => fragment.subject

// Functions need the type of the fragment once, at the key.
const gathered = Accumulate.make({
  key: (fragment: Fragment) => fragment.subject,
  complete: (is) => is.slots({ slot: (fragment) => fragment.variable, required: ["id", "name"] }),
  output: (group) => {
    same<typeof group.key, string>(true)
    same<typeof group.state, Fragments<Fragment>>(true)
    return group.state.size
  },
  expire
})
same<typeof gathered, Accumulator.AccumulatorSpec<Fragment, number>>(true)

const summed = Accumulate.make({
  key: (fragment: Fragment) => fragment.value,
  complete: Complete.discoveredSlots({
    slot: (fragment: Fragment) => fragment.variable,
    declares: (fragment: Fragment) => (fragment.variable === "all" ? ["id"] : undefined)
  }),
  state: {
    init: (value) => ({ value, total: 0 }),
    add: (state, fragment) => {
      state.total += fragment.value
    }
  },
  output: (group) => {
    same<typeof group.key, number>(true)
    same<typeof group.state, { value: number; total: number }>(true)
    return `${group.state.total}`
  },
  expire
})
same<typeof summed, Accumulator.AccumulatorSpec<Fragment, string>>(true)

const merged = Accumulate.make({
  key,
  complete: Complete.any([Complete.items(3), Complete.count((f: Fragment) => f.value)]),
  state: Merge.struct({
    total: Merge.sum((fragment: Fragment) => fragment.value),
    names: Merge.set((fragment: Fragment) => fragment.variable)
  }),
  output: (group) => group.state.value,
  expire
})
same<
  typeof merged,
  Accumulator.AccumulatorSpec<
    Fragment,
    { readonly total: number; readonly names: ReadonlyArray<string> }
  >
>(true)

// It fits the stage whose records are fragments, and gives the pipeline its outputs.
const fragments = Pipeline.source("in", Source.fromIterable<Fragment>([]))
const assembled = fragments.pipe(Pipeline.accumulate("gather", gathered))
declare const takesNumbers: <E, R>(pipeline: Pipeline.Pipeline<number, E, R>) => void
takesNumbers(assembled)
declare const takesTexts: <E, R>(pipeline: Pipeline.Pipeline<string, E, R>) => void

// In a pipe the pipeline says what the fragments are, also where the key is made of fields.
const inPipe = fragments.pipe(
  Pipeline.accumulate(
    "gather",
    Accumulate.make({
      key: Fields.joined("subject"),
      complete: (is) => is.slots({ slot: (fragment) => fragment.variable, required: ["id"] }),
      size: (fragment) => fragment.value,
      output: (group) => {
        same<typeof group.key, string>(true)
        same<typeof group.state, Fragments<Fragment>>(true)
        return group.state.size
      },
      expire
    })
  )
)
same<typeof inPipe, Pipeline.Pipeline<number>>(true)

// Without a pipe such a description takes fragments of any kind.
const byField = Accumulate.make({
  key: Fields.of("subject"),
  complete: Complete.items(2),
  output: (group) => `${group.key}`,
  expire
})
same<typeof byField, Accumulator.AccumulatorSpec<unknown, string>>(true)
takesTexts(fragments.pipe(Pipeline.accumulate("gather", byField)))

// Figures make records of their names.
const figures = fragments.pipe(
  Pipeline.accumulate(
    "add up",
    Accumulate.make({
      ...Aggregate.of({
        subject: Aggregate.key,
        total: Aggregate.sum("value"),
        most: Aggregate.max("value")
      }),
      key: Fields.of("subject"),
      complete: Complete.never,
      expire
    })
  ),
  Pipeline.map("figures", ({ subject, total, most }) => ({ subject, total, most }))
)
same<typeof figures, Pipeline.Pipeline<{ subject: string; total: number; most: number | null }>>(
  true
)

// error: Property 'nothing' does not exist on type 'Fragment'
fragments.pipe(
  Pipeline.accumulate(
    "gather",
    Accumulate.make({
      key: (fragment) => fragment.nothing,
      complete: Complete.items(2),
      output: (group) => group.key,
      expire
    })
  )
)

const words = Pipeline.source("in", Source.fromIterable(["a"]))
// error: Fragment
words.pipe(Pipeline.accumulate("gather", gathered))

// error: Property 'nothing' does not exist
Accumulate.make({
  key,
  complete: (is) => is.slots({ slot: (fragment) => fragment.nothing, required: ["id"] }),
  output: (group) => group.key,
  expire
})

// A Map compares objects by identity, so a key is a string or a number.
// error: not assignable to type .*KeyValue
Accumulate.make({
  key: (fragment: Fragment) => ({ subject: fragment.subject }),
  complete: Complete.items(2),
  output: () => 1,
  expire
})

// error: total
Accumulate.make({
  key,
  complete: Complete.predicate((state: { readonly total: number }) => state.total > 1),
  output: (group) => group.key,
  expire
})

// error: "keep"
Accumulate.make({
  key,
  complete: Complete.items(2),
  output: (group) => group.key,
  expire: { idle: "1 second", emit: "keep" }
})
