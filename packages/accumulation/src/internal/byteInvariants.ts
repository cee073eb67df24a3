// The rules of rows, beside those of every machine: whoever names a row holds it, so that its
// memory is its own; and nothing names it twice. Slow on purpose.

import type { ByteMachine } from "./byteMachine.ts"
import type { ByteTable } from "./byteTable.ts"
import type { Holder } from "./keyTable.ts"
import { holders } from "./keyTable.ts"

const checkHeld = ({ rows }: ByteTable, who: string, named: Iterable<number>, by: Holder): void => {
  const seen = new Set<number>()
  for (const row of named) {
    if (!rows.isHeld(row, by)) throw new Error(`rows: ${who} names row ${row}, which is not held`)
    if (seen.has(row)) throw new Error(`rows: ${who} names row ${row} twice`)
    seen.add(row)
  }
}

/** Throws when a row is named by somebody who does not hold it. */
export const checkHolders = ({
  table,
  timers,
  tombstones
}: Pick<ByteMachine, "table" | "timers" | "tombstones">): void => {
  checkHeld(table, "the table", table.handles(), holders.table)
  checkHeld(table, "the timer heap", timers?.all() ?? [], holders.timers)
  checkHeld(table, "the ring of closed keys", tombstones.handles(), holders.ring)
  checkHeld(table, "eviction", table.candidates(), holders.oldest)
}
