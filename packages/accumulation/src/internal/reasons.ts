// Why a key or a fragment left, where no completion rule says so. They stand in `acc.reason`,
// in the drop counts and in reports, so they are part of the public behaviour.

/** Reasons other than a rule's own name. */
export const reasons = {
  /** Nothing came for the idle time. */
  idle: "idle",
  /** The first fragment is older than the age bound. */
  age: "age",
  /** A contract judged the key expired. */
  expired: "expired",
  limitItems: "limit-items",
  limitBytes: "limit-bytes",
  /** More open keys than allowed: the one touched longest ago went. */
  keyExplosion: "key-explosion",
  /** The input ended. */
  end: "end",
  /** A fragment of a key that was closed. */
  late: "late",
  /** A second fragment for a slot, with `duplicates: "drop"`. */
  duplicate: "duplicate",
  /** A contract had nothing to hand on when it was told to flush. */
  flushedEmpty: "flushed-empty"
} as const
