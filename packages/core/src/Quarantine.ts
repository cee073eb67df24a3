// What is known of a stage that was set aside while its pipeline ran: plain data, for results, the
// sentinel, and the dead letters of what still came for it.

/** A stage that was isolated, and the failure that did it. */
export interface Quarantined {
  readonly stageId: string
  /** Milliseconds since the epoch. */
  readonly atMs: number
  /** The record at whose failure the stage was isolated. */
  readonly seqId: number
  readonly location: string | undefined
  readonly reason: string
}

/** The cause of records that came for a stage after it was isolated. */
export interface StageQuarantined extends Quarantined {
  readonly _tag: "StageQuarantined"
  readonly message: string
}

/** Header of a sentinel: the id of the stage that is isolated. */
export const sentinelHeader = "sluice.sentinel"

/** The cause of records that come for an isolated stage. */
export const causeOf = (quarantined: Quarantined): StageQuarantined => ({
  _tag: "StageQuarantined",
  ...quarantined,
  message:
    `stage "${quarantined.stageId}" is in quarantine since ${quarantined.reason}: ` +
    "mend it, then replay its dead letters"
})
