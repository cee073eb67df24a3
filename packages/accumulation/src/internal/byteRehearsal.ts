// Fragments made up so that the machine over bytes takes each of its rare ways once before the
// first real one: the engine then knows the types there, and does not throw its optimised code away
// when the first key leaves, the ring of closed keys is full, a name is long. The machine is one of
// its own, that nobody watches; it reads no clock and calls nothing of the user's.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Batch from "@sluice/core/Batch"
import { hashBytes } from "@sluice/core/ByteHash"
import { Segment } from "@sluice/core/SegmentPool"
import type { ColumnData, Layout, Needs, Sheet } from "@sluice/core/Views"
import { asItems, blockOf, SheetPool, ViewBlock } from "@sluice/core/Views"
import type { ByteMachine } from "./byteMachine.ts"
import type { Settings } from "./settings.ts"

/** Most want one of two places of the index. */
const keys = "a b c d gh oi dk pr so e fk f g h i j".split(" ")
const keysInBatch = 4

/** The key that stays: timers of those that leave are behind its own. */
const staying = 4

/** The key that comes with the hash of the one before it. */
const misled = 9

/** Closed keys remembered: few, so that the oldest is forgotten. */
const tombstonesMax = 4

/** Slots of one key: more than are searched one by one. */
const slotsMany = 20

/** Bytes of names, for slots and for whatever else is text. */
const nameLengths = [1, 3, 4, 9, 300]

/** What all fragments are made of. */
interface Props {
  readonly keys: ReadonlyArray<Uint8Array>
  readonly names: ReadonlyArray<Uint8Array>
  readonly nameStarts: ReadonlyArray<number>
  readonly nameBytes: Uint8Array
}

const propsOf = (): Props => {
  const encoder = new TextEncoder()
  const names = Array.from({ length: slotsMany }, (_, j) =>
    encoder.encode(`${j}`.padEnd(nameLengths[j % nameLengths.length] as number, "x"))
  )
  const lengthOf = (list: ReadonlyArray<Uint8Array>): number =>
    list.reduce((sum, { length }) => sum + length, 0)
  const nameStarts = names.map((_, j) => lengthOf(names.slice(0, j)))
  const nameBytes = new Uint8Array(lengthOf(names))
  for (const [j, name] of names.entries()) nameBytes.set(name, nameStarts[j])
  return { keys: keys.map((key) => encoder.encode(key)), names, nameStarts, nameBytes }
}

/** Slots of a key: none, one, a few, many. */
const slotsOf = (key: number): number => (key === 13 ? slotsMany : key % 6)

const put = (props: Props, data: ColumnData, row: number, name: number, elements: number): void => {
  const { column } = data
  if (column._tag === "Number") data.value[row] = [1, 2, 2.5, 3, Number.NaN][name % 5] as number
  else if (column._tag === "Text") {
    const bytes = props.names[name] as Uint8Array
    data.start[row] = props.nameStarts[name] as number
    data.length[row] = bytes.length
    if (row < data.hash.length) data.hash[row] = hashBytes(bytes, 0, bytes.length)
  } else if (column._tag === "Group") {
    const first = data.used
    data.used += elements
    data.ensureElements(data.used)
    data.start[row] = first
    data.length[row] = elements
    for (const child of data.children)
      for (let j = 0; j < elements; j++) put(props, child, first + j, j, 0)
  } else data.code[row] = 0
}

const add = (props: Props, sheet: Sheet, key: number, name: number): void => {
  const row = sheet.rows++
  sheet.ensure(sheet.rows)
  for (const data of sheet.columns) put(props, data, row, name, slotsOf(key))
  const bytes = props.keys[key] as Uint8Array
  const hashed = props.keys[key === misled ? key - 1 : key] as Uint8Array
  sheet.ensureKeyBytes(4)
  sheet.keyStart[row] = sheet.keyUsed
  sheet.keyLength[row] = bytes.length
  sheet.keyHash[row] = hashBytes(hashed, 0, hashed.length)
  for (let i = 0; i < 4; i++) sheet.keyBytes[sheet.keyUsed++] = bytes[i] ?? 0
}

/** A fragment for each slot of each key, one of them twice; where they declare slots, one a key. */
const blockOfKeys = (props: Props, pool: SheetPool, from: number): ViewBlock => {
  const sheet = pool.rent(new Segment(props.nameBytes))
  const declares = sheet.columns.some(({ column }) => column._tag === "Group")
  for (let key = from; key < from + keysInBatch; key++) {
    const slots = declares ? Number(key !== staying) : slotsOf(key)
    for (let name = 0; name < slots; name++) add(props, sheet, key, name)
    if (key % 4 === 1) add(props, sheet, key, 0)
  }
  return new ViewBlock(sheet, 0, sheet.rows)
}

/** Runs a machine over made-up fragments of the layouts it takes. */
export const rehearse = (
  layouts: ReadonlyArray<Layout>,
  needs: ReadonlyArray<Needs>,
  settings: Settings,
  make: (host: Accumulator.AccumulatorHost, settings: Settings, emitViews: boolean) => ByteMachine
): void => {
  const props = propsOf()
  let now = 0
  const host = { pipelineId: "", stageId: "rehearsal", now: () => now++, failed: () => true }
  const tombstones = { max: tombstonesMax, ageMs: settings.tombstones.ageMs }
  const machine = make(host, { ...settings, tombstones }, true)
  const pools = layouts.map((layout, i) => new SheetPool(layout, needs[i] as Needs))
  let before: ViewBlock | undefined
  for (let from = 0; from < keys.length; from += keysInBatch) {
    for (let i = 0; i < pools.length; i++) {
      const at = (i + from / keysInBatch) % pools.length
      const items = asItems<unknown>(blockOfKeys(props, pools[at] as SheetPool, from))
      const emitted = machine.process(Batch.make(items, { origin: `${at}`, bytes: 64 }))
      machine.deadline()
      machine.pending()
      before?.release()
      before = blockOf(emitted?.items)
    }
    if (from > staying) machine.timers?.compact()
  }
  before?.release()
  machine.close()
}
