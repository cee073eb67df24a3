// `vitest` at the root runs and watches every package at once. CI runs each package by itself
// (turbo).
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    projects: [
      "packages/*/vitest.config.ts",
      "apps/*/vitest.config.ts",
      "examples/*/vitest.config.ts",
      "scripts/vitest.config.ts"
    ]
  }
})
