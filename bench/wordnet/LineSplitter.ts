// Lines of a text that comes in chunks. The part after the last line feed waits for the next chunk.

export class LineSplitter {
  private rest = ""

  /** Calls back with each line that this chunk ends, without its line feed. */
  split(chunk: string, onLine: (line: string) => void): void {
    const text = this.rest === "" ? chunk : this.rest + chunk
    let from = 0
    for (let to = text.indexOf("\n"); to >= 0; to = text.indexOf("\n", from)) {
      onLine(text.slice(from, to))
      from = to + 1
    }
    this.rest = text.slice(from)
  }

  /** Calls back with the last line, if it had no line feed. */
  end(onLine: (line: string) => void): void {
    if (this.rest !== "") onLine(this.rest)
    this.rest = ""
  }
}
