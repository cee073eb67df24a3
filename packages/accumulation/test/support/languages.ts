// The two languages in which fragments are taken into keys on bytes: programs, for the layouts and
// fragments they can take, and JavaScript for all. Who asks for a language gets it whatever the
// platform has; how much programs took is counted where they are called.
import { vi } from "vitest"
import { CompiledTable } from "../../src/internal/compiledTable.ts"
import { stateWords } from "../../src/internal/tableInputs.ts"

export const languages = ["programs", "JavaScript"] as const
export type Language = (typeof languages)[number]

/** What is made as if the platform had this language: a machine keeps to it from then on. */
export const inLanguage = <A>(language: Language, make: () => A): A => {
  if (language === "programs") return make()
  vi.stubGlobal("WebAssembly", undefined)
  try {
    return make()
  } finally {
    vi.unstubAllGlobals()
  }
}

/** Fragments that programs take while something runs. */
export const takenByPrograms = (run: () => void): number => {
  let taken = 0
  const { take } = CompiledTable.prototype
  const spy = vi.spyOn(CompiledTable.prototype, "take").mockImplementation(function (
    this: CompiledTable,
    at
  ) {
    const end = take.call(this, at)
    taken += this.state[stateWords.taken] as number
    return end
  })
  try {
    run()
  } finally {
    spy.mockRestore()
  }
  return taken
}
