// Between records and what a strategy counts in: bytes and cost are whole numbers here, spread
// evenly over the records of an offer. What was taken for records comes back when they are settled:
// all of it once the last one is, whatever was rounded on the way.
import type * as FlowStrategy from "@sluice/core/FlowStrategy"

interface Lot {
  records: number
  weight: number
}

/**
 * Records in flight and what they weigh, in the order in which they were let in: the oldest are
 * taken for the first to be settled, with the weight they came with. Bounded by the offers in
 * flight.
 */
export class Ledger {
  private lots: Array<Lot> = []

  add(records: number, weight: number): void {
    this.lots.push({ records, weight })
  }

  /** Takes records off; answers the weight that goes with them. */
  remove(records: number): number {
    let [left, weight, gone] = [records, 0, 0]
    for (const lot of this.lots) {
      if (left === 0) break
      const part = Math.min(left, lot.records)
      const share =
        part === lot.records ? lot.weight : Math.floor((lot.weight * part) / lot.records)
      lot.records -= part
      lot.weight -= share
      left -= part
      weight += share
      if (lot.records === 0) gone++
    }
    if (gone > 0) this.lots = this.lots.slice(gone)
    return weight
  }
}

/** Weight of the first `records` of an offer, rounded up, and never nothing. */
export const weightOf = (offer: FlowStrategy.Offer, records: number): number =>
  Math.max(1, Math.ceil((offer.weight * records) / offer.records))

/** Records of an offer that weigh at most `limit`; may be none. */
export const recordsWithin = (offer: FlowStrategy.Offer, limit: number): number => {
  if (offer.weight <= limit) return limit >= 1 ? offer.records : 0
  let records = Math.min(offer.records, Math.floor((limit * offer.records) / offer.weight))
  while (records > 0 && weightOf(offer, records) > limit) records--
  return records
}
