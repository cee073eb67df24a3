// Wraps a stage's function, source or sink so that some of its calls go wrong. Calls are counted
// per run of the wrapped graph.
import type * as Batch from "@sluice/core/Batch"
import type * as Graph from "@sluice/core/Graph"
import type * as Sink from "@sluice/core/Sink"
import type * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"
import type { Fault } from "../../Fault.ts"

type Cause = (fault: Fault) => Error
type Work = Effect.Effect<unknown, unknown, unknown>
type Callable = (...args: ReadonlyArray<unknown>) => unknown

/** Counts calls and answers with the faults of each. */
const calls = (faults: ReadonlyArray<Fault>): (() => ReadonlyArray<Fault>) => {
  let count = 0
  return () => {
    count++
    return faults.filter(({ call }) => call === count)
  }
}

const isBad = ({ _tag }: Fault): boolean => _tag === "Failure" || _tag === "Crash"

/** The effect with what goes wrong before it. */
const disturbed = (work: () => Work, own: ReadonlyArray<Fault>, causeOf: Cause): Work =>
  own.reduceRight<Work>((rest, fault) => {
    if (fault._tag === "Delay") return Effect.andThen(Effect.sleep(fault.ms), rest)
    if (fault._tag === "Failure") return Effect.fail(causeOf(fault))
    return fault._tag === "Crash" ? Effect.die(causeOf(fault)) : rest
  }, Effect.suspend(work))

const asEffect = (value: unknown): Work =>
  Effect.isEffect(value) ? (value as Work) : Effect.succeed(value)

type Chunk = Source.Chunk<unknown>

const changedItems = (
  items: ReadonlyArray<unknown>,
  own: ReadonlyArray<Fault>
): ReadonlyArray<unknown> => {
  let changed = items
  for (const { _tag } of own) {
    if (_tag === "Duplicate") changed = changed.concat(changed)
    if (_tag === "Reorder") changed = changed.toReversed()
  }
  return changed
}

const changedChunk = (chunk: Chunk | undefined, own: ReadonlyArray<Fault>): Chunk | undefined =>
  chunk === undefined ? undefined : { ...chunk, items: changedItems(chunk.items, own) }

const faultySource = (
  source: Graph.ErasedSource,
  faults: ReadonlyArray<Fault>,
  causeOf: Cause
): Graph.ErasedSource => ({
  ...source,
  open: Effect.map(source.open, (reader) => {
    const next = calls(faults)
    return {
      pull: () => {
        const own = next()
        if (own.length === 0) return reader.pull()
        const pulled = disturbed(() => asEffect(reader.pull()), own, causeOf)
        return Effect.map(pulled, (chunk) => changedChunk(chunk as Chunk | undefined, own))
      }
    }
  })
})

const faultySink = (
  sink: Graph.ErasedSink,
  faults: ReadonlyArray<Fault>,
  causeOf: Cause
): Graph.ErasedSink => {
  const { each: _fused, ...plain } = sink
  return {
    ...plain,
    open: Effect.map(sink.open, (writer): Sink.SinkWriter<never, unknown, unknown> => {
      const next = calls(faults)
      const write = (batch: Batch.Batch<never>) => {
        const own = next()
        if (own.length === 0) return writer.write(batch)
        const wrote = disturbed(() => asEffect(writer.write(batch)), own, causeOf)
        return Effect.asVoid(wrote)
      }
      return { ...writer, write }
    })
  }
}

const faultyFunction = (
  f: Graph.ErasedFunction,
  faults: ReadonlyArray<Fault>,
  causeOf: Cause
): Callable => {
  const next = calls(faults)
  const original = f as Callable
  // The cursor is passed to functions that declare it: the wrapper declares as much as they do.
  const guarded: Callable = (...args) => {
    const bad = next().find(isBad)
    if (bad !== undefined) throw causeOf(bad)
    return original(...args)
  }
  return Object.defineProperty(guarded, "length", { value: f.length })
}

const faultyEffect = (
  f: Graph.ErasedFunction,
  faults: ReadonlyArray<Fault>,
  causeOf: Cause
): Callable => {
  const next = calls(faults)
  const original = f as Callable
  return (payload) => {
    const own = next()
    return own.length === 0
      ? original(payload)
      : disturbed(() => asEffect(original(payload)), own, causeOf)
  }
}

/** A promise has no clock of the run: its delay is a few turns of the microtask queue. */
const turnsOfDelay = 8

const faultyPromise = (
  f: Graph.ErasedFunction,
  faults: ReadonlyArray<Fault>,
  causeOf: Cause
): Callable => {
  const next = calls(faults)
  const original = f as Callable
  const late = async (own: ReadonlyArray<Fault>, args: ReadonlyArray<unknown>) => {
    for (let turn = 0; turn < turnsOfDelay; turn++) await Promise.resolve()
    const failure = own.find(({ _tag }) => _tag === "Failure")
    if (failure !== undefined) throw causeOf(failure)
    return original(...args)
  }
  return (...args) => {
    const own = next()
    const crash = own.find(({ _tag }) => _tag === "Crash")
    if (crash !== undefined) throw causeOf(crash)
    return own.length === 0 ? original(...args) : late(own, args)
  }
}

/** The node with its faults. */
export const withFault = (
  node: Graph.StageNode,
  faults: ReadonlyArray<Fault>,
  causeOf: Cause
): Graph.StageNode => {
  const { operation } = node
  switch (operation._tag) {
    case "Source": {
      const source = faultySource(operation.source, faults, causeOf)
      return { ...node, operation: { ...operation, source } }
    }
    case "Sink": {
      const sink = faultySink(operation.sink, faults, causeOf)
      return { ...node, operation: { ...operation, sink } }
    }
    case "MapEffect":
      return { ...node, operation: { ...operation, f: faultyEffect(operation.f, faults, causeOf) } }
    case "MapPromise": {
      const f = faultyPromise(operation.f, faults, causeOf)
      return { ...node, operation: { ...operation, f } }
    }
    case "Map":
    case "Filter":
    case "FlatMap":
    case "MapEnvelope": {
      const f = faultyFunction(operation.f, faults, causeOf)
      return { ...node, operation: { ...operation, f } }
    }
    default:
      return node
  }
}
