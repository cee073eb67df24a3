// What every package's test run has in common: workspace imports resolve to TypeScript source, so
// no build is needed, and output of passing tests is hidden. The JSON report feeds
// scripts/check.ts.
import { defineConfig } from "vitest/config"

const conditions = ["sluice-source", "module", "node", "development|production"]

const report = process.env["SLUICE_TEST_REPORT"] === "1"

const quiet: ["default", { summary: false }] = ["default", { summary: false }]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["sluice-source", "node"] } },
  test: {
    include: ["test/**/*.test.ts"],
    passWithNoTests: false,
    silent: "passed-only",
    // What hangs is found, on a machine with other work on it, too: no test asserts a time.
    testTimeout: 30_000,
    // Only a whole run writes the report: one file run by hand must not pass for the package.
    reporters: report ? [quiet, ["json", { outputFile: "out/vitest.json" }]] : [quiet]
  }
})
