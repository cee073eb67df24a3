// Addresses as they are typed: `:9464`, `localhost:9464`, `[::1]:9464`.
import type { Listen } from "./invocation.ts"

const everywhere = "0.0.0.0"
const portMax = 65_535

/** The address, or undefined when the text is none. Without a host it is every interface. */
export const parseListen = (text: string): Listen | undefined => {
  const [, bracketed, host, digits] = /^(?:\[([^\]]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === undefined || port > portMax) return undefined
  return { host: bracketed ?? (host || everywhere), port }
}

/** The URL of a collector, or undefined when the text is none that can be posted to. */
export const parseCollector = (text: string): string | undefined => {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) ? url.href : undefined
}
