// The slot table against two sets of names, across the borders at 16 names and 31 slots.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { fixedSlots, SlotTable } from "../../src/internal/slotTable.ts"

const operations = fc.array(
  fc.oneof(
    fc.record({
      _tag: fc.constant("fill" as const),
      name: fc.integer({ min: 0, max: 60 }),
      part: fc.nat(2)
    }),
    fc.record({
      _tag: fc.constant("declare" as const),
      names: fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 30 })
    })
  ),
  { maxLength: 60 }
)

const namesOf = (table: SlotTable) => Array.from({ length: table.count }, (_, i) => table.nameAt(i))

describe("the slot table", () => {
  it("counts the required slots that are empty, with one or more parts, shared or not", () => {
    const required = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 40 })
    fc.assert(
      fc.property(operations, fc.integer({ min: 1, max: 3 }), required, (list, parts, names) => {
        const fixed = names.length === 0 ? undefined : fixedSlots(names)
        const shared = new SlotTable(fixed, parts)
        const table = new SlotTable(fixed, parts)
        const filled = new Set<string>()
        const needed = new Set(names)
        for (const operation of list) {
          if (operation._tag === "declare") {
            table.declare(operation.names)
            for (const name of operation.names) needed.add(name)
          } else {
            const { name } = operation
            const part = operation.part % parts
            const at = table.find(name)
            table.fill((at < 0 ? table.append(name) : at) * parts + part)
            filled.add(`${name}:${part}`)
          }
          let waiting = 0
          for (const name of needed) {
            for (let part = 0; part < parts; part++) if (!filled.has(`${name}:${part}`)) waiting++
          }
          expect(table.waiting).toBe(waiting)
          expect(new Set(namesOf(table)).size).toBe(table.count)
        }
        expect(shared.waiting).toBe(names.length * parts)
        expect(namesOf(shared)).toEqual(names)
      }),
      { numRuns: 300 }
    )
  })
})
