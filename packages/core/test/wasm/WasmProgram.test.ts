// Programs over a memory that is the caller's: what of their language there is beside that of
// parsers, and where there are none.
import * as fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import * as WasmProgram from "../../src/WasmProgram.ts"

const base = WasmProgram.scratchBytes
const arrays = new Map<string, WasmProgram.Place>([
  ["w", { kind: "ints", base }],
  ["d", { kind: "floats", base }],
  ["m", { kind: "bytes", base }],
  ["u", { kind: "words", base }],
  ["U", { kind: "longs", base }],
  ["far", { kind: "words", base: base + 4_096 }]
])

const optionsOf = (text: string): WasmProgram.ProgramsOptions => ({
  functions: [{ name: "run", params: ["a", "b", "c"], text }],
  programs: ["run"],
  arrays,
  constants: new Map()
})

/** A program and its memory; throws where there are none. */
const programOf = (text: string) => {
  const bytes = WasmProgram.makeMemory(65_536)
  const compiled = WasmProgram.compile(optionsOf(text))
  if (bytes === undefined || compiled === undefined) throw new Error("not of the language")
  const { run } = compiled(bytes)
  if (run === undefined) throw new Error("not exported")
  return { bytes, run }
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe("a text", () => {
  it.each([
    ["a name that nobody declared", "return x;"],
    ["an array that there is none of", "return z[a];"],
    ["a function that there is none of", "return other(a);"],
    ["a function of JavaScript that is no instruction", "return Math.max(a, b);"],
    ["a remainder", "return a % b;"],
    ["an object", "return { a };"],
    ["bits of a float", "let v1 = 1.5; return v1 & 1;"],
    ["a sum into an element", "w[0] += a; return 0;"],
    ["a loop that is left from outside", "break; return 0;"],
    ["half a statement", "return a"],
    ["a block without its end", "if (a) { b = 1;"]
  ])("with %s is refused", (_, text) => {
    expect(WasmProgram.compile(optionsOf(text))).toBeUndefined()
  })

  it("of the language is not", () => {
    expect(WasmProgram.compile(optionsOf("return a + b * c;"))).toBeTypeOf("function")
  })

  it("is nothing where the platform has no WebAssembly", () => {
    vi.stubGlobal("WebAssembly", undefined)
    expect(WasmProgram.compile(optionsOf("return a;"))).toBeUndefined()
    expect(WasmProgram.makeMemory(1)).toBeUndefined()
  })

  it("is nothing where the platform forbids it", () => {
    const platform = Reflect.get(globalThis, "WebAssembly") as {
      readonly CompileError: new (message: string) => Error
    }
    const Module = class {
      constructor() {
        throw new platform.CompileError("forbidden by the page")
      }
    }
    vi.stubGlobal("WebAssembly", Object.create(platform, { Module: { value: Module } }))
    expect(WasmProgram.compile(optionsOf("return a;"))).toBeUndefined()
  })
})

describe("a memory", () => {
  const withMemory = (cause: Error): void => {
    const platform = Reflect.get(globalThis, "WebAssembly") as object
    const Memory = class {
      constructor() {
        throw cause
      }
    }
    vi.stubGlobal("WebAssembly", Object.create(platform, { Memory: { value: Memory } }))
  }

  it("is of zeros, behind its scratch", () => {
    for (const bytes of [1, 65_536, 65_537]) {
      const memory = WasmProgram.makeMemory(bytes)
      expect(memory?.length).toBe(bytes)
      expect(memory?.byteOffset).toBe(base)
      expect(memory?.every((byte) => byte === 0)).toBe(true)
    }
  })

  it("is none where the platform has no more addresses", () => {
    withMemory(new RangeError("could not allocate memory"))
    expect(WasmProgram.makeMemory(1)).toBeUndefined()
  })

  it("is none above two gigabytes, beyond which addresses are negative", () => {
    expect(WasmProgram.makeMemory(2 ** 31 - base)).toBeUndefined()
  })

  it("that fails otherwise fails", () => {
    withMemory(new Error("broken"))
    expect(() => WasmProgram.makeMemory(1)).toThrow("broken")
  })

  it("made elsewhere is refused", () => {
    const compiled = WasmProgram.compile(optionsOf("return a;"))
    expect(() => compiled?.(new Uint8Array(65_536))).toThrow("makeMemory")
  })

  it("can be handed over by any part of it", () => {
    const whole = WasmProgram.makeMemory(65_536)
    const compiled = WasmProgram.compile(optionsOf("m[0] = a; return 0;"))
    if (whole === undefined) throw new Error("no memory")
    compiled?.(whole.subarray(100, 200)).run?.(7, 0, 0)
    expect(whole[0]).toBe(7)
  })
})

describe("arrays by address", () => {
  const place = fc.integer({ min: 0, max: 60 })
  // Also those that are no number as a float, of which there are many.
  const bits = fc.oneof(
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
    fc
      .tuple(fc.constantFrom(0x7f, 0xff), fc.uint8Array({ minLength: 7, maxLength: 7 }))
      .map(([sign, rest]) => Uint8Array.of(...rest.with(6, (rest[6] as number) | 0xf0), sign))
  )

  const copied = (text: string, length: number) => {
    const { bytes, run } = programOf(text)
    fc.assert(
      fc.property(bits, place, place, (given, from, to) => {
        bytes.fill(170, 0, 300)
        bytes.set(given.subarray(0, length), from)
        run(from, 100 + to, 0)
        const expected = new Uint8Array(300).fill(170)
        expected.set(given.subarray(0, length), from)
        expected.set(given.subarray(0, length), 100 + to)
        expect(bytes.subarray(0, 300)).toEqual(expected)
      }),
      { numRuns: 300 }
    )
  }

  it("copy any four bytes from any place to any other", () => {
    copied("u[b] = u[a]; return 0;", 4)
  })

  it("copy any eight bytes, whatever number they are", () => {
    copied("U[b] = U[a]; return 0;", 8)
  })

  it("begin where they are said to, and read what others wrote", () => {
    const { bytes, run } = programOf("far[a] = b; w[1] = far[a - 3 + 3]; return u[a + 4096];")
    expect(run(3, -77, 0)).toBe(-77)
    expect([...bytes.subarray(4_099, 4_103)]).toEqual([179, 255, 255, 255])
    expect([...bytes.subarray(4, 8)]).toEqual([179, 255, 255, 255])
  })

  it("answer traps outside of the memory", () => {
    const { bytes, run } = programOf("return u[a];")
    const last = bytes.buffer.byteLength - base - 4
    expect(run(last, 0, 0)).toBe(0)
    expect(() => run(last + 1, 0, 0)).toThrow("memory access out of bounds")
  })
})

describe("programs", () => {
  it("count leading zeros as JavaScript does", () => {
    const { run } = programOf("return Math.clz32(a);")
    for (const n of [0, 1, 2, 511, 512, 513, 2 ** 30, 2 ** 31 - 1, -1, -(2 ** 31)])
      expect(run(n, 0, 0), `${n}`).toBe(Math.clz32(n))
    fc.assert(fc.property(fc.integer(), (n) => run(n, 0, 0) === Math.clz32(n)))
  })

  it("of one module share its functions, and of one memory what they write", () => {
    const bytes = WasmProgram.makeMemory(65_536)
    const other = WasmProgram.makeMemory(65_536)
    const compiled = WasmProgram.compile({
      functions: [
        { name: "twice", params: ["x"], text: "return 2 * x;" },
        { name: "put", params: ["at", "x", "unused"], text: "w[at] = twice(x); return at;" },
        { name: "get", params: ["at", "unused", "none"], text: "return w[at];" }
      ],
      programs: ["put", "get"],
      arrays,
      constants: new Map()
    })
    if (bytes === undefined || other === undefined || compiled === undefined)
      throw new Error("no programs")
    const [first, second, apart] = [compiled(bytes), compiled(bytes), compiled(other)]
    first.put?.(5, 21, 0)
    expect(second.get?.(5, 0, 0)).toBe(42)
    expect(apart.get?.(5, 0, 0)).toBe(0)
    expect(new Int32Array(bytes.buffer, base)[5]).toBe(42)
    expect(first.twice).toBeUndefined()
  })

  it("see constants and floats by their types", () => {
    const { bytes, run } = programOf(
      "let v1 = d[1], x = 0; x = v1; d[2] = v1 / 2; return v1 === x;"
    )
    const floats = new Float64Array(bytes.buffer, base)
    const seen = [3, 2.5, -0, Number.NaN, 2 ** 40].map((value) => {
      floats[1] = value
      return [run(0, 0, 0), floats[2]]
    })
    expect(seen).toEqual([
      [1, 1.5],
      [0, 1.25],
      [1, -0],
      [0, Number.NaN],
      [0, 2 ** 39]
    ])
  })
})
