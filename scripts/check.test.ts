import { describe, expect, it } from "vitest"
import { readReport } from "./check.ts"

describe("check", () => {
  it("counts the tests of a report", () => {
    const report = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1 }
    expect(readReport(JSON.stringify(report))).toEqual({ passed: 3, failed: 1, idle: 2 })
  })

  it("counts a missing report as a failure", () => {
    expect(readReport(undefined)).toEqual({ passed: 0, failed: 1, idle: 0 })
  })
})
