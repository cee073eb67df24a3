// Sums, counts and bounds of the fragments of a key, described instead of programmed: one number a
// figure, however many fragments there are. As state and output for `Accumulate.make`; where the
// fragments come as views the figures are added up from their columns. No averages over time: see
// windows for that.
import type { StateOptions } from "./Accumulate.ts"
import type { Group } from "./Group.ts"

/** One figure of a key. Values that are no numbers (null, absent) do not count. */
export type Figure =
  | { readonly _tag: "Key" }
  | { readonly _tag: "Count" }
  | { readonly _tag: "Sum" | "Min" | "Max"; readonly name: string }

/** Figures by the name of the field they become. */
export type Figures = Readonly<Record<string, Figure>>

type FigureOf<Tag> = Figure & { readonly _tag: Tag }

type Value<F extends Figure> = F extends { readonly _tag: "Key" }
  ? string
  : F extends { readonly _tag: "Count" | "Sum" }
    ? number
    : number | null

/** The record that figures make. */
export type RecordOf<F extends Figures> = { readonly [K in keyof F]: Value<F[K]> }

/** The key as text. */
export const key: FigureOf<"Key"> = { _tag: "Key" }

/** How many fragments there were. */
export const count: FigureOf<"Count"> = { _tag: "Count" }

/** Sum of a field. */
export const sum = (name: string): FigureOf<"Sum"> => ({ _tag: "Sum", name })

/** Smallest value of a field; null when there was none. */
export const min = (name: string): FigureOf<"Min"> => ({ _tag: "Min", name })

/** Largest value of a field; null when there was none. */
export const max = (name: string): FigureOf<"Max"> => ({ _tag: "Max", name })

const described = Symbol.for("@sluice/accumulation/Aggregate")

/** The figures behind an output function, or undefined for any other function. */
export const figuresOf = (f: unknown): Figures | undefined =>
  typeof f === "function" ? (f as { readonly [described]?: Figures })[described] : undefined

/** Where a figure begins. */
export const initial = (figure: Figure): number =>
  figure._tag === "Min" || figure._tag === "Max" ? Number.NaN : 0

const added = (figure: Figure, before: number, fragment: object): number => {
  if (figure._tag === "Key") return before
  if (figure._tag === "Count") return before + 1
  const value = (fragment as Readonly<Record<string, unknown>>)[figure.name]
  if (typeof value !== "number" || Number.isNaN(value)) return before
  if (figure._tag === "Sum") return before + value
  if (figure._tag === "Min") return value < before || Number.isNaN(before) ? value : before
  return value > before || Number.isNaN(before) ? value : before
}

/** State and output of an accumulator that adds up. */
export interface Aggregation<F extends Figures = Figures> {
  readonly state: StateOptions<object, string | number, Array<number>>
  readonly output: (group: Group<string | number, Array<number>>) => RecordOf<F>
}

/**
 * The figures of each key as a record.
 *
 * Shape: one record a key, fields in the order given. A sum of nothing is 0.
 *
 * @example
 * ```ts
 * import * as Accumulate from "@sluice/accumulation/Accumulate"
 * import * as Aggregate from "@sluice/accumulation/Aggregate"
 * import * as Complete from "@sluice/accumulation/Complete"
 * import * as Fields from "@sluice/core/Fields"
 *
 * const perCity = Accumulate.make({
 *   ...Aggregate.of({ city: Aggregate.key, total: Aggregate.sum("amount") }),
 *   key: Fields.joined("city"),
 *   complete: Complete.never,
 *   timeBoundWaived: "the input ends"
 * })
 * ```
 */
export const of = <const F extends Figures>(figures: F): Aggregation<F> => {
  const list = Object.entries(figures)
  const add = (state: Array<number>, fragment: object): void => {
    list.forEach(([, figure], i) => {
      state[i] = added(figure, state[i] as number, fragment)
    })
  }
  const output = (group: Group<string | number, Array<number>>): RecordOf<F> =>
    // The names are those of the figures, and each value is of its figure.
    Object.fromEntries(
      list.map(([name, figure], i) => {
        if (figure._tag === "Key") return [name, String(group.key)]
        const value = group.state[i] as number
        return [name, Number.isNaN(value) ? null : value]
      })
    ) as RecordOf<F>
  return {
    state: { init: () => list.map(([, figure]) => initial(figure)), add },
    output: Object.assign(output, { [described]: figures })
  }
}
