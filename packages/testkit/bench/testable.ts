// A small pipeline for measuring what a given-when-then case costs.
import * as Pipeline from "@sluice/core/Pipeline"
import type { Testable } from "../src/TestCase.ts"

/** Doubles numbers. */
export const testable: Testable = (io) =>
  Pipeline.source("numbers", io.source<number>("numbers")).pipe(
    Pipeline.map("double", (n) => n * 2),
    Pipeline.sink("doubled", io.sink<number>("doubled"))
  )
