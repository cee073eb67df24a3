// Joins a run that is about to start with what its caller's context asks for: redaction, pressure,
// metrics, spans, logs, observers. Everything is decided here, once; a run without any of it stays
// as it is.
import * as Context from "effect/Context"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import type * as Accumulator from "../../Accumulator.ts"
import * as PoolTracker from "../../PoolTracker.ts"
import * as Pressure from "../../Pressure.ts"
import * as Redaction from "../../Redaction.ts"
import * as Telemetry from "../../Telemetry.ts"
import { UnderWay } from "../redaction/underWay.ts"
import type { Run } from "../runtime/run.ts"
import { guarded } from "./guard.ts"
import { logObserver } from "./logs.ts"
import { Probe } from "./probe.ts"

/** A run's context, and whom to tell when it is over. */
export interface Attached {
  readonly context: Context.Context<never>
  readonly ended: (status: string) => void
}

const nothing = (): void => undefined

/** What pools of the run are asked for; `left` ends what is still told of them. */
const poolsOf = (
  caller: Context.Context<never>
): { readonly host: Run["pools"]; readonly left: () => void } => {
  const telemetry = Context.get(caller, Telemetry.Current)
  const tracker = Context.get(caller, PoolTracker.Current)
  const told = telemetry !== undefined && telemetry.options.metrics !== false
  if (!told && tracker === undefined) return { host: undefined, left: nothing }
  const leaves: Array<() => void> = []
  const watch: Accumulator.PoolHost["watch"] = (statistics) => {
    if (!told) return nothing
    const leave = telemetry.pool(statistics)
    leaves.push(leave)
    return leave
  }
  return { host: { tracker, watch }, left: () => leaves.forEach((leave) => leave()) }
}

const telemetryOf = (
  run: Run,
  telemetry: Telemetry.Telemetry,
  context: Context.Context<never>
): Attached => {
  const { options } = telemetry
  const probe = new Probe(run, options, context)
  run.probe = probe
  const leave = options.metrics === false ? nothing : telemetry.join(run)
  run.notifier.add([
    ...(options.logs === true ? [logObserver(run)] : []),
    ...(options.observers ?? [])
  ])
  const annotations = {
    ...Context.get(context, References.CurrentLogAnnotations),
    pipelineId: run.graph.id,
    engineType: run.mode.engine
  }
  const annotated =
    options.logs === true
      ? Context.add(context, References.CurrentLogAnnotations, annotations)
      : context
  const { root } = probe
  return {
    context: root === undefined ? annotated : Context.add(annotated, Tracer.ParentSpan, root),
    ended: (status) => {
      leave()
      probe.ended(status)
    }
  }
}

/**
 * A run of the sync engine is a function of graph, input and seed, whatever the machine's memory.
 */
const pressureFor = (run: Run, pressure: Pressure.Pressure): Pressure.Pressure =>
  run.mode.sequential && pressure.measured ? Pressure.calm : pressure

/** Reads the context and prepares the run; call it before anything of the run is opened. */
export const attach = (run: Run, caller: Context.Context<never>): Attached => {
  const telemetry = Context.get(caller, Telemetry.Current)
  const underWay = new UnderWay()
  const { host, left } = poolsOf(caller)
  run.pools = host
  const redaction = Context.get(caller, Redaction.Current)?.within(() => underWay.records())
  if (redaction !== undefined) run.underWay = underWay
  run.redaction = redaction
  run.gcShare = pressureFor(run, Context.get(caller, Pressure.Current)).level
  const context = redaction === undefined ? caller : guarded(caller, redaction)
  const attached =
    telemetry === undefined ? { context, ended: nothing } : telemetryOf(run, telemetry, context)
  return {
    context: attached.context,
    ended: (status) => {
      attached.ended(status)
      left()
      underWay.clear()
    }
  }
}
