// A WebAssembly module over a memory of its own: searches for bytes, functions, and the program
// that calls them. Asked for where the platform has WebAssembly; it need not.
import { ByteWriter } from "./byteWriter.ts"
import { compileBody } from "./compile.ts"
import type { Names, Place } from "./expressions.ts"
import { endOfTextBody, findBody } from "./search.ts"
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

/** A function of integers that gives an integer. */
export interface FunctionText {
  readonly name: string
  readonly params: ReadonlyArray<string>
  readonly text: string
}

/** What a program is made of. */
export interface ProgramOptions {
  readonly text: string
  /** Its three parameters. */
  readonly params: readonly [string, string, string]
  /** What it may call beside the searches. */
  readonly functions: ReadonlyArray<FunctionText>
  readonly arrays: ReadonlyMap<string, Place>
  readonly constants: ReadonlyMap<string, number>
  /** Where the bytes begin that are searched. */
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
const functionType = 0x60

const writer = (): ByteWriter => new ByteWriter()

/** A function by name, with its number of parameters. */
interface Made {
  readonly name: string
  readonly arity: number
  readonly body: (names: Names) => ByteWriter
}

const made = ({ name, params, text }: FunctionText): Made => ({
  name,
  arity: params.length,
  body: (names) => compileBody(readProgram(text), params, names)
})

const moduleBytes = (options: ProgramOptions): Uint8Array => {
  const { text, params, arrays, constants, searched, memoryBytes } = options
  const all: ReadonlyArray<Made> = [
    { name: "find", arity: 3, body: () => findBody(searched) },
    { name: "endOfText", arity: 2, body: () => endOfTextBody(searched) },
    ...options.functions.map(made),
    made({ name: "run", params, text })
  ]
  const functions = new Map(all.map(({ name }, index) => [name, index]))
  const names: Names = { arrays, constants, functions }
  const arities = [...new Set(all.map(({ arity }) => arity))]
  const types = writer().unsigned(arities.length)
  for (const arity of arities) {
    types.byte(functionType).unsigned(arity)
    for (let i = 0; i < arity; i++) types.byte(int)
    types.byte(1, int)
  }
  const signatures = writer().unsigned(all.length)
  const code = writer().unsigned(all.length)
  for (const { arity, body } of all) {
    signatures.unsigned(arities.indexOf(arity))
    code.part(body(names))
  }
  const out = writer().byte(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
  const section = (id: number, content: ByteWriter) => out.byte(id).part(content)
  section(1, types)
  section(3, signatures)
  section(
    5,
    writer()
      .byte(1, 0)
      .unsigned(Math.ceil(memoryBytes / pageBytes))
  )
  const exports = writer().byte(2).text("memory").byte(0x02, 0)
  section(
    7,
    exports
      .text("run")
      .byte(0x00)
      .unsigned(all.length - 1)
  )
  section(10, code)
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
