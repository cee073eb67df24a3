// Who let which record in: the records between a gate and the end of their processing, oldest
// first, in runs. A record is settled with whoever let it in, however often that one was replaced
// since, and nobody is asked twice for one record. Runs of the same are one, so it stays short.
import type * as FlowStrategy from "../../FlowStrategy.ts"

/** Who let a record in: a strategy; nobody, since none was asked then; or it is yet to be asked. */
export type Author = FlowStrategy.FlowStrategy | "nobody" | "unasked"

interface Entries {
  readonly author: Author
  records: number
}

/** The records in front of and inside one stage. */
export class AdmissionBook {
  private runs: Array<Entries> = []
  /** Of the oldest records, how many the stage has; the next one to pass is behind them. */
  private passed = 0

  /** Records came, the newest now. */
  add(author: Author, records: number): void {
    if (records <= 0) return
    const last = this.runs.at(-1)
    if (last?.author === author) last.records += records
    else this.runs.push({ author, records })
  }

  /** Whose record is the next to pass, and how many of the same follow it. */
  next(): { readonly author: Author; readonly records: number } {
    let before = this.passed
    for (const { author, records } of this.runs) {
      if (before < records) return { author, records: records - before }
      before -= records
    }
    return { author: "nobody", records: 0 }
  }

  /** The next records pass into the stage, let in by `author`. */
  pass(author: Author, records: number): void {
    this.replace(this.passed, records, author)
    this.passed += records
  }

  private replace(from: number, count: number, author: Author): void {
    const runs = this.runs
    this.runs = []
    let at = 0
    for (const entry of runs) {
      const before = Math.min(entry.records, Math.max(0, from - at))
      const inside = Math.min(entry.records - before, Math.max(0, from + count - at - before))
      this.add(entry.author, before)
      this.add(author, inside)
      this.add(entry.author, entry.records - before - inside)
      at += entry.records
    }
  }

  /** The oldest records are done; tells each author how many of its own. */
  settle(records: number): void {
    this.passed = Math.max(0, this.passed - records)
    this.remove(0, records)
  }

  /** Records that had not passed were discarded. */
  discard(records: number): void {
    this.remove(this.passed, records)
  }

  private remove(from: number, count: number): void {
    const runs = this.runs
    const gone: Array<Entries> = []
    this.runs = []
    let at = 0
    for (const entry of runs) {
      const before = Math.min(entry.records, Math.max(0, from - at))
      const inside = Math.min(entry.records - before, Math.max(0, from + count - at - before))
      this.add(entry.author, before)
      if (inside > 0) gone.push({ author: entry.author, records: inside })
      this.add(entry.author, entry.records - before - inside)
      at += entry.records
    }
    // The book is complete before anybody is told: a strategy may wake a producer at once.
    for (const { author, records } of gone)
      if (author !== "nobody" && author !== "unasked") author.settled(records)
  }

  /** Records let in by some strategy and not settled; for tests and simulation. */
  inFlight(): number {
    return this.runs.reduce(
      (sum, { author, records }) =>
        author === "nobody" || author === "unasked" ? sum : sum + records,
      0
    )
  }
}
