// The two output streams of the command as a service, so that tests read what a user would see.
// Knows whether a terminal listens and whether colour is wanted; paints nothing by itself.
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

/** Wraps text in terminal colours, or leaves it alone. */
export interface Paint {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
}

/** One output stream. */
export interface Output {
  readonly write: (text: string) => void
  readonly isTerminal: boolean
  /** Width of the terminal now; it may change between two calls. */
  readonly columns: () => number
  /** Shows or hides a terminal's cursor; it is shown again when the process ends. */
  readonly cursor: (visible: boolean) => void
  readonly paint: Paint
}

/** Where the command writes: results to `out`, progress and messages to `err`. */
export class Screen extends Context.Service<
  Screen,
  { readonly out: Output; readonly err: Output }
>()("sluice/cli/Screen") {}

const escape = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`
const same = (text: string): string => text

/** Colours when `enabled`, plain text otherwise. */
export const paint = (enabled: boolean): Paint =>
  enabled
    ? { bold: escape(1), dim: escape(2), red: escape(31), green: escape(32), yellow: escape(33) }
    : { bold: same, dim: same, red: same, green: same, yellow: same }

const widthDefault = 80

const cursorOf = (stream: NodeJS.WriteStream): ((visible: boolean) => void) => {
  let shown = true
  const cursor = (visible: boolean): void => {
    if (stream.isTTY !== true || visible === shown) return
    shown = visible
    stream.write(visible ? "\u001b[?25h" : "\u001b[?25l")
  }
  // Covers what no finalizer sees: process.exit and an uncaught exception.
  process.once("exit", () => cursor(true))
  return cursor
}

const processOutput = (stream: NodeJS.WriteStream, noColor: boolean): Output => ({
  write: (text) => void stream.write(text),
  isTerminal: stream.isTTY === true,
  // A terminal without a size says 0.
  columns: () => stream.columns || widthDefault,
  cursor: cursorOf(stream),
  paint: paint(stream.isTTY === true && !noColor)
})

/** The streams of this process; `NO_COLOR` and `TERM=dumb` turn colour off. */
export const layerProcess: Layer.Layer<Screen> = Layer.sync(Screen, () => {
  const noColor = (process.env["NO_COLOR"] ?? "") !== "" || process.env["TERM"] === "dumb"
  return {
    out: processOutput(process.stdout, noColor),
    err: processOutput(process.stderr, noColor)
  }
})
