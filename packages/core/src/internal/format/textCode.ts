// Writes the code that reads a text: goes on to what ends it, and lowers, cuts and hashes it on the
// way where that is asked for. Start, length and hash are then in s, l and h + number of the field.
import type { FieldSpec } from "../../Format.ts"
import type { ParserScope } from "./parserScope.ts"
import { bytesOf } from "./parserScope.ts"
import type { Step } from "./sequence.ts"

type TextSpec = FieldSpec & { readonly _tag: "Text" }

const lowered = (text: string): string =>
  text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase())

/** A text as it stands. */
export const plainText: TextSpec = {
  _tag: "Text",
  to: undefined,
  lower: false,
  without: [],
  trimEnd: false,
  least: 0
}

/** Code that reads a text from p on. */
export const textCode = (scope: ParserScope, step: Step, spec: TextSpec): string => {
  const n = scope.own(step)
  const { value, hash } = scope.use(step.path)
  const cuts = spec.trimEnd || spec.without.length > 0
  const inScan = hash && !cuts
  const work: Array<string> = []
  if (spec.lower && value) {
    scope.rewrites = true
    work.push("if (c >= 65 && c <= 90) { c += 32; b[p] = c; }")
  }
  if (inScan) work.push(`h${n} = Math.imul(h${n} ^ c, M);`)
  const lines = [`const s${n} = p;${inScan ? ` let h${n} = SEED;` : ""}`]
  lines.push(scanCode(scope, step, work.join(" ")))
  if (cuts) lines.push(cuttingCode(n, spec))
  if (spec.least > 0) lines.push(`if (l${n} < ${spec.least}) ${scope.fault(step, `s${n}`)}`)
  if (cuts && hash) lines.push(scope.hashLoop(step, `s${n}`, `s${n} + l${n}`))
  if (scope.isSpanned(step)) lines.push(`const t${n} = s${n} + l${n};`)
  return lines.join("\n    ")
}

/** Goes on to what ends a text, sets its length, and goes over it. */
const scanCode = (scope: ParserScope, step: Step, work: string): string => {
  const n = scope.own(step)
  const { to, orEnd } = step.ending
  const fault = scope.fault(step, `s${n}`)
  if (to === "" && scope.quotes)
    return `${scope.dialect.upTo(scope.endOf(to)[0] as string, work)}
    if (p < e) ${fault} let l${n} = p - s${n};`
  if (to === "") {
    const loop = work === "" ? "p = e;" : `for (; p < e; p++) { c = b[p]; ${work} }`
    return `${loop} let l${n} = p - s${n};`
  }
  const bytes = scope.endOf(to)
  if (bytes.length === 1) {
    const loop = scope.dialect.upTo(`${bytes[0]}`, work)
    const missing = orEnd ? "" : `if (p >= e) ${fault}`
    return `${loop} ${missing} let l${n} = p - s${n}; ${orEnd ? "if (p < e) p++;" : "p++;"}`
  }
  // A space is the likeliest byte of all: the others are asked for first.
  const order = bytes
    .map((byte, i) => [byte, i] as const)
    .sort(([a], [z]) => +(a === 32) - +(z === 32))
  const each = work === "" ? "" : `c = b[p]; ${work}`
  return `q = e - ${bytes.length};
    ${scope.dialect.upToBytes(order, each)}
    if (p > q) ${orEnd ? `for (; p < e; p++) { ${each} }` : fault}
    let l${n} = p - s${n}; ${orEnd ? `if (p < e) p += ${bytes.length};` : `p += ${bytes.length};`}`
}

const cuttingCode = (n: number, spec: TextSpec): string => {
  const trim = spec.trimEnd ? `while (l${n} > 0 && b[s${n} + l${n} - 1] === 32) l${n}--;` : ""
  const cuts = spec.without.map((text) => {
    // The capitals of the field are small by now, so those of the ending are looked for as such.
    const bytes = bytesOf(spec.lower ? lowered(text) : text)
    const test = bytes
      .map((byte, i) => `b[q - ${bytes.length - i}] === ${byte}`)
      .reverse()
      .join(" && ")
    return `if (l${n} >= ${bytes.length} && ${test}) l${n} -= ${bytes.length};`
  })
  const endings = cuts.length === 0 ? "" : `q = s${n} + l${n}; ${cuts.join(" else ")}`
  return `${trim} ${endings}`
}
