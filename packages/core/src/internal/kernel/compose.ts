// The kernel as an interpreter over its steps: the reference meaning of a program, and what runs
// where code generation is forbidden. Slower than generated code once several pipelines are alive;
// never different.
import type { Kernel, KernelHost, ProgramStep } from "./program.ts"

/** Answer of a step: the record goes on with `value`, or it stops here. */
interface Slot {
  value: unknown
  alive: boolean
}

const invoke = (step: ProgramStep, payload: unknown, host: KernelHost): unknown => {
  if (step.fallback === undefined) return step.f(payload, host.cursor)
  try {
    return step.f(payload, host.cursor)
  } catch (cause) {
    return step.fallback(payload, cause)
  }
}

const expandInto = (host: KernelHost, k: number, result: unknown, out: Array<unknown>): number => {
  if (!Array.isArray(result)) return host.expand(k, result, out)
  for (const item of result) out.push(item)
  return result.length
}

const applyStep = (
  step: ProgramStep,
  k: number,
  host: KernelHost,
  slot: Slot,
  out: Array<unknown>
): number => {
  const result = invoke(step, slot.value, host)
  switch (step.kind) {
    case "map":
      slot.value = result
      return 1
    case "filter":
      slot.alive = Boolean(result)
      return slot.alive ? 1 : 0
    case "each":
      slot.alive = false
      return 1
    case "flatMap":
      slot.alive = false
      return expandInto(host, k, result, out)
  }
}

/** A kernel that interprets its steps record by record. */
export const compose =
  (steps: ReadonlyArray<ProgramStep>): Kernel =>
  (host, items, out, positions, counts) => {
    out.length = 0
    counts.fill(0)
    const slot: Slot = { value: undefined, alive: true }
    for (let i = 0; i < items.length; i++) {
      const before = out.length
      let k = 0
      slot.value = items[i]
      slot.alive = true
      host.cursor.position = i
      try {
        for (; k < steps.length && slot.alive; k++) {
          counts[k] = (counts[k] as number) + applyStep(steps[k] as ProgramStep, k, host, slot, out)
        }
        if (slot.alive) out.push(slot.value)
      } catch (cause) {
        out.length = before
        if (!host.failed(k, i, slot.value, cause)) return i + 1
      }
      for (let q = before; q < out.length; q++) positions[q] = i
    }
    return items.length
  }
