// The batches that stages took lately: whatever is logged or fails now may quote their records.
// Bounded per stage by records, and kept only where a redaction is configured.
import type { Effect } from "effect/Effect"
import type * as Batch from "../../Batch.ts"
import { blockOf } from "../../Views.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import type { Wait } from "../runtime/wait.ts"

/** Records of earlier batches kept per stage; an effectful stage may still work on those. */
const recordsKept = 1_024

type AnyBatch = Batch.Batch<unknown>

/** The latest batches of one stage. */
class Latest {
  private batches: Array<AnyBatch> = []
  private earlier = 0

  add(given: AnyBatch): void {
    const { batches } = this
    const block = blockOf(given.items)
    // The bytes behind views are somebody else's once the batch is done.
    const batch = block === undefined ? given : { ...given, items: block.toObjects() }
    this.earlier += batches.at(-1)?.items.length ?? 0
    batches.push(batch)
    // What lies behind this many records has left the window of any stage.
    while (
      batches.length > 1 &&
      this.earlier - (batches[0] as AnyBatch).items.length >= recordsKept
    ) {
      this.earlier -= (batches.shift() as AnyBatch).items.length
    }
  }

  all(): ReadonlyArray<AnyBatch> {
    return this.batches
  }
}

/** Remembers what an operator is given. */
class Remembering implements Operator {
  private readonly inner: Operator
  private readonly latest: Latest
  readonly close: Effect<void>

  constructor(inner: Operator, latest: Latest) {
    this.inner = inner
    this.latest = latest
    this.close = inner.close
  }

  push(batch: AnyBatch): Wait {
    this.latest.add(batch)
    return this.inner.push(batch)
  }
  poll(): Wait {
    return this.inner.poll()
  }
  deadline(): number {
    return this.inner.deadline()
  }
  end(mode: EndMode): Wait {
    return this.inner.end(mode)
  }
}

/** The batches under way in one run. */
export class UnderWay {
  private stages: ReadonlyArray<Latest> = []

  /** The operator, with its batches remembered. */
  around(operator: Operator): Operator {
    const latest = new Latest()
    this.stages = [...this.stages, latest]
    return new Remembering(operator, latest)
  }

  /** Nothing is under way any more: a handle that outlives its run holds no records. */
  clear(): void {
    this.stages = []
  }

  /** Payloads and headers of all of them. */
  records(): ReadonlyArray<object> {
    return this.stages.flatMap((latest) =>
      latest.all().flatMap(({ items, columns }) => {
        const { headers, attrs } = columns ?? {}
        return [items, headers, attrs].filter((column) => column !== undefined)
      })
    )
  }
}
