// What must not be written: banned calls, unfinished work, holes in the types, paths of one
// machine.

import { isTypeScript } from "../source/workspace.ts"
import type { Rule } from "./rule.ts"
import { forbid, inLibrary, inSource, isTest, matches } from "./rule.ts"

const time = "take time from effect/Clock"
const timers = "use Effect.sleep, Schedule or the engine's timers"

/**
 * Library calls that would make a run depend on more than (graph, input, seed), and what to use.
 */
const replacements: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bDate\.now\b/, time],
  [/\bnew Date\(\s*\)/, time],
  [/\bperformance\.now\b/, "use Clock.currentTimeNanos"],
  [/\bprocess\.hrtime\b/, "use Clock.currentTimeNanos"],
  [/\bsetTimeout\b/, timers],
  [/\bsetInterval\b/, timers],
  [/\bsetImmediate\b/, "use Effect.yieldNow"],
  [/\bMath\.random\b/, "take randomness from effect/Random"]
]

const bannedApi: ReadonlyArray<Rule> = replacements.map(([pattern, cure]) =>
  forbid("banned-api", inLibrary, pattern, (found) => `${found}: ${cure}`)
)

const unfinishedPattern = new RegExp(
  `\\b(${["TO" + "DO", "FIX" + "ME", "X".repeat(3)].join("|")})\\b`
)

const unfinished: Rule = {
  name: "unfinished",
  appliesTo: isTypeScript,
  *check({ comments }) {
    for (const comment of comments) {
      for (const match of matches(comment.text, unfinishedPattern)) {
        const cure = `${match[0]}: finish it, or open an issue and say so in words`
        yield { offset: comment.start + match.index, cure }
      }
    }
  }
}

const typeHoles: ReadonlyArray<Rule> = [
  forbid("type-hole", isTypeScript, /\bas any\b|<any>/, (found) => `${found}: type the value`),
  forbid("type-hole", isTypeScript, /\bas unknown as\b/, (found) => `${found}: narrow, or type it`),
  {
    name: "type-hole",
    appliesTo: isTypeScript,
    *check({ comments }) {
      for (const comment of comments) {
        for (const match of matches(comment.text, /@ts-(ignore|nocheck|expect-error)/)) {
          yield { offset: comment.start + match.index, cure: `${match[0]}: mend the type` }
        }
      }
    }
  }
]

const idleTests = forbid(
  "idle-test",
  isTest,
  /\b(it|test|describe|suite|bench)(\.\w+)*\.(skip|only|todo|skipIf|runIf|fails)\b/,
  (found) => `${found}: a test runs and passes, or it is deleted`
)

const sleeping = "wait for the event itself, or move the TestClock"

const sleepingTests: ReadonlyArray<Rule> = [
  forbid(
    "sleeping-test",
    isTest,
    /\b(setTimeout|setInterval|Atomics\.wait)\s*\(/,
    (found) => `${found}: ${sleeping}`
  ),
  {
    name: "sleeping-test",
    appliesTo: isTest,
    *check({ code, text }) {
      const timers = text.indexOf('"node:timers/promises"')
      // Inside another literal the quote is blanked.
      if (code[timers] === '"') yield { offset: timers, cure: `node:timers/promises: ${sleeping}` }
      if (!/\bit\.live\b/.test(code)) return
      for (const match of matches(code, /\bEffect\.(sleep|delay)\b/)) {
        yield { offset: match.index, cure: `${match[0]} under it.live: ${sleeping}` }
      }
    }
  }
]

const processExit = forbid(
  "process-exit",
  inSource,
  /\bprocess\.exit\s*\(/,
  (found) => `${found}: set process.exitCode, so that scopes close first`
)

export const wordRules: ReadonlyArray<Rule> = [
  ...bannedApi,
  unfinished,
  ...typeHoles,
  idleTests,
  ...sleepingTests,
  processExit
]
