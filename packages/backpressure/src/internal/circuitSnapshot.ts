// A circuit as plain data that outlives its process, and back.
// Times are kept as spans: a monotonic clock starts anew with each process. Trials that ran when
// the circuit was saved are gone, so their slots are free; the counts of a closed window start
// anew.
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { goodNeeded } from "./circuitSettings.ts"
import type { Phase, State } from "./circuitState.ts"
import { uncounted } from "./circuitState.ts"

/** The plain form. */
export const Snapshot = Schema.Struct({
  phase: Schema.Literals(["Closed", "Open", "HalfOpen", "Isolated"]),
  epoch: Schema.Number,
  sinceMsAgo: Schema.Number,
  openMsLeft: Schema.Number,
  cooldownMs: Schema.Number,
  good: Schema.Number,
  bad: Schema.Number
})

/** The plain form. */
export type Saved = typeof Snapshot.Type

const decode = Schema.decodeUnknownResult(Snapshot)

/** What was saved of a stage's circuit; throws, with the place, for data that no circuit saved. */
export const decoded = (stageId: string, saved: unknown): Saved => {
  const result = decode(saved)
  if (Result.isSuccess(result)) return result.success
  throw new Error(
    `stage "${stageId}" was given a circuit to restore that no circuit saved: ` +
      `${result.failure.message}; give it what circuit(stageId).save answered, or leave restore out`
  )
}

/** What is worth keeping of a state. */
export const saved = ({ phase, epoch, sinceMs, atMs, cooldownMs }: State): Saved => ({
  phase: phase._tag,
  epoch,
  sinceMsAgo: atMs - sinceMs,
  openMsLeft: phase._tag === "Open" ? phase.untilMs - atMs : 0,
  cooldownMs,
  good: phase._tag === "HalfOpen" ? phase.good : 0,
  bad: phase._tag === "HalfOpen" ? phase.bad : 0
})

const phaseOf = ({ settings, atMs }: State, from: Saved): Phase => {
  const needed = goodNeeded(settings)
  switch (from.phase) {
    case "Closed":
      return uncounted(settings)
    case "Open":
      return { _tag: "Open", untilMs: atMs + Math.max(0, from.openMsLeft) }
    case "Isolated":
      return { _tag: "Isolated" }
    case "HalfOpen":
      return {
        _tag: "HalfOpen",
        running: [],
        // Settings may have changed since: what would already be a verdict is judged by one trial.
        good: Math.max(0, Math.min(from.good, needed - 1)),
        bad: Math.max(0, Math.min(from.bad, settings.trials - needed)),
        deadlocks: 0
      }
  }
}

/** The saved circuit under the settings of a fresh one. */
export const restored = (fresh: State, from: Saved): State => {
  const { settings, atMs } = fresh
  const phase = phaseOf(fresh, from)
  const openedMs = phase._tag === "Open" ? phase.untilMs - settings.cooldownMs : atMs
  return {
    ...fresh,
    phase,
    epoch: from.epoch + 1,
    sinceMs: Math.min(openedMs, atMs - Math.max(0, from.sinceMsAgo)),
    cooldownMs: Math.min(settings.cooldownMsMax, Math.max(settings.cooldownMs, from.cooldownMs))
  }
}
