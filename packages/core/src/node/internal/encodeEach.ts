// Texts of records into the block of a file being written, one after the other: a record that has
// none is set aside, and the others are taken.

import type * as Sink from "../../Sink.ts"
import type { BlockWriter } from "./blockWriter.ts"

type Rejected = Sink.RecordsRejected["records"][number]

/** Adds each record by `add`; answers those for which it threw, by their position. */
export const encodeEach = <A>(
  records: ReadonlyArray<A>,
  add: (record: A) => void
): ReadonlyArray<Rejected> => {
  const rejected: Array<Rejected> = []
  for (let index = 0; index < records.length; index++) {
    try {
      add(records[index] as A)
    } catch (cause) {
      rejected.push({ index, cause })
    }
  }
  return rejected
}

/** Tells the engine of records that were not written, if there are any: the others are. */
export const rejectAll = (writer: BlockWriter, records: ReadonlyArray<Rejected>): void => {
  if (records.length === 0) return
  if (writer.full) writer.flush()
  const refusal: Sink.RecordsRejected = { _tag: "RecordsRejected", records }
  throw refusal
}
