// The worked example of docs/testkit-users.md is a program: its test runs, and its cases hold.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { expect, it } from "vitest"
import { parse } from "yaml"
import * as TestCase from "../src/TestCase.ts"

interface Example {
  readonly testable: TestCase.Testable
  readonly partialsLeaveInTime: () => Promise<void>
}

const page = readFileSync(join(import.meta.dirname, "../../../docs/testkit-users.md"), "utf8")

const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(page)?.[1] ?? ""

const example = async (change = (text: string): string => text): Promise<Example> => {
  const folder = join(import.meta.dirname, "../out/docs")
  mkdirSync(folder, { recursive: true })
  const text = change(block("ts"))
  const file = join(folder, `products-${text.length}.ts`)
  writeFileSync(file, text)
  return import(pathToFileURL(file).href)
}

const outcomes = async ({ testable }: Example) => {
  const { cases } = parse(block("yaml"))
  expect(cases.length).toBeGreaterThan(0)
  return Promise.all(cases.map((one: TestCase.TestCase) => TestCase.run(testable, one)))
}

it("the worked example passes its own test, and its cases", async () => {
  const products = await example()
  await products.partialsLeaveInTime()
  for (const { lines } of await outcomes(products)) expect(lines).toEqual([])
})

it("an example that is wrong is seen", async () => {
  const hasty = await example((text) => text.replace("5 seconds", "4 seconds "))
  await expect(hasty.partialsLeaveInTime()).rejects.toThrow()
  const greedy = await example((text) => text.replace('["id", "price"]', '["id"] /* no price */'))
  for (const { passed } of await outcomes(greedy)) expect(passed).toBe(false)
})
