// Every rule over every described state, on bytes as in the object table: the same answers, the
// same failures and the same counts at every step of any history.
import * as Fields from "@sluice/core/Fields"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Accumulate from "../../src/Accumulate.ts"
import * as Aggregate from "../../src/Aggregate.ts"
import * as Assemble from "../../src/Assemble.ts"
import * as Complete from "../../src/Complete.ts"
import type { Bounds, Fragment } from "../support/byteHistories.ts"
import { bounds, replay, step } from "../support/byteHistories.ts"
import type { Language } from "../support/languages.ts"
import { languages, takenByPrograms } from "../support/languages.ts"

const word = Fields.of("word")
const parts = { required: ["Left", "Right"], of: Fields.kind }
const announced = Fields.of("announced") as (fragment: object) => number | undefined
const declares = Fields.each("words", "word") as (fragment: object) => ReadonlyArray<string>

type Rule = Complete.Rule<Fragment, unknown>

/** Rules that read fields; the slots of some can join the elements of a record. */
const counts: Readonly<Record<string, Rule>> = {
  items: Complete.items(3),
  bytes: Complete.bytes(30),
  announced: Complete.count(announced),
  never: Complete.never
}
const byWord: Readonly<Record<string, Rule>> = {
  discovered: Complete.discoveredSlots({ slot: word, parts, declares }),
  fixed: Complete.slots({ slot: word, parts, required: ["s", "t", "a_longer_word_than_others"] }),
  fixedFew: Complete.slots({ slot: word, parts, required: ["s"] })
}
const byKind: Readonly<Record<string, Rule>> = {
  kinds: Complete.slots({ slot: Fields.kind, required: ["Head", "Left", "Right"] })
}
const byField: Readonly<Record<string, Rule>> = {
  choice: Complete.slots({ slot: Fields.of("pos"), required: ["noun", "verb"] }),
  fixedMixed: Complete.slots({ slot: word, required: ["s", "t"] }),
  discoveredMixed: Complete.discoveredSlots({ slot: word, declares })
}
const others = { ...byKind, ...byField }
const anyOf = (rules: Readonly<Record<string, Rule>>): Readonly<Record<string, Rule>> => {
  const list = Object.entries(rules)
  return Object.fromEntries(
    list.map(([name, rule]) => [
      `${name} or count`,
      Complete.any<Fragment, unknown>([rule, Complete.items(5), Complete.count(announced)])
    ])
  )
}

const elements = Assemble.record("Head", {
  id: Assemble.key,
  title: Assemble.own("title"),
  words: Assemble.elements("words", "word", {
    x: Assemble.joined("Left", "x"),
    weight: Assemble.own("weight"),
    y: Assemble.joined("Right", "y"),
    pos: Assemble.joined("Right", "pos")
  }),
  firstX: Assemble.first("Left", "x"),
  firstTitle: Assemble.first("Head", "title")
})

/** Every fragment is taken by programs, where a rule of slots is all there is. */
const plain = Assemble.record("Head", {
  id: Assemble.key,
  flag: Assemble.own("flag"),
  words: Assemble.elements("words", "word", {
    x: Assemble.joined("Left", "x"),
    weight: Assemble.own("weight"),
    y: Assemble.joined("Right", "y")
  })
})

const owned = Assemble.record("Head", {
  title: Assemble.own("title"),
  flag: Assemble.own("flag"),
  id: Assemble.key
})

const firsts = Assemble.record("Head", {
  y: Assemble.first("Right", "y"),
  flag: Assemble.own("flag"),
  id: Assemble.key,
  pos: Assemble.first("Right", "pos"),
  x: Assemble.first("Left", "x")
})

const figures = Aggregate.of({
  key: Aggregate.key,
  n: Aggregate.count,
  sum: Aggregate.sum("x"),
  low: Aggregate.min("size"),
  high: Aggregate.max("announced")
})

const predicates: Readonly<Record<string, Complete.Rule<Fragment, Array<number>>>> = {
  predicate: Complete.predicate((state: Array<number>) => (state[1] as number) >= 3),
  "predicate that throws": Complete.any([
    Complete.predicate((state: Array<number>) => {
      if (state[3] === 3) throw new Error(`no ${state[3]}`)
      return (state[4] as number) > 5
    }),
    Complete.items(6)
  ])
}

const sized = [undefined, Fields.of("size") as (fragment: Fragment) => number]

type Assembled = typeof elements | typeof plain | typeof owned

const assembled = (output: Assembled, complete: Rule) => (options: Bounds, size: number) =>
  Accumulate.make({
    ...options,
    ...(sized[size] === undefined ? {} : { size: sized[size] }),
    key: Fields.joined("key"),
    complete,
    output
  })

const summed =
  (complete: Complete.Rule<Fragment, Array<number>>) => (options: Bounds, size: number) =>
    Accumulate.make<Fragment, string | number, Record<string, unknown>, Array<number>>({
      ...options,
      ...(sized[size] === undefined ? {} : { size: sized[size] }),
      ...figures,
      key: Fields.joined("key"),
      complete
    })

const cases = [
  ...Object.entries({ ...counts, ...anyOf(byWord) }).map(
    ([name, rule]) => [`elements, ${name}`, assembled(elements, rule)] as const
  ),
  ...Object.entries({ ...counts, ...byKind, ...anyOf(others) }).map(
    ([name, rule]) => [`first fragments, ${name}`, assembled(firsts, rule)] as const
  ),
  ...Object.entries({ ...counts, ...byWord, ...others, ...anyOf(byWord), ...predicates }).map(
    ([name, rule]) => [`figures, ${name}`, summed(rule)] as const
  )
]

/** Of these, programs take some of the fragments. */
const compiled = Object.entries(byWord).flatMap(([name, rule]) => [
  [`elements, ${name}`, assembled(elements, rule)] as const,
  [`elements alone, ${name}`, assembled(plain, rule)] as const,
  [`first fragments, ${name}`, assembled(firsts, rule)] as const
])
const mixed = Object.entries(byField).flatMap(([name, rule]) => [
  [`own fields, ${name}`, assembled(owned, rule)] as const,
  [`first fragments, ${name}`, assembled(firsts, rule)] as const
])

type SpecOf = (typeof cases)[number][1]

const answersAsOverObjects = (name: string, specOf: SpecOf, language: Language): void => {
  fc.assert(
    fc.property(bounds, fc.constantFrom(0, 1), fc.array(step, { maxLength: 20 }), (...given) => {
      const [options, size, steps] = given
      const spec = specOf(options, size)
      // Some rules need more fragments than such limits allow.
      fc.pre(spec.issues.length === 0)
      replay(spec, steps, { recounts: !name.includes("throws"), language })
    }),
    { numRuns: 50 }
  )
}

describe("rules on bytes", () => {
  it.each(cases)("answer as over objects: %s", (name, specOf) => {
    answersAsOverObjects(name, specOf, "programs")
  })

  describe.each(languages)("in %s,", (language) => {
    it.each([...compiled, ...mixed])("answer as over objects: %s", (name, specOf) => {
      const taken = takenByPrograms(() => answersAsOverObjects(name, specOf, language))
      // Of the least histories programs take none; that they take most of others is a case.
      if (language === "JavaScript") expect(taken).toBe(0)
    })
  })
})
