// What effect/cli asks for beside the arguments. This command asks nobody anything, starts no
// process and takes paths as text, so nothing of it is ever used; Node's own, with child processes,
// sockets and streams behind it, would be loaded at every start.
import type * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as Stdio from "effect/Stdio"
import * as Terminal from "effect/Terminal"

const unused = Effect.die(new Error("the command line is only parsed"))

const terminal = Terminal.make({
  columns: unused,
  rows: unused,
  size: unused,
  readInput: unused,
  readLine: unused,
  display: () => unused
})

/** Services for nobody: those that would ask or start something are defects when used. */
export const environment: Layer.Layer<Command.Environment> = Layer.mergeAll(
  FileSystem.layerNoop({}),
  Path.layer,
  Stdio.layerTest({}),
  Layer.succeed(Terminal.Terminal, terminal),
  Layer.succeed(
    ChildProcessSpawner.ChildProcessSpawner,
    ChildProcessSpawner.make(() => unused)
  )
)
