// Lines with quoted fields, as CSV has them (RFC 4180): where they end, and how they are made
// plain. A quote opens a field only at its start; inside, two quotes are one. Used for lines that
// hold a quote; all others never come here.

const [lineFeed, quote, carriageReturn] = [10, 34, 13]

/** Between the fields of a line made plain: no byte of UTF-8. */
export const plainSeparator = 255

/** What a line with quotes turned out to be. */
export interface Plain {
  /** End of the line made plain, where the next one begins, and the line breaks inside. */
  end: number
  next: number
  breaks: number
}

/**
 * Makes the line at `from` plain, in place: quotes gone, fields apart by `plainSeparator`. False
 * when a quote is not closed, or is not followed by a separator or the end of the line.
 */
export const makePlain = (
  bytes: Uint8Array,
  from: number,
  to: number,
  separator: number,
  plain: Plain
): boolean => {
  let [read, write, breaks] = [from, from, 0]
  for (;;) {
    if (read < to && bytes[read] === quote) {
      read++
      for (;;) {
        if (read >= to) return false
        const byte = bytes[read++] as number
        if (byte === quote) {
          if (read >= to || bytes[read] !== quote) break
          read++
        } else if (byte === lineFeed) breaks++
        bytes[write++] = byte
      }
      if (bytes[read] === carriageReturn && bytes[read + 1] === lineFeed) read++
    } else {
      while (read < to && bytes[read] !== separator && bytes[read] !== lineFeed)
        bytes[write++] = bytes[read++] as number
      const returns = read < to && bytes[read] === lineFeed && bytes[write - 1] === carriageReturn
      if (returns && bytes[read - 1] === carriageReturn) write--
    }
    if (read < to && bytes[read] === separator) {
      bytes[write++] = plainSeparator
      read++
      continue
    }
    if (read < to && bytes[read] !== lineFeed) return false
    // Whoever shows the line sees its end, and not what stood there before.
    if (write < read) bytes[write] = lineFeed
    plain.end = write
    plain.next = Math.min(to, read + 1)
    plain.breaks = breaks
    return true
  }
}

/** The closing quote of a field whose text begins at `from`, or -1. */
const closingQuote = (bytes: Uint8Array, from: number, to: number): number => {
  let at = bytes.indexOf(quote, from)
  while (at >= 0 && at < to && bytes[at + 1] === quote) at = bytes.indexOf(quote, at + 2)
  return at >= to ? -1 : at
}

/**
 * Where the last whole line among `bytes[from, to)` ends; `from` where none does. `from` begins a
 * line. Goes from quote to quote: what lies between is not looked at byte by byte.
 */
export const afterLastQuoted = (
  bytes: Uint8Array,
  from: number,
  to: number,
  separator: number
): number => {
  let [last, plain] = [from, from]
  const upTo = (end: number): void => {
    const found = bytes.subarray(plain, end).lastIndexOf(lineFeed)
    if (found >= 0) last = plain + found + 1
  }
  for (let at = bytes.indexOf(quote, from); at >= 0 && at < to; ) {
    const before = at === from ? lineFeed : bytes[at - 1]
    // Right behind a closing quote a field cannot begin.
    const opens = before === separator || before === lineFeed
    if (!opens) {
      at = bytes.indexOf(quote, at + 1)
      continue
    }
    upTo(at)
    const close = closingQuote(bytes, at + 1, to)
    if (close < 0) return last
    plain = close + 1
    at = bytes.indexOf(quote, plain)
  }
  upTo(to)
  return last
}

/** The fields of a line as text, or undefined for a line that cannot be made plain. */
export const splitQuoted = (line: string, separator: string): ReadonlyArray<string> | undefined => {
  const fields: Array<string> = []
  for (let at = 0; ; ) {
    if (line[at] === '"') {
      const quoted = /"((?:[^"]|"")*)"/y
      quoted.lastIndex = at
      const found = quoted.exec(line)
      if (found === null) return undefined
      fields.push((found[1] as string).replaceAll('""', '"'))
      at += found[0].length
      if (at < line.length && line[at] !== separator) return undefined
    } else {
      const end = line.indexOf(separator, at)
      fields.push(line.slice(at, end < 0 ? undefined : end))
      at = end < 0 ? line.length : end
    }
    if (at >= line.length) return fields
    at++
  }
}

/** What a fault says of such a line. */
export const quotedExpected = "a closing quote, then a separator or the end of the line"
