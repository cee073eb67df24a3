// The checkers have tests of their own: each rule must be seen failing on a bad sample.
import { defineConfig, mergeConfig } from "vitest/config"
import shared from "../vitest.shared.ts"

export default mergeConfig(
  shared,
  defineConfig({ test: { name: "scripts", root: import.meta.dirname, include: ["**/*.test.ts"] } })
)
