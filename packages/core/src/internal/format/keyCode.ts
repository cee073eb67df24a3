// Writes the code that makes the key of a record: its fields' bytes one after the other, and their
// hash. They are copied together, each key to begin at a multiple of four.
import { bare, isOptional } from "./describe.ts"
import type { Dialect } from "./dialect.ts"
import type { Step } from "./sequence.ts"

const bytesOf = (text: string): ReadonlyArray<number> => [...new TextEncoder().encode(text)]

const mixed = "c = Math.imul(h ^ (h >>> 15), 0x85ebca6b); KH[r] = c ^ (c >>> 13);"

const isText = (step: Step): boolean =>
  ["Text", "Digits", "Each", "Span"].includes(bare(step.spec)._tag)

const byte = (value: string): string => `c = ${value}; kb[ku++] = c; h = Math.imul(h ^ c, M);`

const partOf = (
  step: Step,
  n: number,
  words: Array<ReadonlyArray<ReadonlyArray<number>>>,
  dialect: Dialect
): string => {
  if (isText(step)) {
    return `${dialect.keyRoom(`l${n}`)} for (q = s${n}; q < s${n} + l${n}; q++) { ${byte("b[q]")} }`
  }
  const spec = bare(step.spec)
  if (spec._tag === "Choice") {
    const values = [...new Set(Object.values(spec.words))].map(bytesOf)
    words.push(values)
    return dialect.keyWord(words.length - 1, `k${n}`, byte)
  }
  const text = spec._tag === "Ordinal" ? "String(o + 1)" : `String(v${n})`
  return `{ const w = ${text}; ${dialect.keyRoom("w.length")}
      for (q = 0; q < w.length; q++) { ${byte("w.charCodeAt(q)")} } }`
}

/** The code for the key of the record in row r. */
export const keyCode = (
  key: ReadonlyArray<string>,
  steps: ReadonlyArray<Step>,
  id: (path: string) => number,
  words: Array<ReadonlyArray<ReadonlyArray<number>>>,
  dialect: Dialect
): string => {
  const parts = key.map((name) => steps.find((step) => step.path === name) as Step)
  const absent = parts.find(({ spec }) => isOptional(spec))
  if (absent !== undefined)
    throw new TypeError(
      `format: field "${absent.path}" is part of a key and may be absent. ` +
        "Cure: key by fields that every record has"
    )
  const copied = parts.map((step) => partOf(step, id(step.path), words, dialect)).join(" ")
  // Keys begin at whole words and end in zeros up to the next one, to be compared word by word.
  return `{ let h = SEED; const k = ku; ${copied} KS[r] = k; KL[r] = ku - k; ${mixed}
      ${dialect.keyRoom("4")} while ((ku & 3) !== 0) kb[ku++] = 0; }`
}
