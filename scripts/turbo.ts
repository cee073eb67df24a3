// Starts turbo with its telemetry off, which its configuration file cannot say.
// Everything after the script's name goes to turbo; its exit code becomes this one's.
import { spawn } from "node:child_process"
import { join } from "node:path"
import { root } from "./source/workspace.ts"

/** What turbo should find in its environment besides what is there. */
export const turboEnvironment = {
  DO_NOT_TRACK: "1",
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1"
}

const main = (): void => {
  const turbo = spawn(
    process.execPath,
    [join(root, "node_modules/turbo/bin/turbo"), ...process.argv.slice(2)],
    { cwd: root, stdio: "inherit", env: { ...process.env, ...turboEnvironment } }
  )
  turbo.on("close", (status) => {
    process.exitCode = status ?? 1
  })
}

if (import.meta.main) main()
