// Names a function, source, sink, accumulator or custom stage by the module that exports it, so
// that a graph holding it can be written as JSON and loaded in another process. The value itself is
// not
// changed: the name is kept beside it, and goes when the value goes.

/** Where another process finds a value: the export of a module. */
export interface Ref {
  /** Package specifier or URL, usually the module's own `import.meta.url`. */
  readonly module: string
  /** Name of the export; `default` for the default export. */
  readonly export: string
}

const refs = new WeakMap<object, Ref>()

/**
 * Names a value and returns it.
 *
 * Shape: the same value, its type unchanged. Naming it again replaces the name.
 * Limits: it is not checked that the module exports the value under this name; reading the JSON
 * finds out. A closure over local values must not be named: the other process would not have them.
 *
 * @example
 * ```ts
 * import * as FunctionRef from "@sluice/core/FunctionRef"
 *
 * export const double = FunctionRef.make(import.meta.url, "double", (n: number) => n * 2)
 * ```
 */
export const make = <A extends object>(module: string, exportName: string, value: A): A => {
  refs.set(value, { module, export: exportName })
  return value
}

/** The name a value was given, or undefined. */
export const of = (value: unknown): Ref | undefined =>
  (typeof value === "object" && value !== null) || typeof value === "function"
    ? refs.get(value)
    : undefined
