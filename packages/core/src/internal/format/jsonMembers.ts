// Writes the code that reads the members of a JSON object at q into the variables of their fields,
// and goes into objects inside it where fields are declared. Whatever is out of the ordinary leaves
// the quick way.
import type { FieldSpec } from "../../Format.ts"
import { bare, choiceValues, isOmittable, isOptional, pathOf } from "./describe.ts"
import type { Dialect } from "./dialect.ts"
import type { Step } from "./sequence.ts"

const encoder = new TextEncoder()

/** A field with its number among the fields, and that of its variables. */
export interface Member {
  readonly step: Step
  readonly nth: number
  readonly id: number
}

const isSame = (at: string, text: string): string =>
  [...encoder.encode(text)].map((byte, i) => `b[${at} + ${i}] === ${byte}`).join(" && ")

/** What stands at q is a word, and in the line. */
const isWord = (text: string): string =>
  `q + ${encoder.encode(text).length} <= e && ${isSame("q", text)}`

/** Reads a value at q into the field's variables; leaves the quick way where it is not plain. */
const valueCode = (spec: FieldSpec, n: number, dialect: Dialect): string => {
  switch (spec._tag) {
    case "Integer":
      return `${digits(n)} if (w < 1 || w > 15 || (m && v${n} === 0)) break quick;
        if (m) v${n} = -v${n};`
    case "Decimal":
      return `${digits(n)} if (w < 1) break quick;
        if (q < e && b[q] === 46) {
          const d = ++q;
          while (q < e && (c = b[q] - 48) >= 0 && c <= 9) { v${n} = v${n} * 10 + c; q++; }
          w += q - d;
          if (q === d || w > 15) break quick;
          v${n} /= ${dialect.powerOfTen("q - d")};
        }
        if (w > 15 || (m && v${n} === 0)) break quick; if (m) v${n} = -v${n};`
    case "Boolean":
      return `if (${isWord("true")}) { k${n} = 1; q += 4; }
        else if (${isWord("false")}) { k${n} = 0; q += 5; } else break quick;`
    case "Choice": {
      const values = choiceValues(spec.words)
      const tests = Object.entries(spec.words).map(([word, value]) => {
        const quoted = `"${word}"`
        const { length } = encoder.encode(quoted)
        return `if (${isWord(quoted)}) { k${n} = ${values.indexOf(value)}; q += ${length}; }`
      })
      return `${tests.join(" else ")} else break quick;`
    }
    default:
      return `if (b[q] !== 34) break quick; s${n} = ++q;
        ${dialect.textEnd}
        l${n} = q - s${n}; q++;`
  }
}

// Leading zeros are no JSON; a second digit behind one leaves the quick way.
const digits = (n: number): string => `const m = b[q] === 45; if (m) q++;
        let w = q; v${n} = 0;
        if (b[q] === 48 && b[q + 1] >= 48 && b[q + 1] <= 57) break quick;
        while (q < e && (c = b[q] - 48) >= 0 && c <= 9) { v${n} = v${n} * 10 + c; q++; }
        w = q - w;`

/** Sets the variables of a field to null. */
export const nothingCode = (n: number): string => `s${n} = 0; l${n} = -1; v${n} = NaN; k${n} = 255;`

const optionalCode = (spec: FieldSpec, n: number, dialect: Dialect): string => {
  const value = valueCode(bare(spec), n, dialect)
  if (!isOptional(spec) || isOmittable(spec)) return value
  return `if (${isWord("null")}) { ${nothingCode(n)} q += 4; } else { ${value} }`
}

const named = (name: string, work: string): string => {
  const { length } = encoder.encode(name)
  return `if (z - a === ${length} && ${isSame("a", name) || "true"}) {
        ${work}
      }`
}

/** Numbers of the objects inside the object. */
export interface Objects {
  count: number
  /** Code that runs between two members of the outermost object. */
  readonly atComma: string
  readonly dialect: Dialect
}

/** The members of an object, by name; those of one name are fields of the object there. */
const byName = (
  members: ReadonlyArray<Member>,
  depth: number
): ReadonlyMap<string, ReadonlyArray<Member>> => {
  const found = new Map<string, ReadonlyArray<Member>>()
  for (const member of members) {
    const name = pathOf(member.step.name, member.step.spec)[depth] as string
    found.set(name, [...(found.get(name) ?? []), member])
  }
  return found
}

const memberCode = (
  name: string,
  members: ReadonlyArray<Member>,
  depth: number,
  objects: Objects
): string => {
  const { step, nth, id } = members[0] as Member
  if (pathOf(step.name, step.spec).length === depth + 1)
    return named(name, `${optionalCode(step.spec, id, objects.dialect)} seen |= ${2 ** nth};`)
  const bit = 2 ** objects.count++
  // A second object of the name takes the place of the first, with all that was read of it.
  return named(
    name,
    `if ((objects & ${bit}) !== 0) break quick;
        objects |= ${bit};
        ${objectCode(members, depth + 1, objects)}`
  )
}

/** Reads an object at q, and leaves q behind it. */
export const objectCode = (
  members: ReadonlyArray<Member>,
  depth: number,
  objects: Objects
): string => {
  const space = objects.dialect.space("q")
  const other = `{ q = ${objects.dialect.skip}; if (q < 0) break quick; }`
  const tests = [...byName(members, depth)].map(([name, list]) =>
    memberCode(name, list, depth, objects)
  )
  return `if (b[q] !== 123) break quick;
      q++;
      if (q < e && b[q] <= 32) q = ${space};
      while (q < e && b[q] === 34) {
        a = ++q;
        ${objects.dialect.textEnd}
        z = q++;
        if (q < e && b[q] <= 32) q = ${space};
        if (b[q++] !== 58) break quick;
        if (q < e && b[q] <= 32) q = ${space};
        ${[...tests, other].join("\n      else ")}
        if (q < e && b[q] <= 32) q = ${space};
        if (q < e && b[q] === 44) {
          ${depth === 0 ? objects.atComma : ""}
          q++;
          if (q < e && b[q] <= 32) q = ${space};
          if (b[q] !== 34) break quick;
        } else break;
      }
      if (q >= e || b[q] !== 125) break quick;
      q++;`
}
