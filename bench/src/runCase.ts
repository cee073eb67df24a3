// A fresh process for one micro-case: `runCase.ts <file> --list` or `runCase.ts <file> <name>`.
// Warms up, takes at least five samples unless the time is used up, prints one line of JSON.

import { PerformanceObserver } from "node:perf_hooks"
import { setTimeout } from "node:timers/promises"
import type { Case, CaseResult } from "./Case.ts"
import { casesIn } from "./Case.ts"

// A run of two milliseconds is at the mercy of the scheduler: short ones are repeated for as long
// as it takes to see the compiler settle and to get a median that stays where it is.
const warmUp = { runs: 3, ms: 250 }
const sampling = { runs: 5, ms: 500, budgetMs: 4000 }

const measure = async ({ run, ...about }: Case): Promise<CaseResult> => {
  const started = performance.now()
  const elapsed = () => performance.now() - started
  let checksum = await run()
  for (let i = 1; i < warmUp.runs ? elapsed() < sampling.budgetMs : elapsed() < warmUp.ms; i++) {
    checksum = await run()
  }
  let gcMs = 0
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) gcMs += entry.duration
  })
  observer.observe({ entryTypes: ["gc"] })
  const samples: Array<number> = []
  const begun = performance.now()
  const wantsMore = (): boolean => {
    if (samples.length === 0) return true
    if (samples.length < sampling.runs) return elapsed() < sampling.budgetMs
    return performance.now() - begun < sampling.ms
  }
  while (wantsMore()) {
    const from = performance.now()
    const result = await run()
    samples.push(((performance.now() - from) * 1e6) / about.records)
    if (result !== checksum) throw new Error(`${about.name}: ${result} after ${checksum}`)
  }
  // Entries reach the observer a few turns of the event loop after the collection.
  await setTimeout(50)
  observer.disconnect()
  const perMillion = 1e6 / (about.records * samples.length)
  return { ...about, checksum, samples, gcMs: gcMs * perMillion }
}

const [file = "", name = ""] = process.argv.slice(2)
const cases = await casesIn(file)
if (name === "--list") {
  console.log(JSON.stringify(cases.map(({ run: _, ...about }) => ({ ...about, file }))))
} else {
  const wanted = cases.find((one) => one.name === name)
  if (wanted === undefined) throw new Error(`${file} has no case named ${name}`)
  console.log(JSON.stringify(await measure(wanted)))
}
