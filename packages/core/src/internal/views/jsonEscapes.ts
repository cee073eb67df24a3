// What JSON strings cannot hold as it is, and what stands for it.

const encoder = new TextEncoder()

/** 1 for bytes that a JSON string cannot hold as they are. */
export const escaped = new Uint8Array(256)
escaped.fill(1, 0, 32)
escaped[34] = 1
escaped[92] = 1

/** The bytes JSON puts for one that must be escaped. */
export const escapes: ReadonlyArray<Uint8Array> = Array.from({ length: 128 }, (_, code) =>
  encoder.encode(JSON.stringify(String.fromCharCode(code)).slice(1, -1))
)

/** The bytes of `null`. */
export const nullWord = 0x6c6c756e
