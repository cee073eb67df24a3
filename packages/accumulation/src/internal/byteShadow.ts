// A key kept as bytes as the object form knows it: made for reports and checks, which are rare and
// then the same code for both.
import { decodeUtf8 } from "@sluice/core/SegmentPool"
import type { KeyValue } from "./entry.ts"
import { Entry } from "./entry.ts"
import type { SlotCells } from "./slotCells.ts"
import { SlotTable } from "./slotTable.ts"

/** A text of bytes. */
export const textOf = ({ buffer, byteOffset }: DataView, from: number, length: number): string =>
  decodeUtf8(new Uint8Array(buffer, byteOffset + from, length), 0, length)

/** The name of a slot. */
export const nameOf = (cells: SlotCells, state: number, slot: number): string => {
  const [from, length] = cells.name(state, slot)
  return textOf(cells.arena.view, from, length)
}

/** A copy of a key, with its slots where they are given. */
export const shadowOf = (
  entry: Entry<string, number>,
  cells: SlotCells | undefined
): Entry<KeyValue, unknown> => {
  const shadow = new Entry<KeyValue, unknown>(entry.key, entry.first)
  shadow.fragments = entry.fragments
  shadow.expected = entry.expected
  shadow.bytes = entry.bytes
  if (cells === undefined) return shadow
  const state = entry.state as number
  const table = new SlotTable(undefined, cells.parts)
  table.declared = cells.declared(state)
  for (let slot = 0; slot < cells.count(state); slot++) {
    const at = table.append(nameOf(cells, state, slot))
    if (cells.isRequired(state, slot)) table.require(at)
    for (let part = 0; part < cells.parts; part++)
      if (cells.fragment(state, slot, part) !== 0) table.fill(at * cells.parts + part)
  }
  shadow.slots = table
  return shadow
}
