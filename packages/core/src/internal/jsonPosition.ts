// Where a text stops being JSON: the engine's own message often does not say. Asked only after
// JSON.parse has refused it. One pass, no recursion, so that a deep or long line is as safe here as
// it was there.

/** What may come next. */
type Expected = "value" | "value or ]" | "key" | "key or }" | "colon" | "comma or end" | "nothing"

const token = /[{}[\],:]|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const escape = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y

const quote = 34
const backslash = 92

// Past the closing quote, or -1. By hand: a pattern would need stack in proportion to the text, and
// records can be long.
const stringEnd = (text: string, from: number): number => {
  for (let at = from + 1; at < text.length; ) {
    const code = text.charCodeAt(at)
    if (code === quote) return at + 1
    if (code < 32) return -1
    escape.lastIndex = at
    if (code === backslash && !escape.test(text)) return -1
    at = code === backslash ? escape.lastIndex : at + 1
  }
  return -1
}

// Past the token that starts at `from`, or -1.
const tokenEnd = (text: string, from: number): number => {
  if (text.charCodeAt(from) === quote) return stringEnd(text, from)
  token.lastIndex = from
  return token.test(text) ? token.lastIndex : -1
}

const opened = (bracket: string): Expected => (bracket === "{" ? "key or }" : "value or ]")

const takesValue = (expected: Expected): boolean =>
  expected === "value" || expected === "value or ]"

const takesKey = (expected: Expected): boolean => expected === "key" || expected === "key or }"

const closes = (expected: Expected, bracket: string, open: string | undefined): boolean =>
  bracket === "}"
    ? open === "{" && (expected === "key or }" || expected === "comma or end")
    : open === "[" && (expected === "value or ]" || expected === "comma or end")

// The state after a token, or undefined when it must not stand here. `open` holds the brackets not
// yet closed.
const next = (expected: Expected, text: string, open: Array<string>): Expected | undefined => {
  const innermost = open[open.length - 1]
  const afterValue: Expected = innermost === undefined ? "nothing" : "comma or end"
  switch (text) {
    case "{":
    case "[":
      if (!takesValue(expected)) return undefined
      open.push(text)
      return opened(text)
    case "}":
    case "]":
      if (!closes(expected, text, innermost)) return undefined
      open.pop()
      return open.length === 0 ? "nothing" : "comma or end"
    case ",":
      if (expected !== "comma or end") return undefined
      return innermost === "{" ? "key" : "value"
    case ":":
      return expected === "colon" ? "value" : undefined
    default:
      if (takesKey(expected)) return text.startsWith('"') ? "colon" : undefined
      return takesValue(expected) ? afterValue : undefined
  }
}

/**
 * Offset of the first token that JSON does not allow where it stands; the length when the text ends
 * too early; or -1.
 */
export const firstBad = (text: string): number => {
  const open: Array<string> = []
  let expected: Expected = "value"
  for (let at = 0; ; ) {
    while (at < text.length && " \t\n\r".includes(text.charAt(at))) at++
    if (at >= text.length) return expected === "nothing" ? -1 : text.length
    const end = tokenEnd(text, at)
    const after: Expected | undefined =
      end < 0 ? undefined : next(expected, text.slice(at, end), open)
    if (after === undefined) return at
    expected = after
    at = end
  }
}
