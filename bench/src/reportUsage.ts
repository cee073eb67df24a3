// Preloaded (`--import`) into every measured program: writes what it used to file descriptor 3 as
// it exits, so that the programs themselves need not know that they are measured.

// An import of it would load more of Node than some of those programs do.
const { writeSync } = process.getBuiltinModule("node:fs")

process.on("exit", () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6
  writeSync(3, JSON.stringify({ rssMaxMb: maxRSS / 1024, cpuSeconds }))
})
