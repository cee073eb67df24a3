// Between records and what a strategy counts in: bytes and cost are whole numbers here, spread
// evenly over the records of an offer. What was taken for records comes back when they are settled:
// all of it once the last one is, whatever was rounded on the way.
import type * as FlowStrategy from "@sluice/core/FlowStrategy"

/** Records in flight and what they weigh together. */
export class Ledger {
  records = 0
  weight = 0

  add(records: number, weight: number): void {
    this.records += records
    this.weight += weight
  }

  /** Takes records off; answers the weight that goes with them. */
  remove(records: number): number {
    const gone = Math.min(records, this.records)
    const weight =
      gone === this.records ? this.weight : Math.floor((this.weight * gone) / this.records)
    this.records -= gone
    this.weight -= weight
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
