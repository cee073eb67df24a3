// Any value as JSON text: what JSON cannot say (bytes, bigints, maps, errors, cycles) is written
// readably instead of failing, since a dead letter must reach its file whatever the record was.
import { Buffer } from "node:buffer"

const errorFields = (error: Error): Record<string, unknown> => ({
  name: error.name,
  message: error.message,
  ...Object.fromEntries(Object.entries(error)),
  ...(error.cause === undefined ? {} : { cause: error.cause })
})

const readable = (value: unknown): unknown => {
  if (typeof value === "bigint") return value.toString()
  if (typeof value === "function" || typeof value === "symbol") return String(value)
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString("base64") }
  if (value instanceof Map) return { entries: [...value] }
  if (value instanceof Set) return [...value]
  if (value instanceof Error) return errorFields(value)
  return value
}

const nestingMax = 64

const plain = (value: unknown, ancestors: ReadonlyArray<object>): unknown => {
  const shown = readable(value)
  if (typeof shown !== "object" || shown === null) return shown
  if (typeof value === "object" && value !== null && ancestors.includes(value)) return "[circular]"
  if (ancestors.length > nestingMax) return "[nested too deep]"
  const path = [...ancestors, value as object]
  if (Array.isArray(shown)) return shown.map((item) => plain(item, path))
  if ("toJSON" in shown && typeof shown.toJSON === "function") return plain(shown.toJSON(), path)
  return Object.fromEntries(Object.entries(shown).map(([name, item]) => [name, plain(item, path)]))
}

/** One line of JSON, without the line end. */
export const jsonLine = (value: unknown): string => JSON.stringify(plain(value, [])) ?? "null"
