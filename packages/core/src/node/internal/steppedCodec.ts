// A codec of zlib's, one step at a time and finished when it returns: for runs that must not depend
// on timing. Node has no public call for it; this drives the handle behind its streams, as the
// synchronous functions of Node itself do. It holds no bytes but zlib's own window.
import type { Compression, Engine } from "./compression.ts"

/** Bytes taken from the input, and bytes made in the output. */
export interface Step {
  readonly taken: number
  readonly made: number
}

/** Both ends of one step. */
export interface Ends {
  readonly input: Buffer
  readonly from: number
  readonly length: number
  readonly output: Buffer
  readonly offset: number
  readonly room: number
}

interface Handle {
  onerror: (message: string, errno: number, code: string) => void
  readonly writeSync: (
    flush: number,
    input: Buffer,
    from: number,
    length: number,
    output: Buffer,
    offset: number,
    room: number
  ) => void
}

const isHandle = (value: unknown): value is Handle =>
  typeof value === "object" &&
  value !== null &&
  "writeSync" in value &&
  typeof value.writeSync === "function"

/** How each codec is told that nothing follows: Z_FINISH, ZSTD_e_end, BROTLI_OPERATION_FINISH. */
const finishes: Readonly<Record<Exclude<Compression, "none">, number>> = {
  gzip: 4,
  zstd: 2,
  brotli: 2
}

/** Takes bytes in steps. */
export class SteppedCodec {
  private readonly engine: Engine
  private readonly handle: Handle
  /** Room left in the output, bytes left in the input, after a step. */
  private readonly left: Uint32Array
  private readonly finish: number
  private failure: Error | undefined

  constructor(engine: Engine, compression: Exclude<Compression, "none">) {
    const handle: unknown = Reflect.get(engine, "_handle")
    const left: unknown = Reflect.get(engine, "_writeState")
    if (!isHandle(handle) || !(left instanceof Uint32Array)) {
      throw new Error(
        `Node ${process.version} has no synchronous ${compression}. Cure: run on the async ` +
          "engine, or on Node 22 or 24"
      )
    }
    this.engine = engine
    this.handle = handle
    this.left = left
    this.finish = finishes[compression]
    handle.onerror = (message) => {
      this.failure = new Error(message)
    }
  }

  /** Throws where the data is damaged. With `last` nothing follows: again until room is left. */
  step({ input, from, length, output, offset, room }: Ends, last: boolean): Step {
    const flush = last ? this.finish : 0
    this.handle.writeSync(flush, input, from, length, output, offset, room)
    if (this.failure !== undefined) throw this.failure
    return { taken: length - (this.left[1] as number), made: room - (this.left[0] as number) }
  }

  close(): void {
    this.engine.close()
  }
}
