// What every package's test run has in common: workspace imports resolve to TypeScript source, so
// no build is needed, and output of passing tests is hidden. The JSON report feeds
// scripts/check.ts.
import { defineConfig } from "vitest/config"

const conditions = ["sluice-source", "module", "node", "development|production"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["sluice-source", "node"] } },
  test: {
    include: ["test/**/*.test.ts"],
    passWithNoTests: false,
    silent: "passed-only",
    reporters: [
      ["default", { summary: false }],
      ["json", { outputFile: "out/vitest.json" }]
    ]
  }
})
