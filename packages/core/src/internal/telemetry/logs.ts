// The structured log of a run: its stages' lives, failures, drops, circuits. Bounded: what happens
// again and again is logged at the 1st, 2nd, 4th, 8th, … time.
import * as Effect from "effect/Effect"
import type * as Observer from "../../Observer.ts"
import type { Run } from "../runtime/run.ts"

const isPowerOfTwo = (n: number): boolean => (n & (n - 1)) === 0

/** How often something happened, by its name; holds one number a stage and kind. */
class Counts {
  private readonly counts = new Map<string, number>()

  next(name: string): number {
    const count = (this.counts.get(name) ?? 0) + 1
    this.counts.set(name, count)
    return count
  }
}

const plural = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"} so far`

const evictedText = (stageId: string, evicted: number, count: number): string =>
  `stage "${stageId}" let ${evicted} keys go to make room; ${plural(count, "time")}`

/** An observer that logs with the run's loggers, each line with pipeline, stage and engine. */
export const logObserver = (run: Run): Observer.PipelineObserver => {
  const counts = new Counts()
  const say = (stageId: string | undefined, fields: object, line: Effect.Effect<void>): void => {
    const start = stageId === undefined ? run.fork : run.forkerOf(stageId)
    start.call(run, Effect.annotateLogs(line, { ...fields }))
  }
  const seldom = (stageId: string, what: string, log: (count: number) => void): void => {
    const count = counts.next(`${what} ${stageId}`)
    if (isPowerOfTwo(count)) log(count)
  }
  return {
    onStageStart: (stageId, { kind }) =>
      say(stageId, { kind }, Effect.logDebug(`stage "${stageId}" started`)),
    onError: (stageId, cause, { seqId, origin, location, kind, attempts }) =>
      seldom(stageId, "failed", (count) => {
        const place = location ?? `${origin}#${seqId}`
        const fields = { kind, attempts, failures: count, record: place }
        const text = `stage "${stageId}" failed on ${place}; ${plural(count, "failure")}`
        say(stageId, fields, Effect.logWarning(text, cause))
      }),
    onAccumulatorEvent: (stageId, { evicted }) => {
      if (evicted === 0) return
      seldom(stageId, "evicted", (count) =>
        say(stageId, { evicted }, Effect.logWarning(evictedText(stageId, evicted, count)))
      )
    },
    onCircuitChange: (stageId, { from, to, reason }) =>
      say(
        stageId,
        { from, to },
        Effect.logWarning(`circuit of stage "${stageId}" is ${to}, was ${from}: ${reason}`)
      ),
    onEvent: (event) => {
      switch (event._tag) {
        case "StageEnded": {
          const { stageId, status } = event
          const line = `stage "${stageId}" ${status}`
          return say(
            stageId,
            { status },
            status === "failed" ? Effect.logError(line) : Effect.logDebug(line)
          )
        }
        case "RecordsDropped": {
          const { stageId, count: records, reason } = event
          return seldom(stageId, "dropped", (count) =>
            say(
              stageId,
              { records, reason },
              Effect.logWarning(
                `stage "${stageId}" dropped ${records} records, ${reason}; ${plural(count, "time")}`
              )
            )
          )
        }
        case "StopRequested":
          return say(undefined, {}, Effect.logInfo(`asked to stop: ${event.mode}`))
        case "RunEnded": {
          const line = `pipeline "${run.graph.id}" ${event.status}`
          const { status } = event
          return say(
            undefined,
            { status },
            status === "failed" ? Effect.logError(line) : Effect.logInfo(line)
          )
        }
      }
    }
  }
}
