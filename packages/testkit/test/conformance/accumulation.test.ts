// The accumulators of @sluice/accumulation keep the contract.
import * as Accumulate from "@sluice/accumulation/Accumulate"
import * as Complete from "@sluice/accumulation/Complete"
import { accumulatorConformance } from "../../src/Conformance.ts"
import type { Fragment, Gathered } from "../../src/ConformanceRules.ts"

const byName = ([a]: readonly [string, number], [b]: readonly [string, number]): number =>
  a < b ? -1 : 1

accumulatorConformance({
  name: "Accumulate.make with slots",
  make: ({ slots, idleMs, keysMax, tombstonesMax, atEnd, late }) =>
    Accumulate.make({
      key: (fragment: Fragment) => fragment.key,
      complete: Complete.slots({ slot: (fragment: Fragment) => fragment.slot, required: slots }),
      state: {
        init: () => new Map<string, number>(),
        add: (state: Map<string, number>, fragment: Fragment) => {
          if (fragment.poisoned === true) throw new Error("poisoned")
          state.set(fragment.slot, fragment.value)
        }
      },
      output: ({ key, state, isComplete }): Gathered => ({
        key,
        values: Object.fromEntries([...state].toSorted(byName)),
        complete: isComplete
      }),
      expire: { idle: idleMs },
      limits: { keys: keysMax },
      tombstones: { max: tombstonesMax },
      atEnd,
      late
    })
})
