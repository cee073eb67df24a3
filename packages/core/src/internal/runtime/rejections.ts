// What becomes of records a stage could not process: the stage's error policy, applied record by
// record. Collects during a batch, synchronously; `deliver` hands over afterwards, so that no
// Effect is built per record.
import * as Effect from "effect/Effect"
import * as Batch from "../../Batch.ts"
import * as DeadLetter from "../../DeadLetter.ts"
import type * as Graph from "../../Graph.ts"
import * as Policy from "../../Policy.ts"
import type { EndMode } from "./operator.ts"
import type { Run } from "./run.ts"
import type { StageStats } from "./stageStats.ts"
import type { Wait } from "./wait.ts"

/** The policy that applies once there is nothing left to try. */
export const finalPolicy = (
  policy: Policy.ErrorPolicy,
  kind: DeadLetter.FailureKind
): Exclude<Policy.KindPolicy, Policy.RetryPolicy> => {
  const applies = Policy.forKind(policy, kind)
  return applies._tag === "Retry" ? (applies.exhausted ?? Policy.fail) : applies
}

/** One rejected record. */
export interface Rejection {
  readonly batch: Batch.Batch<unknown>
  readonly position: number
  readonly payload: unknown
  readonly cause: unknown
  readonly key?: unknown
  readonly kind?: DeadLetter.FailureKind
  readonly attempts?: number
  /** What the record was before, where a redaction must know. */
  readonly lineage?: unknown
}

/** Rejected records of one stage. */
export class Rejections {
  readonly node: Graph.StageNode
  private readonly run: Run
  private readonly stats: StageStats
  private pending: Array<DeadLetter.DeadLetter> = []
  failure: DeadLetter.DeadLetter | undefined = undefined
  /** Failures that count towards a quarantine. */
  private failures = 0

  constructor(run: Run, node: Graph.StageNode) {
    this.run = run
    this.node = node
    this.stats = run.statsOf(node.id)
  }

  private letter(rejection: Rejection): DeadLetter.DeadLetter {
    const { batch, position } = rejection
    return {
      _tag: "DeadLetter",
      stageId: this.node.id,
      kind: DeadLetter.kindOf(rejection.cause) ?? rejection.kind ?? "non-recoverable",
      seqId: Batch.seqId(batch, position),
      origin: Batch.origin(batch, position),
      location: Batch.location(batch, position),
      key: rejection.key,
      headers: Batch.headers(batch, position),
      payload: rejection.payload,
      cause: rejection.cause,
      attempts: rejection.attempts ?? 1,
      timestamp: this.run.now()
    }
  }

  /**
   * Applies the policy. True: carry on with the next record. False: the run must end, `failure`
   * says why.
   */
  reject(rejection: Rejection): boolean {
    const letter = this.letter(rejection)
    const shown = this.run.shown(letter, rejection.lineage)
    this.stats.errors++
    this.stats.lastError = DeadLetter.causeText(shown.cause)
    if (this.run.observed) {
      const { stageId, seqId } = letter
      this.run.emit({
        _tag: "RecordFailed",
        atMs: letter.timestamp,
        stageId,
        seqId,
        message: this.stats.lastError
      })
      this.run.notifier.error(shown)
    }
    const policy = finalPolicy(this.node.errorPolicy, letter.kind)
    switch (policy._tag) {
      case "Quarantine":
        this.failures++
        this.stats.deadLetters++
        this.run.keep(shown)
        this.pending.push(letter)
        if (this.failures >= (policy.failures ?? 1)) this.run.quarantine(shown)
        return true
      case "DeadLetter":
        this.stats.deadLetters++
        this.run.keep(shown)
        this.pending.push(letter)
        return true
      case "Ignore":
        this.stats.dropped++
        return true
      default:
        this.failure ??= shown
        return false
    }
  }

  /** Makes dead letters of a whole batch that the stage does not take any more. */
  setAside(batch: Batch.Batch<unknown>, cause: unknown): void {
    for (let position = 0; position < batch.items.length; position++) {
      const payload = batch.items[position]
      const letter = this.letter({ batch, position, payload, cause, attempts: 0 })
      this.stats.deadLetters++
      this.run.keep(this.run.shown(letter))
      this.pending.push(letter)
    }
  }

  /** Hands dead letters to the run's receiver. */
  flush(): Effect.Effect<void> | undefined {
    const letters = this.pending
    const receiver = this.run.options.onDeadLetters
    if (letters.length === 0) return undefined
    this.pending = []
    if (receiver === undefined || this.run.redaction === undefined)
      return receiver?.(letters, letters)
    return receiver(
      letters,
      letters.map((letter) => this.run.shown(letter))
    )
  }

  /** Hands dead letters to the run's receiver, then fails if a record ended the run. */
  deliver(): Wait {
    const failure = this.failure
    const handOver = this.flush()
    if (failure === undefined) return handOver
    return handOver === undefined
      ? Effect.fail(failure)
      : Effect.andThen(handOver, Effect.fail(failure))
  }

  /**
   * What a stage waits for when its input has ended: a failed end lets others through and does not
   * fail again.
   */
  settle(mode: EndMode): Wait {
    return mode === "failed" ? this.flush() : this.deliver()
  }
}

/** A failure that concerns no single record: a source or sink that failed, a defect. */
export const resourceFailure = (
  run: Run,
  stageId: string,
  cause: unknown,
  kind: DeadLetter.FailureKind
): DeadLetter.DeadLetter => {
  const stats = run.statsOf(stageId)
  const letter = run.shown({
    _tag: "DeadLetter",
    stageId,
    kind,
    seqId: stats.recordsIn,
    origin: stageId,
    location: undefined,
    key: undefined,
    headers: {},
    payload: undefined,
    cause,
    attempts: 1,
    timestamp: run.now()
  })
  stats.errors++
  stats.lastError = DeadLetter.causeText(letter.cause)
  run.notifier.error(letter)
  return letter
}
