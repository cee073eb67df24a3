// A suite says what it does not test: a rule that is skipped exists, and has a reason.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import { describe, expect, it } from "vitest"
import type { Skip } from "../../src/Conformance.ts"
import { engineConformance } from "../../src/Conformance.ts"

const makeEngine = AsyncEngine.make

const skipping = (skip: ReadonlyArray<Skip>) => () => engineConformance({ makeEngine, skip })

describe("a suite", () => {
  it("refuses to skip a rule that there is not", () => {
    expect(skipping([{ rule: "D99", reason: "none" }])).toThrow(
      "engine conformance, async: no such rule to skip: D99"
    )
  })

  it("refuses to skip a rule without a reason", () => {
    expect(skipping([{ rule: "D8", reason: " " }])).toThrow(
      "engine conformance, async: rule D8 is skipped without a reason: say why"
    )
  })
})
