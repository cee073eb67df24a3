// Schema of a policy file, version 1: named policies by kind, and what the stages of a run share.
import * as Schema from "effect/Schema"
import * as Policies from "./policies.ts"

/** Version of the format this package reads. */
export const policyFileVersion = 1

const named = <S extends Schema.Constraint>(policy: S, description: string) =>
  Schema.optionalKey(Schema.Record(Schema.String, policy).annotate({ description }))

export const PolicyFile = Schema.Struct({
  $schema: Schema.optionalKey(Schema.String),
  version: Schema.Literal(policyFileVersion),
  errors: named(Policies.ErrorPolicy, "What happens to a record that fails, by name"),
  flows: named(Policies.BackpressureStrategy, "What limits the records into a stage, by name"),
  breakers: named(Policies.CircuitBreakerPolicy, "Circuits around the calls of a stage, by name"),
  buffers: named(Policies.BufferPolicy, "Bounds of the channel in front of a stage, by name"),
  accumulators: named(Policies.AccumulatorPolicy, "Limits of keyed state, by name; for new runs"),
  resources: Schema.optionalKey(Policies.ResourcePolicy)
}).annotate({
  identifier: "PolicyFile",
  description: "Policies that stages of a pipeline take by name, version 1"
})
