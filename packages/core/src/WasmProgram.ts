// Programs of numbers that run as WebAssembly, for packages that keep their state in bytes. What it
// is for, and why it is no compiler from elsewhere: docs/decisions/0013-parsers-in-webassembly.md.
import * as programs from "./internal/wasm/module.ts"

/** An array of the memory: what its elements are, and where the first of them begins. */
export type { Place } from "./internal/wasm/expressions.ts"

/** A function of whole numbers that gives one, as text in the language of such programs. */
export type { FunctionText, Programs, ProgramsOptions } from "./internal/wasm/module.ts"

/**
 * A memory of at least `bytes` zeros, which programs can work on.
 *
 * Flow: undefined where the platform has no WebAssembly, or no more addresses for it; the caller
 * then does without. It is never moved: what needs more room makes another and copies.
 *
 * @example
 * ```ts
 * import * as WasmProgram from "@sluice/core/WasmProgram"
 *
 * const memory = WasmProgram.makeMemory(65_536)
 * ```
 */
export const makeMemory: (bytes: number) => Uint8Array<ArrayBuffer> | undefined =
  programs.makeMemory

/**
 * Compiles functions of whole numbers to WebAssembly.
 *
 * Shape: texts in a part of JavaScript: whole numbers of 32 bits, floats (variables called `v` and
 * a number), arrays at fixed places, loops, calls of each other, `Math.imul` and `Math.clz32`.
 * Flow: undefined for a text that is not of that language, and where the platform has no
 * WebAssembly or forbids it; the caller then does the same in JavaScript.
 *
 * @example
 * ```ts
 * import * as WasmProgram from "@sluice/core/WasmProgram"
 *
 * const compiled = WasmProgram.compile({
 *   functions: [
 *     {
 *       name: "sum",
 *       params: ["from", "to", "start"],
 *       text: "let sum = start; for (; from < to; from++) sum += w[from]; return sum;"
 *     }
 *   ],
 *   programs: ["sum"],
 *   arrays: new Map([["w", { kind: "ints", base: 0 }]]),
 *   constants: new Map()
 * })
 * const memory = WasmProgram.makeMemory(65_536)
 * if (compiled !== undefined && memory !== undefined) {
 *   memory[0] = 7
 *   const { sum } = compiled(memory)
 *   sum?.(0, 1, 0) // 7
 * }
 * ```
 */
export const compile: (options: programs.ProgramsOptions) => programs.Programs | undefined =
  programs.compilePrograms
