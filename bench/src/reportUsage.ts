// Preloaded (`--import`) into every measured program: writes what it used to file descriptor 3 as
// it exits, so that the programs themselves need not know that they are measured.

import { writeSync } from "node:fs"

process.on("exit", () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6
  writeSync(3, JSON.stringify({ rssMaxMb: maxRSS / 1024, cpuSeconds }))
})
