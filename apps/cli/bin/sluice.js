#!/usr/bin/env node
// Starts the command: checks the version of Node before anything else is parsed, keeps compiled code between starts.
import * as module from "node:module"

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `sluice: Node ${process.versions.node} is too old; 22.19 or newer is needed.\n`
  )
  process.exitCode = 2
} else {
  module.enableCompileCache()
  await import("../dist/main.js")
}
