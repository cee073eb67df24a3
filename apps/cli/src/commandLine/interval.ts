// Time spans as they are typed on a command line: 500ms, 2s, 1m.

const milliseconds = { ms: 1, s: 1_000, m: 60_000 } as const

/**
 * `250ms`, `2s`, `1.5s`, `1m` in milliseconds; undefined when the text is no time span of at least
 * one millisecond.
 */
export const parseInterval = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text.trim())
  if (match === null) return undefined
  const value = Number(match[1]) * milliseconds[match[2] as keyof typeof milliseconds]
  return value >= 1 && value <= 86_400_000 ? value : undefined
}
