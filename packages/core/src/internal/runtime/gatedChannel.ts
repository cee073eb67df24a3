// A channel whose producers ask for leave before they put something in. Records that the channel
// itself discards are settled with whoever let them in.
import type * as Batch from "../../Batch.ts"
import type * as Policy from "../../Policy.ts"
import type { OnDropped } from "./channel.ts"
import { Channel } from "./channel.ts"
import type { FlowGate } from "./flowGate.ts"
import type { Wait } from "./wait.ts"
import type { Wakeup } from "./wakeup.ts"

/** A channel in front of a stage with flow control. */
export class GatedChannel extends Channel {
  private readonly gate: FlowGate

  constructor(policy: Policy.BufferPolicy, onDropped: OnDropped, gate: FlowGate) {
    super(policy, (payloads, reason) => {
      gate.dropped(payloads.length)
      onDropped(payloads, reason)
    })
    this.gate = gate
  }

  override push(batch: Batch.Batch<unknown>, producer: Wakeup): Wait {
    return this.gate.enter(batch, producer, (part) => super.push(part, producer))
  }

  override cancel(): void {
    super.cancel()
    this.gate.cancel()
  }
}
