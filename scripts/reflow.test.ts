import { describe, expect, it } from "vitest"
import { reflow } from "./reflow.ts"

const words = (count: number): string =>
  Array.from({ length: count }, (_, i) => `word${i}`).join(" ")

const widest = (text: string): number => Math.max(...text.split("\n").map((line) => line.length))

const wordsOf = (text: string): string => text.replace(/[\s/*]+/g, " ").trim()

describe("reflow", () => {
  it("wraps wide comments and loses no word", () => {
    for (const text of [
      `// ${words(40)}\n// and more.\na()\n`,
      `/** ${words(40)} */\na()\n`,
      `/**\n * ${words(40)}\n * and more.\n */\na()\n`,
      `  // ${words(40)}\n  a()\n`
    ]) {
      const wrapped = reflow("x.ts", text)
      expect(widest(wrapped)).toBeLessThanOrEqual(100)
      expect(wordsOf(wrapped)).toBe(wordsOf(text))
    }
  })

  it("puts a wide trailing comment above its line", () => {
    const text = `  a()${" ".repeat(60)}// ${words(8)}\n`
    expect(reflow("x.ts", text)).toBe(`  // ${words(8)}\n  a()\n`)
  })

  it("keeps list items, named fields and fenced code at the starts of their lines", () => {
    const text = `/**\n * ${words(30)}\n * Flow: one\n * - two\n */\n`
    const wrapped = reflow("x.ts", text)
    expect(wrapped).toContain("\n * Flow: one\n * - two\n")
    const fence = `/**\n * \`\`\`ts\n * ${words(30)}\n * \`\`\`\n */\n`
    expect(reflow("x.ts", fence)).toBe(fence)
  })

  it("touches nothing that fits, and no link", () => {
    const text = `// short\n// https://x.org/${"x".repeat(120)}\nconst a = "${"x".repeat(120)}"\n`
    expect(reflow("x.ts", text)).toBe(text)
  })
})
