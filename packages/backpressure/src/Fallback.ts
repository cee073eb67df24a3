// Fallback routes: the next one is tried when the one before it failed.
// Guarantees: routes are tried in order, once each; the answer says which one served, the failure
// says what each of them failed with. Defects and interruptions are not routed around.
import * as Effect from "effect/Effect"

/** A way to get an answer. */
export interface Route<A, E, R> {
  readonly name: string
  readonly call: Effect.Effect<A, E, R>
}

/** An answer and who gave it. */
export interface Served<A> {
  readonly route: string
  readonly value: A
}

/** No route served; one failure for each, in order. */
export interface AllRoutesFailed<E> {
  readonly _tag: "AllRoutesFailed"
  readonly failures: ReadonlyArray<{ readonly route: string; readonly error: E }>
  readonly message: string
}

/** Tries the routes in order. */
export const routes = <A, E, R>(
  list: readonly [Route<A, E, R>, ...ReadonlyArray<Route<A, E, R>>]
): Effect.Effect<Served<A>, AllRoutesFailed<E>, R> => {
  type Failures = AllRoutesFailed<E>["failures"]
  const from = (
    index: number,
    failures: Failures
  ): Effect.Effect<Served<A>, AllRoutesFailed<E>, R> => {
    const route = list[index]
    if (route === undefined) {
      const names = failures.map((failure) => `"${failure.route}"`).join(", ")
      const message = `no route served (${names} failed): mend one of them or add another`
      return Effect.fail({ _tag: "AllRoutesFailed", failures, message })
    }
    return Effect.matchEffect(route.call, {
      onSuccess: (value) => Effect.succeed({ route: route.name, value }),
      onFailure: (error) => from(index + 1, [...failures, { route: route.name, error }])
    })
  }
  return from(0, [])
}
