// Where the code of a parser differs by what it becomes: JavaScript that writes into the columns of
// a sheet, which grow, or WebAssembly that writes into a memory of its own, and leaves what it has
// no room or no words for to the other.
import type { Place } from "./parserScope.ts"

/** What a program and its host tell each other, by position in the array ST. */
export const stateWords = {
  rows: 0,
  lines: 1,
  keys: 2,
  /** Most rows of the call. */
  max: 3,
  /** Set where it cannot go on. */
  stop: 4,
  /** Set where bytes of the input were changed. */
  changed: 5,
  /** Where a line made plain ends, where the next one begins, and the line breaks inside. */
  end: 6,
  next: 7,
  breaks: 8,
  /** Here begin the numbers of elements. */
  groups: 9
} as const

/** One of several bytes that are looked for together, and its place among them. */
export type Sought = readonly [byte: number | string, offset: number]

const here = (bytes: ReadonlyArray<Sought>): string =>
  bytes.map(([byte, offset]) => `b[p + ${offset}] === ${byte}`).join(" && ")

const walk = (bytes: ReadonlyArray<Sought>, work: string): string =>
  `while (p <= q && !(${here(bytes)})) { ${work} p++; }`

/** The ways of one language. */
export interface Dialect {
  /** Ends the scan with a fault of a field at a place. */
  readonly fault: (number: number, at: string) => string
  /** Sets e to the end of the line at p, and next to the start of the one behind it. */
  readonly lineEnd: string
  /** A line with a quote in it is made plain. */
  readonly quotes: (separator: number, unclosed: string) => string
  /** Moves p on to a byte, or to e; `work` is done for each byte on the way, which is in c. */
  readonly upTo: (byte: string, work: string) => string
  /** Moves p on to the first of several bytes, or beyond q, the last place where they fit. */
  readonly upToBytes: (bytes: ReadonlyArray<Sought>, work: string) => string
  /** The first byte from a place on that is no space of JSON. */
  readonly space: (at: string) => string
  /** What follows the JSON value at q, or -1. */
  readonly skip: string
  /** Moves q on to the quote that ends a text of JSON; leaves the quick way for any but plain. */
  readonly textEnd: string
  /** Reads a line of JSON the slow way; `back` sets the variables to what it found. */
  readonly slow: (back: string) => string
  /** A place in the input, as columns hold it. */
  readonly position: (place: string) => string
  /** Sets v to a number that digits and a power of ten do not give exactly. */
  readonly longNumber: (n: number, fault: string) => string
  readonly powerOfTen: (exponent: string) => string
  /** Makes room for `count` more bytes of keys. */
  readonly keyRoom: (count: string) => string
  /** Puts the word of a code into the key; `byte` is the code that puts one byte. */
  readonly keyWord: (words: number, code: string, byte: (value: string) => string) => string
  /** Makes room for one more record. */
  readonly recordRoom: (rehoist: string) => string
  /** Makes room for one more element of a group. */
  readonly elementRoom: (place: Place, at: string, rehoist: string) => string
}

const keyRoom = (count: string): string =>
  `if (ku + ${count} > kb.length) {
        sheet.keyUsed = ku;
        sheet.ensureKeyBytes(${count});
        kb = sheet.keyBytes;
      }`

/** Code that becomes a function of JavaScript. */
export const javascript: Dialect = {
  fault: (number, at) => `{ host.fault = ${number}; host.faultAt = ${at}; break scan; }`,
  lineEnd: `e = b.indexOf(10, p);
    let next = e + 1;
    if (e < 0 || e >= end) { e = end; next = end; }`,
  quotes: (separator, unclosed) => `T = ${separator}; breaks = 0;
    if (quoted < p) { quoted = b.indexOf(34, p); if (quoted < 0) quoted = Infinity; }
    if (quoted < e) {
      if (!makePlain(b, p, end, ${separator}, plain)) ${unclosed}
      e = plain.end; next = plain.next; breaks = plain.breaks;
      T = 255;
    }
    if (e === p && T !== 255) { lines++; at = next; continue; }`,
  upTo: (byte, work) => `while (p < e && (c = b[p]) !== ${byte}) { ${work} p++; }`,
  upToBytes: walk,
  space: (at) => `space(b, ${at}, e)`,
  skip: "skip(b, q, e)",
  textEnd: "while (q < e && (c = b[q]) !== 34) { if (c === 92 || c < 32) break quick; q++; }",
  slow: (back) => `const fault = slow(b, p, e, x);
      if (fault >= 0) { host.fault = fault; host.faultAt = at; break scan; }
      ${back}
      if (x.isWide) { host.isWide = true; x.isWide = false; }`,
  position: (place) => place,
  longNumber: (n, fault) => `let x = "";
      for (q = s${n}; q < p; q++) x += String.fromCharCode(b[q]);
      v${n} = Number(x);
      if (v${n} === Infinity || v${n} === -Infinity) ${fault}`,
  powerOfTen: (exponent) => `10 ** (${exponent})`,
  keyRoom,
  keyWord: (words, code, byte) => `{ const w = words[${words}][${code}]; ${keyRoom("w.length")}
      for (q = 0; q < w.length; q++) { ${byte("w[q]")} } }`,
  // It stands where it is needed and is no function: what a function inside the parser sets would
  // live in memory, not in registers, in the whole parser.
  recordRoom: (rehoist) => `if (r >= room) {
        sheet.ensure(r + 1);
        room = sheet.room;
        ${rehoist}
      }`,
  elementRoom: ({ id, data }, at, rehoist) => `${data}.ensureElements(${at} + 1);
        G${id} = ${data}.elementRoom;
        ${rehoist}`
}

/** What the code is that ends the scan where it cannot go on: the record is as if not begun. */
const stop = "break stopped;"

/** Code that becomes WebAssembly: see wasmParser.ts for the memory it works on. */
export const webAssembly: Dialect = {
  fault: () => stop,
  lineEnd: `rowsBefore = r; keysBefore = ku;
    e = find(10, p, end);
    let next = e + 1;
    if (e >= end) { e = end; next = end; }`,
  quotes: (separator) => `T = ${separator}; breaks = 0;
    if (quoted < p) quoted = find(34, p, end);
    if (quoted < e) {
      changed = 1;
      if (!plain(p, end, ${separator})) ${stop}
      e = ST[${stateWords.end}]; next = ST[${stateWords.next}]; breaks = ST[${stateWords.breaks}];
      T = 255;
    }
    if (e === p && T !== 255) { lines++; at = next; continue; }`,
  upTo: (byte, work) =>
    work === ""
      ? `p = find(${byte}, p, e);`
      : `while (p < e && (c = b[p]) !== ${byte}) { ${work} p++; }`,
  upToBytes: (bytes, work) => {
    if (work !== "") return walk(bytes, work)
    const [[byte, offset]] = bytes as readonly [Sought]
    const next = (by: number) => `p = find(${byte}, p + ${offset + by}, e) - ${offset};`
    return `${next(0)} while (p <= q && !(${here(bytes.slice(1))})) { ${next(1)} }`
  },
  space: (at) => `space(${at}, e)`,
  skip: "skipValue(q, e, 0)",
  textEnd: "q = endOfText(q, e); if (q >= e || b[q] !== 34) break quick;",
  slow: () => stop,
  position: (place) => `${place} + D`,
  longNumber: () => stop,
  powerOfTen: (exponent) => `P10[${exponent}]`,
  keyRoom: (count) => `if (ku + ${count} > keyRoom) ${stop}`,
  keyWord: (words, code, byte) => `{ const f = WF${words}[${code}], t = WF${words}[${code} + 1];
      if (ku + t - f > keyRoom) ${stop}
      for (q = f; q < t; q++) { ${byte(`WB${words}[q]`)} } }`,
  recordRoom: () => `if (r >= rowRoom) ${stop}`,
  elementRoom: () => stop
}
