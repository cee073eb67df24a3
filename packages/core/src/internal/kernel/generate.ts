// Generates a kernel as source text with its own identity, so that V8 gives each pipeline its own type feedback: kernels
// with equal text would share one feedback vector and run several times slower once a few pipelines exist.
// Errors are isolated per record by one try around the loop with a resume index, which costs nothing when nobody throws.
// Semantics are those of compose.ts, held equal by property test.
import type { Kernel, ProgramStep } from "./program.ts"

let identity = 0

const call = (step: ProgramStep, k: number): string =>
  step.usesCursor ? `(c.position = i, f${k}(v, c))` : `f${k}(v)`

const guarded = (step: ProgramStep, k: number, body: (expression: string) => string): string =>
  step.fallback === undefined
    ? `s = ${k}; ${body(call(step, k))}`
    : `s = ${k}; try { r = ${call(step, k)} } catch (e) { r = b${k}(v, e) } ${body("r")}`

const emitStep = (step: ProgramStep, k: number): string => {
  switch (step.kind) {
    case "map":
      return guarded(step, k, (expression) => `v = ${expression};`)
    case "filter":
      return `${guarded(step, k, (expression) => `if (!${expression}) continue;`)} n${k}++;`
    case "each":
      return `${guarded(step, k, (expression) => `${expression};`)} n${k}++;`
    case "flatMap":
      return [
        guarded(step, k, (expression) => `r = ${expression};`),
        "j0 = j;",
        "if (Array.isArray(r)) { for (let q = 0; q < r.length; q++) out[j++] = r[q]; }",
        `else j += h.expand(${k}, r, out);`,
        "for (let q = j0; q < j; q++) pos[q] = i;",
        `n${k} += j - j0;`
      ].join("\n        ")
  }
}

const store = (steps: ReadonlyArray<ProgramStep>): string => {
  const last = steps[steps.length - 1]
  return last?.kind === "flatMap" || last?.kind === "each" ? "" : "out[j] = v; pos[j++] = i;"
}

/** The source text of a kernel body; `id` makes it unique. */
export const source = (steps: ReadonlyArray<ProgramStep>, id: number): string => {
  const counters = steps.flatMap((step, k) => (step.kind === "map" ? [] : [k]))
  return `// kernel ${id}: ${steps.map((step) => step.kind).join(" > ")}
"use strict";
return function kernel_${id}(h, items, out, pos, counts) {
  const c = h.cursor, n = items.length;
  let i = 0, j = 0, j0 = 0, s = 0, r;
  ${counters.map((k) => `let n${k} = 0;`).join(" ")}
  let v;
  while (i < n) {
    try {
      for (; i < n; i++) {
        v = items[i];
        ${steps.map(emitStep).join("\n        ")}
        ${store(steps)}
      }
    } catch (e) {
      if (!h.failed(s, i, v, e)) { i++; break; }
      i++;
    }
  }
  out.length = j;
  ${counters.map((k) => `counts[${k}] = n${k};`).join(" ")}
  return i;
}`
}

/**
 * Compiles a kernel, or returns undefined where the platform forbids code generation. A program may hold one flatMap, as its
 * last step: the planner starts a new program behind it.
 */
export const generate = (steps: ReadonlyArray<ProgramStep>): Kernel | undefined => {
  const names = steps.flatMap((_, k) => [`f${k}`, `b${k}`])
  const values = steps.flatMap((step) => [step.f, step.fallback])
  try {
    return new Function(...names, source(steps, identity++))(...values) as Kernel
  } catch {
    return undefined
  }
}
