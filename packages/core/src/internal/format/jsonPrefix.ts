// The members of a line of JSON one after the other, for a condition that is asked before the line
// is read to its end. It checks what it hands over, and nothing behind that.

/** The texts of the members of an object that a comma follows, in order. */
function* memberTexts(line: string): Generator<string> {
  const open = /^[ \t\r\n]*\{/.exec(line)?.[0].length
  if (open === undefined) return
  let [from, depth, isText] = [open, 0, false]
  for (let i = open; i < line.length; i++) {
    const character = line[i]
    if (isText) {
      if (character === "\\") i++
      else if (character === '"') isText = false
    } else if (character === '"') isText = true
    else if (character === "{" || character === "[") depth++
    else if (character === "}" || character === "]") depth--
    else if (character === "," && depth === 0) {
      yield line.slice(from, i)
      from = i + 1
    }
    if (depth < 0) return
  }
}

/**
 * What an object holds up to each comma between its members; ends at the first that is no member.
 * The same object each time, with more in it.
 */
export function* prefixes(line: string): Generator<object> {
  const found: Record<string, unknown> = Object.create(null)
  for (const text of memberTexts(line)) {
    if (!/^[ \t\r\n]*"/.test(text)) return
    try {
      Object.assign(found, JSON.parse(`{${text}}`))
    } catch {
      return
    }
    yield found
  }
}
