// Subjects that break one rule each: what a conformance suite must catch. They show that every test
// can fail, and serve as examples of what the rules are about. Not for use in a pipeline.
import { failures } from "./internal/faulty/failures.ts"
import { flow } from "./internal/faulty/flow.ts"
import { lifecycle } from "./internal/faulty/lifecycle.ts"
import type * as twist from "./internal/faulty/twist.ts"

/** An engine that breaks one rule, by id, and how. */
export type FaultyEngine = twist.FaultyEngine

/** One faulty engine for each rule of an engine. */
export const engines: ReadonlyArray<FaultyEngine> = [...lifecycle, ...flow, ...failures]
