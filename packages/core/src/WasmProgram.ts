// Programs of numbers that run as WebAssembly, for packages that keep their state in bytes. What it
// is for: docs/decisions/0014-keyed-state-in-webassembly.md; why the compiler is ours: 0013.
import * as programs from "./internal/wasm/module.ts"

/** An array of the memory: what its elements are, and where the first of them begins. */
export type { Place } from "./internal/wasm/expressions.ts"

/** A function of whole numbers that gives one, as text in the language of such programs. */
export type { FunctionText, Programs, ProgramsOptions } from "./internal/wasm/module.ts"

/**
 * Bytes before those of a memory, for whoever runs a program over it: what is there before a call
 * is gone after it.
 */
export const scratchBytes: number = programs.scratchBytes

/**
 * A memory of `bytes` zeros that programs can work on, behind its scratch.
 *
 * Limits: two gigabytes with its scratch.
 * Flow: undefined above that, and where the platform has no WebAssembly, or no more addresses for
 * it; the caller then does without. It is never moved: what needs more room makes another and
 * copies.
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
 *   arrays: new Map([["w", { kind: "ints", base: WasmProgram.scratchBytes }]]),
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
