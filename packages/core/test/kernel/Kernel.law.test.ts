// One law: a kernel means what its steps mean one after the other, whether generated or composed.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { compose } from "../../src/internal/kernel/compose.ts"
import { KernelCodes, source } from "../../src/internal/kernel/generate.ts"
import type { Kernel, ProgramStep } from "../../src/internal/kernel/program.ts"
import type { StepPlan } from "./programs.ts"
import { observe, oracle, program, stepsOf } from "./programs.ts"

/** Of all programs of these tests, so that those of equal text share their code. */
const codes = new KernelCodes()

const generated = (steps: ReadonlyArray<ProgramStep>): Kernel => {
  const kernel = codes.generate(steps)
  if (kernel === undefined) throw new Error("this platform forbids code generation")
  return kernel
}

const items = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 40 })

const sound = (make: (steps: ReadonlyArray<ProgramStep>) => Kernel): fc.IProperty<unknown> =>
  fc.property(program, items, (plans, input) => {
    expect(observe(make, plans, input)).toEqual(oracle(plans, input))
  })

const step = (fields: Partial<StepPlan>): StepPlan => ({
  kind: "map",
  body: "plain",
  throwsAt: 9,
  fallback: "none",
  carriesOn: true,
  keepsPayload: true,
  ...fields
})

describe("kernel", () => {
  it("generated means what the steps mean", () => {
    fc.assert(sound(generated), { numRuns: 2_000 })
  })

  it("composed means what the steps mean", () => {
    fc.assert(sound(compose), { numRuns: 2_000 })
  })

  it("an empty batch gives nothing and calls nothing", () => {
    fc.assert(
      fc.property(program, (plans) => {
        for (const make of [generated, compose]) {
          const seen = observe(make, plans, [])
          expect(seen).toEqual({
            out: [],
            positions: [],
            counts: plans.map(() => 0),
            consumed: 0,
            failures: [],
            each: []
          })
        }
      })
    )
  })

  it("carries on behind a failing record, and stops behind one that ends the run", () => {
    const input = [0, 1, 2, 3, 4]
    for (const make of [generated, compose]) {
      const on = observe(make, [step({ throwsAt: 2 })], input)
      expect(on).toMatchObject({ out: [1, 3, 7, 9], positions: [0, 1, 3, 4], consumed: 5 })
      const off = observe(make, [step({ throwsAt: 2, carriesOn: false })], input)
      expect(off).toMatchObject({ out: [1, 3], positions: [0, 1], consumed: 3 })
    }
  })

  it("emits nothing of an expansion that throws midway, and everything of the others", () => {
    const plan = step({ kind: "flatMap", body: "throwing generator" })
    for (const make of [generated, compose]) {
      const seen = observe(make, [plan], [2, 1, 8])
      expect(seen.out).toEqual([1, 8])
      expect(seen.positions).toEqual([1, 2])
      expect(seen.failures).toEqual([{ step: 0, position: 0, payload: 2, cause: "mid 3" }])
      expect(seen.counts).toEqual([2])
    }
  })

  it("shares the code of programs of equal shape and text, and of no others", () => {
    const adding = (by: number) => (value: unknown) => Number(value) + by
    const [map] = stepsOf([step({})], []) as [ProgramStep]
    const code = (fields: Partial<ProgramStep>): string => generated([{ ...map, ...fields }]).name
    const one = code({ f: adding(1) })
    expect(code({ f: adding(2) })).toBe(one)
    expect(code({ f: adding(1), kind: "filter" })).not.toBe(one)
    expect(code({ f: adding(1), usesCursor: !map.usesCursor })).not.toBe(one)
    expect(code({ f: adding(1), keepsPayload: !map.keepsPayload })).not.toBe(one)
    expect(code({ f: (value) => Number(value) - 1 })).not.toBe(one)
    const bound = (): string => code({ f: adding(1).bind(undefined) })
    expect(bound()).not.toBe(bound())
  })

  it("two programs of equal text of different runs get text of their own", () => {
    const steps = stepsOf([step({})], [])
    expect(source(steps, 1)).not.toBe(source(steps, 2))
  })
})

describe("the law finds a kernel that is wrong", () => {
  const broken = (break_: (kernel: Kernel) => Kernel) => (steps: ReadonlyArray<ProgramStep>) =>
    break_(compose(steps))

  const faults: Readonly<Record<string, (kernel: Kernel) => Kernel>> = {
    "that loses the last record": (kernel) => (host, input, out, positions, counts) => {
      const consumed = kernel(host, input, out, positions, counts)
      out.pop()
      return consumed
    },
    "that forgets positions": (kernel) => (host, input, out, positions, counts) => {
      const consumed = kernel(host, input, out, positions, counts)
      positions.fill(0)
      return consumed
    },
    "that miscounts": (kernel) => (host, input, out, positions, counts) => {
      const consumed = kernel(host, input, out, positions, counts)
      counts[counts.length - 1] = (counts[counts.length - 1] as number) + 1
      return consumed
    },
    "that carries on when told to stop": (kernel) => (host, input, out, positions, counts) =>
      kernel(
        { ...host, failed: (...args) => host.failed(...args) || true },
        input,
        out,
        positions,
        counts
      )
  }

  it("that calls the functions of another program of equal text", () => {
    const kernels = new Map<string, Kernel>()
    const sharing = (steps: ReadonlyArray<ProgramStep>): Kernel => {
      const text = steps.map(({ kind, f }) => `${kind} ${f}`).join("\n")
      const kernel = kernels.get(text) ?? generated(steps)
      kernels.set(text, kernel)
      return kernel
    }
    expect(fc.check(sound(sharing), { numRuns: 500 }).failed).toBe(true)
  })

  for (const [name, fault] of Object.entries(faults)) {
    it(name, () => {
      expect(fc.check(sound(broken(fault)), { numRuns: 500 }).failed).toBe(true)
    })
  }
})
