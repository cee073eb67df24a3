// The book of a gate against a list with one entry for each record: whoever let a record in is told
// of it once, when it is settled or discarded, in the order of the records.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import type * as FlowStrategy from "../../src/FlowStrategy.ts"
import type { Author } from "../../src/internal/runtime/admissionBook.ts"
import { AdmissionBook } from "../../src/internal/runtime/admissionBook.ts"

/** A strategy that only counts what it gets back. */
const counting = (kind: string, back: Map<string, number>): FlowStrategy.FlowStrategy => ({
  kind,
  unit: "records",
  side: "send",
  admit: ({ records }) => records,
  settled: (records) => void back.set(kind, (back.get(kind) ?? 0) + records),
  dueNanos: () => undefined,
  change: () => false,
  statistics: () => ({})
})

const commands = fc.array(
  fc.record({
    kind: fc.constantFrom("add", "add", "pass", "pass", "settle", "discard"),
    who: fc.nat({ max: 3 }),
    records: fc.integer({ min: 1, max: 9 })
  }),
  { maxLength: 80 }
)

/** One author for each record; the first `passed` of them are with the stage. */
class Model {
  records: Array<string> = []
  passed = 0
  readonly back = new Map<string, number>()

  private tell(gone: ReadonlyArray<string>): void {
    for (const author of gone)
      if (author.startsWith("s")) this.back.set(author, (this.back.get(author) ?? 0) + 1)
  }
  settle(count: number): void {
    this.tell(this.records.splice(0, count))
    this.passed = Math.max(0, this.passed - count)
  }
  discard(count: number): void {
    this.tell(this.records.splice(this.passed, count))
  }
}

type Book = Pick<AdmissionBook, "add" | "next" | "pass" | "settle" | "discard" | "inFlight">

const law = (make: () => Book): fc.IProperty<unknown> =>
  fc.property(commands, (script) => {
    const back = new Map<string, number>()
    const strategies = [counting("s0", back), counting("s1", back)]
    const authors: ReadonlyArray<Author> = [...strategies, "nobody", "unasked"]
    const nameOf = (author: Author): string => (typeof author === "string" ? author : author.kind)
    const book = make()
    const model = new Model()
    for (const { kind, who, records } of script) {
      const author = authors[who] as Author
      if (kind === "add") {
        book.add(author, records)
        for (let i = 0; i < records; i++) model.records.push(nameOf(author))
      }
      const waiting = model.records.length - model.passed
      if (kind === "pass" && waiting > 0) {
        const next = book.next()
        const from = model.records[model.passed]
        expect(nameOf(next.author)).toBe(from)
        const count = Math.min(records, next.records, waiting)
        const by = next.author === "unasked" ? author : next.author
        book.pass(by, count)
        model.records.fill(nameOf(by), model.passed, model.passed + count)
        model.passed += count
      }
      if (kind === "settle") {
        const count = Math.min(records, model.passed)
        book.settle(count)
        model.settle(count)
      }
      if (kind === "discard") {
        const count = Math.min(records, model.records.length - model.passed)
        book.discard(count)
        model.discard(count)
      }
      expect([...back].sort()).toEqual([...model.back].sort())
      expect(book.inFlight()).toBe(model.records.filter((name) => name.startsWith("s")).length)
    }
  })

/** Settles with whoever is in charge now, as a book without runs would. */
class LatestOnly extends AdmissionBook {
  private latest: Author = "nobody"
  override add(author: Author, records: number): void {
    this.latest = author
    super.add(author, records)
  }
  override settle(records: number): void {
    if (typeof this.latest !== "string") this.latest.settled(records)
    super.settle(records)
  }
}

/** Forgets that records were discarded. */
class Deaf extends AdmissionBook {
  override discard(): void {}
}

describe("the book of admissions", () => {
  it("tells whoever let a record in, once", () => {
    fc.assert(
      law(() => new AdmissionBook()),
      { numRuns: 1_000 }
    )
  })

  it.each([
    ["settles with the latest", () => new LatestOnly()],
    ["forgets what was discarded", () => new Deaf()]
  ])("the law finds one that %s", (_, make) => {
    expect(fc.check(law(make), { numRuns: 1_000, seed: 1 }).failed).toBe(true)
  })
})
