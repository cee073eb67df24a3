import { describe, expect, it } from "vitest"
import { compare } from "./examples.ts"

describe("examples", () => {
  it("accepts the promised exit code and texts", () => {
    expect(compare({ run: "x" }, { exit: 0, output: "" })).toBeUndefined()
    const check = { run: "x", exit: 3, prints: ["one", "two"] }
    expect(compare(check, { exit: 3, output: "two\nand one" })).toBeUndefined()
  })

  it("refuses another exit code, and shows the output", () => {
    expect(compare({ run: "x" }, { exit: 1, output: "boom" })).toMatch(
      /exit code 1, expected 0.*boom/s
    )
    expect(compare({ run: "x", exit: 2 }, { exit: 0, output: "" })).toContain("expected 2")
  })

  it("refuses output without a promised text, and names the text", () => {
    const wrong = compare({ run: "x", prints: ["here", "gone"] }, { exit: 0, output: "here" })
    expect(wrong).toContain('"gone"')
    expect(wrong).not.toContain('"here"')
  })
})
