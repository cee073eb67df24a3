// SHA-256 of a text, in hexadecimal; the one place of the kit that hashes.
import { createHash } from "node:crypto"

/** Digest of the UTF-8 bytes of a text. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")
