// The error of every parser here. It names the file kind, the field and the text found there.

/** A line that is not what its file format promises: which field, and what stands there. */
export class MalformedLine extends Error {
  override readonly name = "MalformedLine"
  readonly kind: string
  readonly field: string
  readonly line: string

  constructor(kind: string, field: string, expected: string, line: string) {
    const shown = line.length > 80 ? `${line.slice(0, 80)}...` : line
    super(`${kind} row: field ${field} should be ${expected}, in ${JSON.stringify(shown)}`)
    this.kind = kind
    this.field = field
    this.line = line
  }
}
