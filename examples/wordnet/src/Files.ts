// The lines of the three formats as fragments.

import type { Fragment } from "./Fragment.ts"
import type { Format } from "./Inputs.ts"
import { isHeader, parseDataLine, parseIndexLine, parseSenseLine } from "./Parse.ts"

/** The fragments of one line; none for a header line. Throws MalformedLine. */
export const fragmentsOf = (format: Format, line: string): ReadonlyArray<Fragment> => {
  if (isHeader(line)) return []
  switch (format) {
    case "data":
      return [parseDataLine(line)]
    case "index":
      return parseIndexLine(line)
    case "sense":
      return [parseSenseLine(line)]
  }
}
