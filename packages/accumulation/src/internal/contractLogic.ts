// The inside of a key for an accumulator written by hand: calls the contract's functions and takes
// over their result once all of them have returned. The machine owns everything else.
import * as Batch from "@sluice/core/Batch"
import type * as Contract from "../Contract.ts"
import type { Entry, KeyValue } from "./entry.ts"
import type { Leaving, Logic } from "./logic.ts"
import { nothing, verdicts } from "./logic.ts"

type Held<Key, State> = Contract.AccumulatorState<Key, State>

/** A partial is never 1. */
const scoreMax = 0.9999

/** The logic of one running contract accumulator. */
export class ContractLogic<In, Out, Key extends KeyValue, State>
  implements Logic<In, Key, Held<Key, State>, Out>
{
  readonly triggers: ReadonlyArray<string> = ["complete"]
  readonly duplicates = 0
  private readonly contract: Contract.Accumulator<In, Out, Key, State>
  private batch: Batch.Batch<In> = Batch.make<In>([])
  /** What `checkComplete` last handed out; read at once by `output`. */
  private decided: Out | undefined = undefined

  constructor(
    contract: Contract.Accumulator<In, Out, Key, State>,
    context: Contract.AccumulatorContext
  ) {
    this.contract = contract
    contract.init?.(context)
  }

  begin(batch: Batch.Batch<In>): void {
    this.batch = batch
  }

  keyOf(_fragment: In, index: number): Key | undefined | null {
    return this.contract.extractKey(Batch.envelope(this.batch, index))
  }

  open(_entry: Entry<Key, Held<Key, State>>): void {}

  take(entry: Entry<Key, Held<Key, State>>, _fragment: In, index: number): number {
    const updated = this.contract.updateState(entry.state, Batch.envelope(this.batch, index))
    const result = this.contract.checkComplete(updated)
    entry.state = result.state === updated.state ? updated : { ...updated, state: result.state }
    entry.bytes = updated.sizeBytes
    if (result._tag === "Incomplete") return verdicts.incomplete
    this.decided = result.out
    return result._tag === "Complete" ? 0 : verdicts.expired
  }

  completeness(entry: Entry<Key, Held<Key, State>>): number {
    return Math.min(scoreMax, Math.max(0, entry.state!.completenessScore))
  }

  missing(entry: Entry<Key, Held<Key, State>>, limit: number): ReadonlyArray<string> {
    return this.contract.missing?.(entry.state!).slice(0, limit) ?? []
  }

  output(entry: Entry<Key, Held<Key, State>>, leaving: Leaving): Out | typeof nothing {
    if (leaving.complete) return this.decided as Out
    if (!leaving.judged) return this.contract.flushForced(entry.state!) ?? nothing
    return this.decided ?? nothing
  }

  assertEntry(entry: Entry<Key, Held<Key, State>>): void {
    if (this.contract.checkComplete(entry.state!)._tag === "Incomplete") return
    throw new Error(`completeness is looked at after every fragment: ${entry.key} is not open`)
  }

  close(): void {
    this.contract.close?.()
  }
}
