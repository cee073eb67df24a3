// A driver with an accumulator of three items per key, and fragments in short.
import * as Complete from "../../src/Complete.ts"
import { Driver } from "./properties.ts"
import type { Fragment } from "./subject.ts"
import { make, options } from "./subject.ts"

export const idle = { idle: "1 second" } as const

/** A driver; `rest` replaces options. */
export const driver = (rest: Partial<Parameters<typeof options>[0]> = {}): Driver =>
  new Driver(make, options({ complete: Complete.items(3), expire: idle, ...rest }))

/** A fragment of a key. */
export const of = (key: string, fields: Partial<Fragment> = {}): Omit<Fragment, "id"> => ({
  key,
  ...fields
})
