// Puts a redaction in front of the loggers and the tracer of a context, so that what user code logs
// and annotates is masked like what the run itself tells. Nothing behind them sees a secret.
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import type * as Redaction from "../../Redaction.ts"

type AnyLogger = Logger.Logger<unknown, unknown>

const shownCause = (
  redaction: Redaction.Redaction,
  cause: Cause.Cause<unknown>,
  context?: unknown
): Cause.Cause<unknown> =>
  Cause.fromReasons(
    cause.reasons.map((reason) => {
      if (reason._tag === "Fail")
        return Cause.makeFailReason(redaction.quoting(reason.error, context))
      if (reason._tag === "Die")
        return Cause.makeDieReason(redaction.quoting(reason.defect, context))
      return reason
    })
  )

/** The fiber with masked annotations: loggers read them from there. */
const shownFiber = (
  redaction: Redaction.Redaction,
  fiber: Fiber.Fiber<unknown, unknown>,
  context: unknown
): Fiber.Fiber<unknown, unknown> => {
  const annotations = redaction.quoting(
    { ...fiber.getRef(References.CurrentLogAnnotations) },
    context
  )
  return Object.create(fiber, {
    getRef: {
      value: (ref: Context.Reference<unknown>) =>
        ref.key === References.CurrentLogAnnotations.key ? annotations : fiber.getRef(ref)
    }
  })
}

/** Made of the logger itself: the module that makes loggers is not worth loading for it. */
const guardedLogger = (redaction: Redaction.Redaction, logger: AnyLogger): AnyLogger => {
  const log = (options: Logger.Options<unknown>): unknown => {
    const { message, cause, fiber } = options
    const annotations = fiber.getRef(References.CurrentLogAnnotations)
    return logger.log({
      ...options,
      message: redaction.quoting(message, [annotations, cause.reasons]),
      cause: shownCause(redaction, cause, [message, annotations]),
      fiber: shownFiber(redaction, fiber, message)
    })
  }
  return Object.create(logger, { log: { value: log } })
}

const shownExit = (
  redaction: Redaction.Redaction,
  exit: Exit.Exit<unknown, unknown>,
  context: unknown
): Exit.Exit<unknown, unknown> =>
  Exit.isSuccess(exit) ? Exit.void : Exit.failCause(shownCause(redaction, exit.cause, context))

/** Changes what is put into the span; what is read from it is the span's own. */
const guardSpan = (redaction: Redaction.Redaction, span: Tracer.Span): Tracer.Span => {
  const { attribute, event, end, addLinks } = span
  // What was put in tells which values are secret, for a message that quotes them.
  const given: Record<string, unknown> = {}
  span.attribute = (key, value) => {
    given[key] = value
    const shown = redaction.quoting({ [key]: value }, given) as Record<string, unknown>
    for (const name in shown) attribute.call(span, name, shown[name])
  }
  span.event = (name, startTime, attributes) => {
    const shown = redaction.quoting({ ...attributes }, given) as Record<string, unknown>
    event.call(span, redaction.text(name, attributes, given), startTime, shown)
  }
  span.end = (endTime, exit) => end.call(span, endTime, shownExit(redaction, exit, given))
  span.addLinks = (links) => addLinks.call(span, shownLinks(redaction, links))
  return span
}

const shownLinks = (
  redaction: Redaction.Redaction,
  links: ReadonlyArray<Tracer.SpanLink>
): Array<Tracer.SpanLink> =>
  links.map((link) => ({
    span: link.span,
    attributes: redaction.value(link.attributes) as Record<string, unknown>
  }))

const guardedTracer = (redaction: Redaction.Redaction, tracer: Tracer.Tracer): Tracer.Tracer =>
  Tracer.make({
    ...tracer,
    span: (options) =>
      guardSpan(
        redaction,
        tracer.span({
          ...options,
          name: redaction.text(options.name),
          links: shownLinks(redaction, options.links)
        })
      )
  })

/** The context with every logger and the tracer behind the redaction. */
export const guarded = (
  context: Context.Context<never>,
  redaction: Redaction.Redaction
): Context.Context<never> => {
  const loggers = [...Context.get(context, References.CurrentLoggers)]
  const shown = new Set(loggers.map((logger) => guardedLogger(redaction, logger)))
  return context.pipe(
    Context.add(References.CurrentLoggers, shown),
    Context.add(Tracer.Tracer, guardedTracer(redaction, Context.get(context, Tracer.Tracer)))
  )
}
