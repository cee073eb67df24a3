// Collects what one call of the machine emits and makes a batch of it, headers included.
// Complete outputs of one reason share one frozen headers object: they cost nothing per record. It
// bounds nothing; the machine stops in time.
import * as Batch from "@sluice/core/Batch"
import type * as Envelope from "@sluice/core/Envelope"
import { headerNames } from "./headers.ts"

const completeHeaders = (reason: string): Envelope.Headers =>
  Object.freeze({ [headerNames.completeness]: "1", [headerNames.reason]: reason })

/** The outputs of one call. */
export class Outputs<Out> {
  private readonly origin: string
  private readonly shared = new Map<string, Envelope.Headers>()
  // Used again by the next call, which then need not grow them: what is handed on are copies.
  private readonly items: Array<Out | undefined> = []
  private readonly headers: Array<Envelope.Headers> = []
  private readonly positions: Array<number> = []
  /** Of the last complete output. */
  private reason: string | undefined = undefined
  private ofReason: Envelope.Headers = {}
  private held = 0
  private bytes = 0
  private source: Batch.Batch<unknown> | undefined = undefined
  /** The highest sequence number seen: what a timer emits is numbered by it. */
  private seqLast = 0

  /** `origin` stands on outputs that no fragment triggered. */
  constructor(origin: string) {
    this.origin = origin
  }

  get count(): number {
    return this.held
  }

  /** What follows is triggered by records of `batch`, or by time when there is none. */
  begin(batch: Batch.Batch<unknown> | undefined): void {
    this.source = batch
    if (batch === undefined || batch.items.length === 0) return
    this.seqLast = Math.max(this.seqLast, Batch.seqId(batch, batch.items.length - 1))
  }

  complete(out: Out, reason: string, position: number, bytes: number): void {
    if (reason !== this.reason) {
      this.ofReason = this.headersOf(reason)
      this.reason = reason
    }
    this.push(out, this.ofReason, position, bytes)
  }

  private headersOf(reason: string): Envelope.Headers {
    const known = this.shared.get(reason)
    if (known !== undefined) return known
    const headers = completeHeaders(reason)
    this.shared.set(reason, headers)
    return headers
  }

  partial(out: Out, headers: Envelope.Headers, position: number, bytes: number): void {
    this.push(out, headers, position, bytes)
  }

  /** The batch of what was collected, or undefined; starts anew. */
  take(now: number): Batch.Batch<Out> | undefined {
    const { held, bytes, source } = this
    if (held === 0) return undefined
    const items = this.items.slice(0, held) as Array<Out>
    const headers = this.headers.slice(0, held)
    const positions = this.positions.slice(0, held)
    // Whoever has them now may let go of them.
    this.items.fill(undefined, 0, held)
    this.held = 0
    this.bytes = 0
    const from = source?.columns?.places
    const places = from === undefined ? undefined : positions.map((position) => from[position]!)
    const index = source?.index
    if (index !== undefined) {
      for (let j = 0; j < positions.length; j++) positions[j] = index[positions[j]!]!
    }
    return {
      items,
      seqBase: source?.seqBase ?? this.seqLast,
      index: positions,
      timestamp: now,
      windowEnd: now,
      origin: source?.origin ?? this.origin,
      bytes,
      trace: source?.trace ?? Batch.make([]).trace,
      provenance: source?.provenance,
      columns: { headers, attrs: undefined, costs: undefined, timestamps: undefined, places }
    }
  }

  private push(out: Out, headers: Envelope.Headers, position: number, bytes: number): void {
    const at = this.held++
    this.items[at] = out
    this.headers[at] = headers
    // Without a fragment all share the last sequence number.
    this.positions[at] = this.source === undefined ? 0 : position
    this.bytes += bytes
  }
}
