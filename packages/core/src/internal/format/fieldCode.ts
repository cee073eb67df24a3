// Writes the code that reads one field after the other into local variables. Each piece of code
// reads from p on and leaves p behind what ends its field.
import type { FieldSpec } from "../../Format.ts"
import { elementRoom, put } from "./columnCode.ts"
import { bare, choiceValues } from "./describe.ts"
import { decimalCode, wholeCode } from "./numberCode.ts"
import type { ParserScope } from "./parserScope.ts"
import { bytesOf } from "./parserScope.ts"
import type { Step } from "./sequence.ts"
import { endOfLine, groupOf, innerOf, sameAs } from "./sequence.ts"
import { plainText, textCode } from "./textCode.ts"

/** Code that reads a field from p on and leaves p behind what ends it. */
export const fieldCode = (scope: ParserScope, step: Step): string => {
  const { spec } = step
  switch (spec._tag) {
    case "Text":
      return textCode(scope, step, spec)
    case "Skip":
      return textCode(scope, step, plainText)
    case "Digits":
      return digitsCode(scope, step, spec.width)
    case "Integer":
      return integerCode(scope, step, spec)
    case "Decimal": {
      const n = scope.own(step)
      const fault = scope.fault(step, `s${n}`)
      return decimalCode(n, fault, scope.closing(step, `s${n}`), scope.dialect)
    }
    case "Choice":
      return wordCode(scope, step, Object.keys(spec.words), (word) =>
        choiceValues(spec.words).indexOf(spec.words[word] as string)
      )
    case "Boolean":
      return wordCode(scope, step, [spec.yes, spec.no], (word) => (word === spec.yes ? 1 : 0))
    case "Counted":
      return groupCode(scope, step, spec.base)
    case "Span":
      return spanCode(scope, step, spec)
    case "Nothing": {
      const n = scope.own(step)
      return `const s${n} = 0, l${n} = -1, v${n} = NaN, k${n} = 255;`
    }
    case "Width":
      return widthCode(scope, step, spec)
    case "Optional":
      return optionalCode(scope, step, spec.of)
    default:
      return ""
  }
}

const digitsCode = (scope: ParserScope, step: Step, width: number): string => {
  const n = scope.own(step)
  const fault = scope.fault(step, `s${n}`)
  return `const s${n} = p;
    q = p + ${width};
    if (q > e) ${fault}
    while (p < q) { c = b[p] - 48; if (c < 0 || c > 9) ${fault} p++; }
    ${scope.hashLoop(step, `s${n}`, "p")} const l${n} = ${width};
    ${scope.closing(step, `s${n}`)}`
}

const numberCode = (scope: ParserScope, step: Step, base: 10 | 16): string => {
  const n = scope.own(step)
  return wholeCode(n, base, scope.fault(step, `s${n}`), scope.closing(step, `s${n}`))
}

const integerCode = (
  scope: ParserScope,
  step: Step,
  { base, same }: FieldSpec & { _tag: "Integer" }
): string => {
  const n = scope.own(step)
  const read = numberCode(scope, step, base)
  if (same === undefined) return read
  const fault = scope.fault(step, `s${n}`, sameAs(same))
  return `${read} if (v${n} !== v${scope.id(groupOf(step) + same)}) ${fault}`
}

const wordCode = (
  scope: ParserScope,
  step: Step,
  words: ReadonlyArray<string>,
  codeOf: (word: string) => number
): string => {
  const n = scope.own(step)
  const tests = words.map((word) => {
    const bytes = bytesOf(word)
    const spelled = bytes.map((byte, i) => `b[p + ${i}] === ${byte}`)
    const after = scope.follows(step.ending, bytes.length)
    const whole = [`p + ${bytes.length} <= e`, ...spelled, after].join(" && ")
    return `if (${whole}) { k${n} = ${codeOf(word)}; p += ${bytes.length}; }`
  })
  const { to, orEnd } = step.ending
  const end = scope.isSpanned(step) ? `const t${n} = p;` : ""
  const over = orEnd ? `if (p < e) p += ${bytesOf(to).length};` : `p += ${bytesOf(to).length};`
  return `const s${n} = p; let k${n} = 255;
    ${tests.join("\n    else ")}
    else ${scope.fault(step, `s${n}`)}
    ${end} ${over}`
}

/** For the field inside, the line ends with the field. */
const widthCode = (
  scope: ParserScope,
  step: Step,
  { bytes, isLast, of }: FieldSpec & { _tag: "Width" }
): string => {
  const n = scope.own(step)
  const fault = scope.fault(step, `P${n}`)
  const isText = ["Text", "Skip"].includes(bare(of)._tag)
  const spaces = "while (e > p && b[e - 1] === 32) e--; while (p < e && b[p] === 32) p++;"
  return `const P${n} = p, E${n} = e; e = p + ${bytes};
    if (e > E${n} || (e < E${n} && (b[e] & 192) === 128)) ${fault}
    ${isText ? "" : spaces}
    ${fieldCode(scope, { ...step, spec: of, ending: endOfLine })}
    p = P${n} + ${bytes}; e = E${n};
    ${isLast ? `if (p < e) ${fault}` : ""}`
}

/** Sets the field's variables to null, or to what the field inside is. */
const optionalCode = (scope: ParserScope, step: Step, spec: FieldSpec): string => {
  const n = scope.own(step)
  const inner = innerOf(step, spec)
  const m = scope.own(inner)
  const isText = spec._tag === "Text" || spec._tag === "Digits"
  const isCode = spec._tag === "Choice" || spec._tag === "Boolean"
  const { hash } = scope.use(step.path)
  const value = isText ? `l${n} = l${m};` : isCode ? `k${n} = k${m};` : `v${n} = v${m};`
  const { to, orEnd } = step.ending
  const size = to === "" ? 0 : scope.endOf(to).length
  const over = orEnd ? `if (p < e) p += ${size};` : `p += ${size};`
  return `let s${n} = p, l${n} = -1, v${n} = NaN, k${n} = 255; ${hash ? `let h${n} = SEED;` : ""}
    if (${scope.follows(step.ending, 0)}) { ${over} }
    else {
      ${fieldCode(scope, inner)}
      s${n} = s${m}; ${value} ${hash ? `h${n} = h${m};` : ""}
    }`
}

const spanCode = (scope: ParserScope, step: Step, spec: FieldSpec & { _tag: "Span" }): string => {
  const n = scope.own(step)
  const from = `s${scope.id(groupOf(step) + spec.from)}`
  const to = `t${scope.id(groupOf(step) + spec.through)}`
  return `const s${n} = ${from}, l${n} = ${to} - ${from};
    ${scope.hashLoop(step, `s${n}`, `s${n} + l${n}`)}`
}

const groupCode = (scope: ParserScope, step: Step, base: 10 | 16): string => {
  const n = scope.own(step)
  const place = scope.places.get(step.path)
  const inner = step.inner.map((each) => fieldCode(scope, each)).join("\n      ")
  const count = `${numberCode(scope, step, base)}
    if (v${n} < 0) ${scope.fault(step, `s${n}`)}`
  if (place === undefined)
    return `${count}
    for (let i${n} = 0; i${n} < v${n}; i${n}++) {
      ${inner}
    }`
  const { id } = place
  const each = step.inner.flatMap((field) => put(scope, field, `w${n}`)).join(" ")
  // The number is believed only as far as elements are found: room is made for each in turn.
  return `${count}
    let w${n} = g${id};
    for (let i${n} = 0; i${n} < v${n}; i${n}++) {
      ${inner}
      if (w${n} >= G${id}) { ${elementRoom(scope, step.path, place, `w${n}`)} }
      ${each} w${n}++;
    }`
}
