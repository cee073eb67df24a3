// Sources that follow a script: items, waits on the run's clock, a failure, the end. No test that
// uses one waits for a wall clock.
import * as Source from "@sluice/core/Source"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** One step of a script. */
export type Step<A, E = never> =
  | { readonly _tag: "Items"; readonly items: ReadonlyArray<A> }
  | { readonly _tag: "Wait"; readonly duration: Duration.Duration }
  | { readonly _tag: "Failure"; readonly error: E }
  | { readonly _tag: "End" }

/** One record. */
export const item = <A>(payload: A): Step<A> => ({ _tag: "Items", items: [payload] })

/** Several records that arrive together, as one batch. */
export const items = <A>(payloads: ReadonlyArray<A>): Step<A> => ({
  _tag: "Items",
  items: payloads
})

/** Nothing for so long, by the run's clock. */
export const wait = (duration: Duration.Input): Step<never> => ({
  _tag: "Wait",
  duration: Duration.fromInputUnsafe(duration)
})

/** The source fails; what stands behind is not read. */
export const failure = <E>(error: E): Step<never, E> => ({ _tag: "Failure", error })

/** The source ends; what stands behind is not read. A script without one ends behind its last. */
export const end: Step<never> = { _tag: "End" }

/**
 * A source that follows a script, from its beginning each time it is opened.
 *
 * Flow: one step per pull, waits by the run's clock, so time under a virtual clock costs nothing.
 */
export const source = <A, E = never>(steps: ReadonlyArray<Step<A, E>>): Source.Source<A, E> =>
  Source.make(
    "scripted",
    Effect.sync((): Source.SourceReader<A, E> => {
      let position = 0
      const pull = (): ReturnType<Source.SourceReader<A, E>["pull"]> => {
        const step = steps[position]
        if (step === undefined || step._tag === "End") return undefined
        if (step._tag === "Failure") return Effect.fail(step.error)
        position++
        if (step._tag === "Items") return { items: step.items, bytes: 0, provenance: undefined }
        return Effect.as(Effect.sleep(step.duration), {
          items: [],
          bytes: 0,
          provenance: undefined
        })
      }
      return { pull }
    })
  )
