// The output of all programs of the comparison: lines gathered to blocks, one write per block, and
// a promise to wait for when the file is behind.

import type { WriteStream } from "node:fs"
import { createWriteStream } from "node:fs"
import { finished } from "node:stream/promises"

// 1024 lines of 330 bytes are a third of a megabyte: few writes, little held back.
const linesPerBlock = 1024

export class LineFile {
  private readonly stream: WriteStream
  private readonly done: Promise<void>
  private lines: Array<string> = []
  private drained: Promise<void> | undefined

  constructor(path: string) {
    this.stream = createWriteStream(path)
    this.done = finished(this.stream)
  }

  /** Adds a line. The caller awaits the result, if there is one, before it adds more. */
  add(line: string): Promise<void> | undefined {
    this.lines.push(line)
    if (this.lines.length >= linesPerBlock) this.flush()
    return this.drained
  }

  async close(): Promise<void> {
    this.flush()
    this.stream.end()
    await this.done
  }

  private flush(): void {
    if (this.lines.length === 0) return
    const block = `${this.lines.join("\n")}\n`
    this.lines = []
    if (this.stream.write(block) || this.drained !== undefined) return
    this.drained = new Promise((resolve) => {
      this.stream.once("drain", () => {
        this.drained = undefined
        resolve()
      })
    })
  }
}
