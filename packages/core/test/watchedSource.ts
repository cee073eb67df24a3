// An endless source that tells what was done to it, and a pause in which all that can happen does:
// for tests of adapters, which must not read ahead of whoever reads them.
import * as Effect from "effect/Effect"
import * as Source from "../src/Source.ts"

/** Lets everything that can run do so, timers of zero milliseconds and streams included. */
export const settle: Effect.Effect<void> = Effect.promise(async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
})

/** What was done to a source. */
export interface Told {
  pulled: number
  closed: number
}

/**
 * The number of each pull, from 1 on, `copies` times; or no answer at all.
 */
export const watchedSource = (
  options: { readonly copies?: number; readonly silent?: boolean } = {}
): { readonly told: Told; readonly source: Source.Source<number> } => {
  const { copies = 1, silent = false } = options
  const told = { pulled: 0, closed: 0 }
  const open = Effect.acquireRelease(Effect.void, () => Effect.sync(() => void told.closed++))
  const pull = () => {
    told.pulled++
    if (silent) return Effect.never
    const items = Array.from({ length: copies }, () => told.pulled)
    return { items, bytes: 0, provenance: undefined }
  }
  return { told, source: Source.make("watched", Effect.as(open, { pull })) }
}
