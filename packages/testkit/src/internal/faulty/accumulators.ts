// Accumulators that break a rule of accumulation, one each: the plainest one with one method wrong.
import type * as Accumulator from "@sluice/core/Accumulator"
import type {
  AccumulatorOptions,
  AccumulatorSubject,
  Fragment
} from "../conformance/accumulators.ts"
import type { Entry, Way } from "../conformance/referenceAccumulator.ts"
import { ReferenceAccumulator, specOf } from "../conformance/referenceAccumulator.ts"

type Make = new (
  options: AccumulatorOptions,
  host: Accumulator.AccumulatorHost
) => ReferenceAccumulator

/** A key that had to go takes a fragment along that is counted nowhere. */
class Miscounts extends ReferenceAccumulator {
  protected override evict(): void {
    const before = this.entries.size
    super.evict()
    if (this.entries.size < before) this.counts.partial--
  }
}

/** Outputs of complete keys do not say by which rule. */
class Unnamed extends ReferenceAccumulator {
  protected override leave(entry: Entry, way: Way, reason: string): void {
    super.leave(entry, way, way === "completed" ? "" : reason)
  }
}

/** Gives a finished key once more at the end. */
class GivesTwice extends ReferenceAccumulator {
  override end(): ReturnType<ReferenceAccumulator["end"]> {
    const given = super.end()
    return given ?? this.again()
  }

  private first: string | undefined

  protected override leave(entry: Entry, way: Way, reason: string): void {
    if (way === "completed") this.first ??= entry.key
    super.leave(entry, way, reason)
  }

  private again(): ReturnType<ReferenceAccumulator["end"]> {
    const key = this.first
    if (key === undefined) return undefined
    this.first = undefined
    this.out.push({ gathered: { key, values: {}, complete: true }, reason: "again" })
    return super.end()
  }
}

/** The output tells which fragment came first. */
class ByArrival extends ReferenceAccumulator {
  protected override valuesOf(entry: Entry): Readonly<Record<string, number>> {
    const [first] = entry.values.keys()
    const values = super.valuesOf(entry)
    return first === this.options.slots[0] ? values : { ...values, [`first-${first}`]: 0 }
  }
}

/** A fragment that cannot be added takes its group along. */
class LosesGroup extends ReferenceAccumulator {
  protected override add(fragment: Fragment, index: number): boolean {
    const entry = fragment.key === undefined ? undefined : this.entries.get(fragment.key)
    if (fragment.poisoned === true && entry !== undefined) this.leave(entry, "dropped", "poisoned")
    return super.add(fragment, index)
  }
}

/** Nobody can say which keys were open at the end. */
class Nameless extends ReferenceAccumulator {
  override openKeys(): ReadonlyArray<Accumulator.OpenKey> {
    return []
  }
}

/** Keys pile up. */
class Unbounded extends ReferenceAccumulator {
  protected override evict(): void {
    return undefined
  }
}

/** A straggler opens a finished key again, whatever was declared. */
class Reopens extends ReferenceAccumulator {
  constructor(options: AccumulatorOptions, host: Accumulator.AccumulatorHost) {
    super({ ...options, late: "reopen" }, host)
  }
}

/** A faulty accumulator: what it breaks, and how to make one. */
export interface FaultyAccumulator {
  /** The rule it breaks. */
  readonly rule: string
  readonly fault: string
  readonly subject: AccumulatorSubject
}

const faulty = (rule: string, fault: string, Faulty: Make): FaultyAccumulator => ({
  rule,
  fault,
  subject: { make: (options) => specOf(options, (own, host) => new Faulty(own, host)) }
})

/** Accumulators that break A1 to A8. */
export const accumulators: ReadonlyArray<FaultyAccumulator> = [
  faulty("A1", "forgets a fragment of a key that had to go", Miscounts),
  faulty("A2", "does not name the rule a key was completed by", Unnamed),
  faulty("A3", "gives a key again at the end", GivesTwice),
  faulty("A4", "lets the output depend on which fragment came first", ByArrival),
  faulty("A5", "gives up a group with the fragment that failed", LosesGroup),
  faulty("A6", "cannot name the keys that were open at the end", Nameless),
  faulty("A7", "keeps as many keys as come", Unbounded),
  faulty("A8", "opens a finished key again for a late fragment", Reopens)
]
