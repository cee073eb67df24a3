// What parsers in WebAssembly call, in their own language: the making plain of a line with quotes,
// as in quoted.ts, and the passing over of JSON, as in jsonSkip.ts, but with its escapes.
import type { FunctionText } from "../wasm/module.ts"
import { stateWords } from "./dialect.ts"
import { plainSeparator } from "./quoted.ts"

/** Makes the line with quotes at `from` plain, in place; 0 where it cannot be. */
const plain: FunctionText = {
  name: "plain",
  params: ["from", "to", "separator"],
  text: `let i = from, o = from, n = 0, c = 0, returns = 0;
    for (;;) {
      if (i < to && b[i] === 34) {
        i++;
        for (;;) {
          if (i >= to) return 0;
          c = b[i++];
          if (c === 34) { if (i >= to || b[i] !== 34) break; i++; }
          else if (c === 10) n++;
          b[o++] = c;
        }
        if (i + 1 < to && b[i] === 13 && b[i + 1] === 10) i++;
      } else {
        while (i < to && b[i] !== separator && b[i] !== 10) b[o++] = b[i++];
        returns = i < to && b[i] === 10 && b[o - 1] === 13;
        if (returns && b[i - 1] === 13) o--;
      }
      if (i < to && b[i] === separator) { b[o++] = ${plainSeparator}; i++; continue; }
      if (i < to && b[i] !== 10) return 0;
      if (o < i) b[o] = 10;
      ST[${stateWords.end}] = o;
      ST[${stateWords.next}] = i < to ? i + 1 : to;
      ST[${stateWords.breaks}] = n;
      return 1;
    }`
}

const space: FunctionText = {
  name: "space",
  params: ["p", "e"],
  text: `let c = 0;
    while (p < e) {
      c = b[p];
      if (c !== 32 && c !== 9 && c !== 13 && c !== 10) break;
      p++;
    }
    return p;`
}

const isHex = (at: string): string =>
  `c = b[${at}]; if (!((c >= 48 && c <= 57) || ((c | 32) >= 97 && (c | 32) <= 102))) return -1;`

/** What may follow a backslash, beside a u. */
const letters = [...'"\\/bfnrt'].map((letter) => `c === ${letter.charCodeAt(0)}`).join(" || ")

/** Behind the text that begins at p; -1 where it is no JSON. */
const skipText: FunctionText = {
  name: "skipText",
  params: ["p", "e"],
  text: `let c = 0, n = 0;
    p++;
    for (;;) {
      p = endOfText(p, e);
      if (p >= e) return -1;
      if (b[p] === 34) return p + 1;
      if (b[p] !== 92 || p + 1 >= e) return -1;
      c = b[p + 1];
      if (c === 117) {
        if (p + 6 > e) return -1;
        for (n = 2; n < 6; n++) { ${isHex("p + n")} }
        p += 6;
      } else if (${letters}) p += 2;
      else return -1;
    }`
}

const skipNumber: FunctionText = {
  name: "skipNumber",
  params: ["p", "e"],
  text: `let first = p, at = 0;
    if (b[p] === 45) { p++; first = p; }
    while (p < e && b[p] >= 48 && b[p] <= 57) p++;
    if (p === first || (b[first] === 48 && p > first + 1)) return -1;
    if (p < e && b[p] === 46) {
      at = ++p;
      while (p < e && b[p] >= 48 && b[p] <= 57) p++;
      if (p === at) return -1;
    }
    if (p < e && (b[p] | 32) === 101) {
      p++;
      if (p < e && (b[p] === 43 || b[p] === 45)) p++;
      at = p;
      while (p < e && b[p] >= 48 && b[p] <= 57) p++;
      if (p === at) return -1;
    }
    return p;`
}

const word = (text: string): string => {
  const bytes = [...text].map((letter, i) => `b[p + ${i}] === ${letter.charCodeAt(0)}`)
  return `if (p + ${text.length} <= e && ${bytes.join(" && ")}) return p + ${text.length};`
}

/** Deeper values are left to JavaScript. */
const depthMax = 64

const skipMembers: FunctionText = {
  name: "skipMembers",
  params: ["p", "e", "depth"],
  text: `const isObject = b[p] === 123;
    const close = isObject ? 125 : 93;
    p = space(p + 1, e);
    if (p < e && b[p] === close) return p + 1;
    while (p < e) {
      if (isObject) {
        if (b[p] !== 34) return -1;
        p = skipText(p, e);
        if (p < 0) return -1;
        p = space(p, e);
        if (p >= e || b[p] !== 58) return -1;
        p = space(p + 1, e);
      }
      p = skipValue(p, e, depth + 1);
      if (p < 0) return -1;
      p = space(p, e);
      if (p < e && b[p] === close) return p + 1;
      if (p >= e || b[p] !== 44) return -1;
      p = space(p + 1, e);
    }
    return -1;`
}

/** Behind the value that begins at p; -1 where it is no JSON, or too deep. */
const skipValue: FunctionText = {
  name: "skipValue",
  params: ["p", "e", "depth"],
  text: `if (p >= e || depth > ${depthMax}) return -1;
    const c = b[p];
    if (c === 34) return skipText(p, e);
    if (c === 123 || c === 91) return skipMembers(p, e, depth);
    ${word("true")} ${word("false")} ${word("null")}
    if (c === 116 || c === 102 || c === 110) return -1;
    return skipNumber(p, e);`
}

/** For formats whose fields may be quoted. */
export const quoteLibrary: ReadonlyArray<FunctionText> = [plain]

/** For lines of JSON. */
export const jsonLibrary: ReadonlyArray<FunctionText> = [
  space,
  skipText,
  skipNumber,
  skipMembers,
  skipValue
]
