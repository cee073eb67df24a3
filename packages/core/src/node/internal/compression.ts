// Which compression a file has, the codecs of Node's zlib for it, and what is said when the data is
// damaged. It opens nothing.
import type * as Zlib from "node:zlib"

/** A compression that files may have. */
export type Compression = "none" | "gzip" | "zstd" | "brotli"

/** A compression, or `auto`: by the extension of the file's name. */
export type CompressionOption = Compression | "auto"

const extensions: ReadonlyArray<readonly [string, Compression]> = [
  [".gz", "gzip"],
  [".zst", "zstd"],
  [".zstd", "zstd"],
  [".br", "brotli"]
]

/** The compression of a file. */
export const compressionOf = (path: string, option: CompressionOption): Compression =>
  option === "auto"
    ? (extensions.find(([extension]) => path.toLowerCase().endsWith(extension))?.[1] ?? "none")
    : option

// Loaded when a file is compressed: most are not, and every millisecond of a start counts.
const zlib = (): typeof Zlib => process.getBuiltinModule("node:zlib")

/** A stream of zlib's: bytes in one form go in, bytes in the other come out. */
export type Engine = Zlib.Gunzip | Zlib.Gzip

type Codec = {
  readonly decompress: (chunkBytes: number) => Engine
  readonly compress: () => Engine
}

const codecs: Readonly<Record<Exclude<Compression, "none">, Codec>> = {
  gzip: {
    decompress: (chunkSize) => zlib().createGunzip({ chunkSize }),
    compress: () => zlib().createGzip()
  },
  zstd: {
    decompress: (chunkSize) => zlib().createZstdDecompress({ chunkSize }),
    compress: () => zlib().createZstdCompress()
  },
  brotli: {
    decompress: (chunkSize) => zlib().createBrotliDecompress({ chunkSize }),
    // Quality 11, the default, is for files compressed once and read a thousand times.
    compress: () =>
      zlib().createBrotliCompress({ params: { [zlib().constants.BROTLI_PARAM_QUALITY]: 5 } })
  }
}

/** The codec of a compression. */
export const codecOf = (compression: Exclude<Compression, "none">): Codec => codecs[compression]

/** Compressed data that cannot be what it should be. */
export class Damaged {
  readonly compression: Compression
  /** Bytes of the compressed input that had been read. */
  readonly compressedBytes: number
  readonly reason: string
  readonly cause: unknown

  constructor(compression: Compression, compressedBytes: number, cause: unknown) {
    this.compression = compression
    this.compressedBytes = compressedBytes
    this.reason = cause instanceof Error ? cause.message : String(cause)
    this.cause = cause
  }
}
