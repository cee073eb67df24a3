// The cursor user functions see, moved over one batch.
import * as Batch from "../../Batch.ts"
import * as Envelope from "../../Envelope.ts"
import type { MovableCursor } from "../kernel/program.ts"

/** Reads the metadata of the record at `position` of the current batch. */
export class BatchCursor implements MovableCursor {
  position = 0
  batch: Batch.Batch<unknown> = Batch.make<unknown>([])

  get seqId(): number {
    return Batch.seqId(this.batch, this.position)
  }
  get timestamp(): number {
    return this.batch.columns?.timestamps?.[this.position] ?? this.batch.timestamp
  }
  get headers(): Envelope.Headers {
    return Batch.headers(this.batch, this.position)
  }
  get attrs(): Envelope.Attrs {
    return this.batch.columns?.attrs?.[this.position] ?? Envelope.emptyAttrs
  }
  get cost(): Envelope.Cost {
    return this.batch.columns?.costs?.[this.position] ?? Envelope.noCost
  }
  get origin(): string {
    return Batch.origin(this.batch, this.position)
  }
  get location(): string | undefined {
    return Batch.location(this.batch, this.position)
  }
}
