// A WebAssembly module of two functions over a memory of its own: a search for bytes, and a
// program. Asked for where the platform has WebAssembly; it need not.
import { ByteWriter } from "./byteWriter.ts"
import { compileBody } from "./compile.ts"
import type { Names, Place } from "./expressions.ts"
import { searchBody } from "./search.ts"
import { readProgram } from "./syntax.ts"
import { NotCompilable } from "./tree.ts"

interface Instance {
  readonly exports: {
    readonly memory: { readonly buffer: ArrayBuffer }
    readonly run: (a: number, b: number, c: number) => number
  }
}

/** The part of the platform's WebAssembly that is used; no library of types here has it. */
interface Platform {
  readonly Module: new (bytes: Uint8Array) => object
  readonly CompileError: new () => Error
  readonly Instance: new (module: object) => Instance
}

const platform = (): Platform | undefined =>
  (globalThis as { readonly WebAssembly?: Platform }).WebAssembly

/** What a program is made of. */
export interface ProgramOptions {
  readonly text: string
  /** Its three parameters. */
  readonly params: readonly [string, string, string]
  readonly arrays: ReadonlyMap<string, Place>
  readonly constants: ReadonlyMap<string, number>
  /** Where the bytes begin that `find` searches. */
  readonly searched: number
  readonly memoryBytes: number
}

/** A program and its memory. */
export interface Program {
  readonly run: (a: number, b: number, c: number) => number
  readonly memory: ArrayBuffer
}

const pageBytes = 65_536
const int = 0x7f

const moduleBytes = (options: ProgramOptions): Uint8Array => {
  const { text, params, arrays, constants, searched, memoryBytes } = options
  const names: Names = { arrays, constants, functions: new Map([["find", 0]]) }
  const program = compileBody(readProgram(text), params, names)
  const out = new ByteWriter().byte(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
  const section = (id: number, content: ByteWriter) => out.byte(id).part(content)
  const writer = () => new ByteWriter()
  section(1, writer().byte(1, 0x60, 3, int, int, int, 1, int))
  section(3, writer().byte(2, 0, 0))
  section(
    5,
    writer()
      .byte(1, 0)
      .unsigned(Math.ceil(memoryBytes / pageBytes))
  )
  section(7, writer().byte(2).text("memory").byte(0x02, 0).text("run").byte(0x00, 1))
  section(10, writer().byte(2).part(searchBody(searched)).part(program))
  return new Uint8Array(out.bytes)
}

/**
 * Compiles a program; undefined for a text that is not of its language, and where the platform has
 * no WebAssembly, or forbids it, as pages of the web may.
 */
export const compileProgram = (options: ProgramOptions): Program | undefined => {
  const wasm = platform()
  if (wasm === undefined) return undefined
  try {
    const { exports } = new wasm.Instance(new wasm.Module(moduleBytes(options)))
    return { run: exports.run, memory: exports.memory.buffer }
  } catch (cause) {
    if (cause instanceof NotCompilable || cause instanceof wasm.CompileError) return undefined
    throw cause
  }
}
