// The registry of runs that name none in their options. A file of its own: engines look here, and
// must not load what reads policy files.
import * as Context from "effect/Context"
import type { Policies } from "../../Policies.ts"

/** None by default. */
export const Registry: Context.Reference<Policies | undefined> = Context.Reference<
  Policies | undefined
>("@sluice/core/Policies", { defaultValue: () => undefined })
