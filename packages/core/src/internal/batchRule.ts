// When a batch is complete: the pure part of gathering. It counts, watches the time it is told and
// asks the user's rule; it holds no record, reads no clock and does no I/O.
import type * as Batching from "../Batching.ts"

/** How many of the next records belong to the batch that is open, and what ended the count. */
export type Taken = {
  readonly count: number
  readonly end: "more" | "complete" | { readonly cause: unknown }
}

type Fold = {
  readonly initial: unknown
  readonly add: (state: unknown, payload: unknown) => unknown
  readonly complete: (state: unknown) => boolean
}

const forever = Number.POSITIVE_INFINITY

/** Largest count of a batching; an adaptive one may stay below it. */
const countMaxOf = (batching: Batching.Batching): number => {
  switch (batching._tag) {
    case "Record":
      return 1
    case "Fixed":
    case "Hybrid":
      return batching.count
    default:
      return batching.countMax
  }
}

/** Watches one batch after the other; `open` starts one, `take` counts into it. */
export class BatchRule {
  /** An incomplete batch leaves when nothing more is there. */
  readonly leavesIdle: boolean
  /** Asked for the size of each batch, and told what became of it. */
  readonly sizer: Batching.BatchSizer | undefined
  /** Milliseconds since the epoch at which the open batch leaves; Infinity when none does. */
  deadline = forever
  private readonly batching: Batching.Batching
  private readonly countMax: number
  private readonly fold: Fold | undefined
  private count = 0
  private limit = 0
  private state: unknown = undefined

  constructor(batching: Batching.Batching) {
    this.batching = batching
    this.countMax = countMaxOf(batching)
    this.sizer = batching._tag === "Adaptive" ? batching.make() : undefined
    // The DSL has checked that the rule fits the payloads.
    this.fold = batching._tag === "Accumulated" ? (batching.fold as Fold) : undefined
    this.leavesIdle =
      batching._tag === "Record" ||
      batching._tag === "Adaptive" ||
      (batching._tag === "Fixed" && batching.incomplete === "release")
  }

  /** Whether `open` needs to know the time. */
  get timed(): boolean {
    return "windowMs" in this.batching && this.batching.windowMs < forever
  }

  /** A batch starts with a record that came at `now`. */
  open(now: number): void {
    const { batching } = this
    this.count = 0
    this.limit = this.limitOf()
    this.state = this.fold?.initial
    if (batching._tag === "TimeWindow")
      this.deadline = (Math.floor(now / batching.windowMs) + 1) * batching.windowMs
    else if ("windowMs" in batching) this.deadline = now + batching.windowMs
  }

  /** The batch has left. */
  close(): void {
    this.deadline = forever
  }

  private limitOf(): number {
    if (this.sizer === undefined) return this.countMax
    const asked = Math.round(this.sizer.size())
    // A controller that answers nonsense must not stop the flow.
    return asked >= 1 ? Math.min(asked, this.countMax) : 1
  }

  /** Counts `items` from `from` into the open batch until it is complete or they are used up. */
  take(items: ReadonlyArray<unknown>, from: number): Taken {
    if (this.fold !== undefined) return this.folded(this.fold, items, from)
    const count = Math.min(items.length - from, this.limit - this.count)
    this.count += count
    return { count, end: this.count >= this.limit ? "complete" : "more" }
  }

  private folded(fold: Fold, items: ReadonlyArray<unknown>, from: number): Taken {
    let at = from
    try {
      while (at < items.length && this.count < this.limit) {
        const state = fold.add(this.state, items[at])
        const complete = fold.complete(state)
        this.state = state
        at++
        this.count++
        if (complete) return { count: at - from, end: "complete" }
      }
    } catch (cause) {
      return { count: at - from, end: { cause } }
    }
    return { count: at - from, end: this.count >= this.limit ? "complete" : "more" }
  }
}
