// A screen that keeps what was written, for tests that read what a user would see.

import * as Layer from "effect/Layer"
import type { Output } from "../src/terminal/screen.ts"
import { paint, Screen } from "../src/terminal/screen.ts"

/** A captured stream. */
export interface Captured extends Output {
  readonly text: () => string
}

/** An output of the given kind and width. */
export const captured = (isTerminal = false, width = 80): Captured => {
  const written: Array<string> = []
  return {
    write: (text) => void written.push(text),
    isTerminal,
    columns: () => width,
    cursor: (visible) => void written.push(isTerminal ? (visible ? "<show>" : "<hide>") : ""),
    paint: paint(false),
    text: () => written.join("")
  }
}

/** Both streams and the layer that provides them. */
export const memoryScreen = () => {
  const out = captured()
  const err = captured()
  return { out, err, layer: Layer.succeed(Screen, { out, err }) }
}
