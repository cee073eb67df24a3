// Generates a kernel as source text with its own identity, so that V8 gives each pipeline its own
// type feedback: kernels with equal text would share one feedback vector and run several times
// slower once a few pipelines exist. Within one run those of equal stages share their code, which
// then is compiled and warm once, not for each of many sources. Errors are isolated per record by
// one try around the loop with a resume index, which costs nothing when nobody throws. (Setting the
// length of an array is a call into the runtime, a fifth of a batch of one: hence the comparison.)
// Semantics are those of compose.ts, held equal by property test.
import type { Kernel, ProgramStep } from "./program.ts"

let identity = 0

/** Text of one step, and the name of the variable that holds the payload behind it. */
interface Emitted {
  readonly text: string
  readonly payload: string
}

const call = (step: ProgramStep, k: number, payload: string): string =>
  step.usesCursor ? `(c.position = i, f${k}(${payload}, c))` : `f${k}(${payload})`

/** Binds the result of step k to r{k}, through the fallback where the stage has one. */
const bind = (step: ProgramStep, k: number, payload: string): string => {
  const called = call(step, k, payload)
  if (step.fallback === undefined) return `s = ${k}; const r${k} = ${called};`
  const recovered = `r${k} = b${k}(${payload}, e);`
  return `s = ${k}; let r${k}; try { r${k} = ${called}; } catch (e) { ${recovered} }`
}

const expansion = (k: number): string =>
  `const j${k} = j;
        if (Array.isArray(r${k})) { for (let q = 0; q < r${k}.length; q++) out[j++] = r${k}[q]; }
        else j += h.expand(${k}, r${k}, out);
        for (let q = j${k}; q < j; q++) pos[q] = i;
        n${k} += j - j${k};`

const emitStep = (step: ProgramStep, k: number, payload: string, live: boolean): Emitted => {
  const bound = bind(step, k, payload)
  switch (step.kind) {
    case "map":
      return { text: live ? `${bound} v = r${k};` : bound, payload: live ? "v" : `r${k}` }
    case "filter":
      return { text: `${bound} if (!r${k}) continue; n${k}++;`, payload }
    case "each":
      return { text: `${bound} n${k}++;`, payload }
    case "flatMap":
      return { text: `${bound}\n        ${expansion(k)}`, payload }
  }
}

const body = (steps: ReadonlyArray<ProgramStep>, live: boolean): string => {
  const lines = [live ? "v = items[i];" : "const p = items[i];"]
  let payload = live ? "v" : "p"
  steps.forEach((step, k) => {
    const emitted = emitStep(step, k, payload, live)
    lines.push(emitted.text)
    payload = emitted.payload
  })
  const last = steps.at(-1)?.kind
  if (last !== "flatMap" && last !== "each") lines.push(`out[j] = ${payload}; pos[j++] = i;`)
  return lines.join("\n        ")
}

/** The source text of a kernel; `id` makes it unique. */
export const source = (steps: ReadonlyArray<ProgramStep>, id: number): string => {
  const counters = steps.flatMap((step, k) => (step.kind === "map" ? [] : [k]))
  // A payload that must be known when a step throws is alive in the handler, which keeps V8 from
  // dissolving the objects between steps: a third slower. Only programs with a stage that keeps
  // failed records pay for it.
  const live = steps.some((step) => step.keepsPayload)
  return `// kernel ${id}: ${steps.map((step) => step.kind).join(" > ")}
"use strict";
return function kernel_${id}(h, items, out, pos, counts) {
  const c = h.cursor, n = items.length;
  let i = 0, j = 0, s = 0;
  ${counters.map((k) => `let n${k} = 0;`).join(" ")}
  ${live ? "let v;" : ""}
  while (i < n) {
    try {
      for (; i < n; i++) {
        ${body(steps, live)}
      }
    } catch (e) {
      if (!h.failed(s, i, ${live ? "v" : "h"}, e)) { i++; break; }
      i++;
    }
  }
  if (out.length !== j) out.length = j;
  ${counters.map((k) => `counts[${k}] = n${k};`).join(" ")}
  return i;
}`
}

/** A kernel that still lacks its functions. */
type Code = (...functions: ReadonlyArray<unknown>) => Kernel

/**
 * What two programs must have in common to run the same code: their shape, and the text of their
 * functions, which then were most likely made in one place of the user's program and differ only in
 * what they captured. Undefined where the text says nothing, as of bound functions.
 */
const likenessOf = (steps: ReadonlyArray<ProgramStep>): string | undefined => {
  const texts = steps.map(({ f }) => Function.prototype.toString.call(f))
  if (texts.some((text) => text.endsWith("[native code] }"))) return undefined
  return [source(steps, 0), ...texts].join("\n")
}

/** The kernels of one run; as many codes as its graph has stages at most. */
export class KernelCodes {
  private readonly codes = new Map<string, Code>()

  /**
   * A kernel, or undefined where the platform forbids code generation. A program may hold one
   * flatMap, as its last step: the planner starts a new program behind it.
   */
  generate(steps: ReadonlyArray<ProgramStep>): Kernel | undefined {
    const code = this.codeOf(steps)
    return code?.(...steps.flatMap((step) => [step.f, step.fallback]))
  }

  private codeOf(steps: ReadonlyArray<ProgramStep>): Code | undefined {
    const likeness = likenessOf(steps)
    const known = likeness === undefined ? undefined : this.codes.get(likeness)
    if (known !== undefined) return known
    const names = steps.flatMap((_, k) => [`f${k}`, `b${k}`])
    try {
      const code = new Function(...names, source(steps, identity++)) as Code
      if (likeness !== undefined) this.codes.set(likeness, code)
      return code
    } catch {
      return undefined
    }
  }
}
