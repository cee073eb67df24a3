// Bytes of a WebAssembly module being written: integers of variable length, floats, sized parts.

const floatBytes = new Uint8Array(8)
const floatView = new DataView(floatBytes.buffer)

/** A growing list of bytes. */
export class ByteWriter {
  readonly bytes: Array<number> = []

  byte(...values: ReadonlyArray<number>): this {
    for (let i = 0; i < values.length; i++) this.bytes.push(values[i] as number)
    return this
  }

  /** An unsigned integer (LEB128). */
  unsigned(value: number): this {
    let rest = value
    for (; rest > 127; rest >>>= 7) this.bytes.push((rest & 127) | 128)
    this.bytes.push(rest)
    return this
  }

  /** A signed integer of 32 bits (LEB128). */
  signed(value: number): this {
    let rest = value | 0
    for (;;) {
      const low = rest & 127
      rest >>= 7
      if ((rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0)) {
        this.bytes.push(low)
        return this
      }
      this.bytes.push(low | 128)
    }
  }

  float(value: number): this {
    floatView.setFloat64(0, value, true)
    return this.byte(...floatBytes)
  }

  text(value: string): this {
    this.unsigned(value.length)
    for (let i = 0; i < value.length; i++) this.bytes.push(value.charCodeAt(i))
    return this
  }

  /** What another writer holds, behind its length. */
  part({ bytes }: ByteWriter): this {
    this.unsigned(bytes.length)
    return this.byte(...bytes)
  }
}
