// One line of stderr that is repainted on a terminal, and plain lines where there is none.
// The cursor is hidden while the line lives and shown again on every way out.
import type { Output } from "./screen.ts"

/** A line that shows how far a run is. */
export interface StatusLine {
  /** Shows the text: in place of the previous one on a terminal, as a further line elsewhere. */
  readonly show: (text: string) => void
  /** A message that stays, above the line. */
  readonly message: (text: string) => void
  /** Removes the line from a terminal. */
  readonly close: () => void
}

const clearLine = "\r\u001b[2K"

const repainted = (output: Output): StatusLine => {
  let painted = false
  const clear = (): void => {
    if (painted) output.write(clearLine)
    painted = false
  }
  return {
    show: (text) => {
      output.cursor(false)
      // One column is left free: a terminal wraps when the last one is written.
      output.write(clearLine + text.slice(0, Math.max(0, output.columns() - 1)))
      painted = true
    },
    message: (text) => {
      clear()
      output.write(`${text}\n`)
    },
    close: () => {
      clear()
      output.cursor(true)
    }
  }
}

const plainLines = (output: Output): StatusLine => ({
  show: (text) => output.write(`${text}\n`),
  message: (text) => output.write(`${text}\n`),
  close: () => undefined
})

/** The status line for a stream. */
export const statusLine = (output: Output): StatusLine =>
  output.isTerminal ? repainted(output) : plainLines(output)

/** A status line of which only the messages are seen. */
export const silent = (output: Output): StatusLine => ({
  show: () => undefined,
  message: (text) => output.write(`${text}\n`),
  close: () => undefined
})
