// Bytes being written: what writers of views fill, and whoever owns the memory makes larger.

/** A growing run of bytes. */
export interface Output {
  bytes: Uint8Array
  /** Bytes written so far. */
  used: number
  /**
   * Makes room for so many bytes behind the first `used`; returns the length of `bytes`, which may
   * be others now.
   */
  readonly grow: (used: number, room: number) => number
}
