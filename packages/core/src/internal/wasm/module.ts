// A WebAssembly module over a memory of its own: searches for bytes, functions, and the program
// that calls them. Asked for where the platform has WebAssembly; it need not.
import { ByteWriter } from "./byteWriter.ts"
import { compileBody } from "./compile.ts"
import type { Names, Place } from "./expressions.ts"
import { copyPlainBody, endOfTextBody, findBody, searchSlack } from "./search.ts"
import { readProgram } from "./syntax.ts"
import { NotCompilable } from "./tree.ts"

type Run = (a: number, b: number, c: number) => number

/** A memory that a program works on. */
interface Memory {
  readonly buffer: ArrayBuffer
}

interface Instance {
  readonly exports: { readonly memory: Memory } & Readonly<Record<string, unknown>>
}

interface Imports {
  readonly env: { readonly memory: Memory }
}

/** The part of the platform's WebAssembly that is used; no library of types here has it. */
interface Platform {
  readonly Module: new (bytes: Uint8Array) => object
  readonly CompileError: new () => Error
  readonly Instance: new (module: object, imports?: Imports) => Instance
  readonly Memory: new (options: { readonly initial: number }) => Memory
}

const platform = (): Platform | undefined =>
  (globalThis as { readonly WebAssembly?: Platform }).WebAssembly

/** A function of integers that gives an integer. */
export interface FunctionText {
  readonly name: string
  readonly params: ReadonlyArray<string>
  readonly text: string
}

/** What a text may refer to. */
interface Environment {
  readonly arrays: ReadonlyMap<string, Place>
  readonly constants: ReadonlyMap<string, number>
  /** Where the bytes begin that are searched; 0 unless said. */
  readonly searched?: number
  /** Where the bytes begin that `copyPlain` writes. */
  readonly written?: number
}

/** What a program is made of. */
export interface ProgramOptions extends Environment {
  readonly text: string
  /** Its three parameters. */
  readonly params: readonly [string, string, string]
  /** What it may call beside the searches. */
  readonly functions: ReadonlyArray<FunctionText>
  readonly memoryBytes: number
}

/** A program and its memory. */
export interface Program {
  readonly run: Run
  readonly memory: ArrayBuffer
}

/** What programs are made of that share a memory made elsewhere. */
export interface ProgramsOptions extends Environment {
  readonly functions: ReadonlyArray<FunctionText>
  /** Names of those that are called from outside; they have three parameters. */
  readonly programs: ReadonlyArray<string>
}

/** Makes the programs, by name, over a memory of `makeMemory`. */
export type Programs = (memory: Uint8Array<ArrayBuffer>) => Readonly<Record<string, Run>>

const pageBytes = 65_536
const int = 0x7f
const functionType = 0x60
const functionKind = 0x00
const memoryKind = 0x02

/** Programs compare addresses as signed numbers. */
const pagesMax = 2 ** 31 / pageBytes

const pagesOf = (bytes: number): number => Math.ceil(bytes / pageBytes)

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

/** A module of functions that know each other, over a memory of its own, or a given one. */
const moduleBytes = (
  { arrays, constants, searched = 0, written = 0 }: Environment,
  functions: ReadonlyArray<FunctionText>,
  exported: ReadonlyArray<string>,
  memoryBytes: number | undefined
): Uint8Array => {
  const given: ReadonlyArray<Made> = [
    { name: "find", arity: 3, body: () => findBody(searched) },
    { name: "endOfText", arity: 2, body: () => endOfTextBody(searched) },
    { name: "copyPlain", arity: 3, body: () => copyPlainBody(written) }
  ]
  const isCalled = ({ name }: Made) => functions.some(({ text }) => text.includes(`${name}(`))
  const all = [...given.filter(isCalled), ...functions.map(made)]
  const indices = new Map(all.map(({ name }, index) => [name, index]))
  const names: Names = { arrays, constants, functions: indices }
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
  const exports = writer()
    .unsigned(exported.length + 1)
    .text("memory")
    .byte(memoryKind, 0)
  for (const name of exported)
    exports
      .text(name)
      .byte(functionKind)
      .unsigned(indices.get(name) as number)
  const out = writer().byte(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
  const section = (id: number, content: ByteWriter) => out.byte(id).part(content)
  section(1, types)
  if (memoryBytes === undefined)
    section(2, writer().byte(1).text("env").text("memory").byte(memoryKind, 0, 0))
  section(3, signatures)
  if (memoryBytes !== undefined) section(5, writer().byte(1, 0).unsigned(pagesOf(memoryBytes)))
  section(7, exports)
  section(10, code)
  return new Uint8Array(out.bytes)
}

/**
 * Undefined for what is not of the language, where the platform forbids such modules, and where it
 * has no addresses for one more memory: V8 takes ten gigabytes of them for each.
 */
const attempt = <A>(make: (wasm: Platform) => A): A | undefined => {
  const wasm = platform()
  if (wasm === undefined) return undefined
  try {
    return make(wasm)
  } catch (cause) {
    const isRefusal = cause instanceof NotCompilable || cause instanceof wasm.CompileError
    if (isRefusal || cause instanceof RangeError) return undefined
    throw cause
  }
}

/**
 * Compiles a program; undefined for a text that is not of its language, and where the platform has
 * no WebAssembly, or forbids it, as pages of the web may.
 */
export const compileProgram = (options: ProgramOptions): Program | undefined =>
  attempt((wasm) => {
    const { text, params, memoryBytes } = options
    const functions = [...options.functions, { name: "run", params, text }]
    const bytes = moduleBytes(options, functions, ["run"], memoryBytes)
    const { exports } = new wasm.Instance(new wasm.Module(bytes))
    return { run: exports.run as Run, memory: exports.memory.buffer }
  })

const memories = new WeakMap<ArrayBuffer, Memory>()

/**
 * Bytes at the beginning of each memory for whoever runs a program over it: what is there before a
 * call is gone after it.
 */
export const scratchBytes = 1 << 18

/** Whether programs can work on a buffer. */
export const isMemory = (buffer: ArrayBufferLike): buffer is ArrayBuffer =>
  memories.has(buffer as ArrayBuffer)

/**
 * A memory for programs: `bytes` zeros behind the scratch, and a few more that searches read.
 * Undefined where the platform has none for it.
 */
export const makeMemory = (bytes: number): Uint8Array<ArrayBuffer> | undefined =>
  attempt((wasm) => {
    const initial = pagesOf(scratchBytes + bytes + searchSlack)
    if (initial > pagesMax) return undefined
    const memory = new wasm.Memory({ initial })
    memories.set(memory.buffer, memory)
    return new Uint8Array(memory.buffer, scratchBytes, bytes)
  })

/** Compiles programs that share a memory; undefined as for one. */
export const compilePrograms = (options: ProgramsOptions): Programs | undefined =>
  attempt((wasm) => {
    const { functions, programs } = options
    const bytes = moduleBytes(options, functions, programs, undefined)
    const compiled = new wasm.Module(bytes)
    return ({ buffer }) => {
      const memory = memories.get(buffer)
      if (memory === undefined) throw new Error("programs work on a memory of makeMemory")
      const { exports } = new wasm.Instance(compiled, { env: { memory } })
      return exports as Readonly<Record<string, Run>> & typeof exports
    }
  })
