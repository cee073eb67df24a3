// Each schema is its interface, no more and no less; it survives JSON text; it gives a JSON Schema.
import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import type * as Accumulator from "../src/Accumulator.ts"
import type * as DeadLetter from "../src/DeadLetter.ts"
import type * as Envelope from "../src/Envelope.ts"
import * as GraphJson from "../src/GraphJson.ts"
import type * as PipelineResult from "../src/PipelineResult.ts"
import type * as Policy from "../src/Policy.ts"
import * as Schemas from "../src/Schemas.ts"
import type * as Stage from "../src/Stage.ts"
import * as graphs from "./generators/referenced.ts"
import * as reports from "./generators/reports.ts"

/** True only for identical types: also in `readonly`, `?` and `undefined`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only where the schema's type is the interface. */
const same =
  <Interface>() =>
  <S extends { readonly Type: unknown }>(
    schema: S & (Same<S["Type"], Interface> extends true ? unknown : never)
  ): S =>
    schema

const numbered = Schemas.Envelope(Schema.Int)

const types = [
  same<Envelope.Envelope<number>>()(numbered),
  same<Envelope.TraceContext>()(Schemas.TraceContext),
  same<Envelope.Cost>()(Schemas.Cost),
  same<Policy.ParallelismHint>()(Schemas.ParallelismHint),
  same<Policy.DropPolicy>()(Schemas.DropPolicy),
  same<Policy.BufferPolicy>()(Schemas.BufferPolicy),
  same<Policy.RetryPolicy>()(Schemas.RetryPolicy),
  same<Policy.ErrorPolicy>()(Schemas.ErrorPolicy),
  same<Policy.CircuitBreakerPolicy>()(Schemas.CircuitBreakerPolicy),
  same<Policy.BackpressureStrategy>()(Schemas.BackpressureStrategy),
  same<Policy.BulkheadPolicy>()(Schemas.BulkheadPolicy),
  same<Policy.ResourcePolicy>()(Schemas.ResourcePolicy),
  same<Policy.AccumulatorPolicy>()(Schemas.AccumulatorPolicy),
  same<Policy.AccumulationDescriptor>()(Schemas.AccumulationDescriptor),
  same<Stage.StageKind>()(Schemas.StageKind),
  same<Stage.LatencyHistogram>()(Schemas.LatencyHistogram),
  same<Stage.StageRuntimeState>()(Schemas.StageRuntimeState),
  same<DeadLetter.DeadLetter>()(Schemas.DeadLetter),
  same<Accumulator.OpenKey>()(Schemas.OpenKey),
  same<Accumulator.AccumulatorTotals>()(Schemas.AccumulatorTotals),
  same<PipelineResult.AccumulatorReport>()(Schemas.AccumulatorReport),
  same<PipelineResult.PipelineResult>()(Schemas.PipelineResult),
  same<GraphJson.Document>()(Schemas.GraphDocument)
]

// The comparison itself can fail: one key less strict, one key less.
type CostType = (typeof Schemas.Cost)["Type"]
const loose: Same<CostType, { readonly bytes?: number; readonly cpuHint: number }> = false
const fewer: Same<CostType, { readonly bytes: number }> = false
const writable: Same<CostType, { bytes: number; cpuHint: number }> = false

const roundTrips = <A>(schema: Schema.Codec<A, unknown>, values: fc.Arbitrary<A>): (() => void) => {
  const codec = Schema.toCodecJson(schema)
  const encode = Schema.encodeUnknownSync(codec)
  const decode = Schema.decodeUnknownSync(codec)
  return () =>
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(JSON.parse(JSON.stringify(encode(value))))).toEqual(value)
      })
    )
}

describe("Schemas survive JSON text", () => {
  it("Envelope", roundTrips(numbered, reports.envelopes))
  it("TraceContext", roundTrips(Schemas.TraceContext, reports.traces))
  it("Cost", roundTrips(Schemas.Cost, reports.costs))
  it("ParallelismHint", roundTrips(Schemas.ParallelismHint, graphs.hints))
  it("BufferPolicy", roundTrips(Schemas.BufferPolicy, graphs.buffers))
  it("ErrorPolicy", roundTrips(Schemas.ErrorPolicy, graphs.errorPolicies))
  it("CircuitBreakerPolicy", roundTrips(Schemas.CircuitBreakerPolicy, reports.breakers))
  it("ResourcePolicy", roundTrips(Schemas.ResourcePolicy, reports.resources))
  it("BackpressureStrategy", roundTrips(Schemas.BackpressureStrategy, graphs.strategies))
  it("AccumulationDescriptor", roundTrips(Schemas.AccumulationDescriptor, graphs.descriptors))
  it("StageRuntimeState", roundTrips(Schemas.StageRuntimeState, reports.states))
  it("DeadLetter", roundTrips(Schemas.DeadLetter, reports.deadLetters))
  it("PipelineResult", roundTrips(Schemas.PipelineResult, reports.results))
  it(
    "GraphDocument",
    roundTrips(
      Schemas.GraphDocument,
      graphs.referencedGraphs.map((graph) => GraphJson.encode(graph))
    )
  )

  it("a dead letter whose payload, key and cause are no JSON still crosses, as text", () => {
    const codec = Schema.toCodecJson(Schemas.DeadLetter)
    const circular: Record<string, unknown> = {}
    circular["self"] = circular
    const [letter] = fc.sample(reports.deadLetters, 1)
    const encode = Schema.encodeSync(codec)
    for (const value of [10n, circular, Symbol("key"), () => 1, undefined]) {
      const json = encode({ ...letter!, payload: value, key: value, cause: value }) as {
        readonly [field: string]: unknown
      }
      expect(typeof json["payload"]).toBe("string")
      expect(typeof json["key"]).toBe("string")
      expect(() => JSON.stringify(json)).not.toThrow()
    }
  })

  it("refuses what is not the value", () => {
    const decode = Schema.decodeUnknownResult(Schemas.ErrorPolicy)
    for (const wrong of [{}, { _tag: "Retry" }, { _tag: "Explode" }, "Fail", null]) {
      expect(decode(wrong)._tag).toBe("Failure")
    }
  })
})

describe("JSON Schema", () => {
  it("the comparison of types tells them apart", () => {
    expect([loose, fewer, writable]).toEqual([false, false, false])
  })

  it("every schema gives a document that serialises", () => {
    expect(types.length).toBe(23)
    for (const schema of types) {
      const document = Schema.toJsonSchemaDocument(schema)
      expect(document.dialect).toBe("draft-2020-12")
      expect(JSON.parse(JSON.stringify(document))).toEqual(document)
      expect(document.schema).not.toEqual({})
    }
  })

  it("named parts are definitions of their own", () => {
    const { schema, definitions } = Schema.toJsonSchemaDocument(Schemas.GraphDocument)
    expect(schema).toEqual({ $ref: "#/$defs/GraphDocument" })
    expect(Object.keys(definitions).sort()).toEqual([
      "AccumulationDescriptor",
      "AccumulatorPolicy",
      "BackpressureStrategy",
      "Batching",
      "BranchMode",
      "BufferPolicy",
      "BulkheadPolicy",
      "ChannelOrdering",
      "CircuitBreakerPolicy",
      "DropPolicy",
      "Edge",
      "ErrorPolicy",
      "GraphDocument",
      "HedgePolicy",
      "InlineRef",
      "ModuleRef",
      "Operation",
      "ParallelismHint",
      "PolicyNames",
      "RetryPolicy",
      "SavedCircuits",
      "StageControls",
      "StageNode",
      "ValueRef"
    ])
  })
})
