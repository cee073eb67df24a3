// The functions that programs over the table of keys are made of, in the language of WasmProgram:
// cells of the arena, slots of a key, rows and their index. Each does what its namesake in
// JavaScript does (byteArena.ts, slotCells.ts, byteRows.ts, byteIndex.ts), on the same memory.
//
//   w, d, m: words, floats and bytes of the arena; u, U: its bytes, by four and by eight
//   b, g, G: the same of the bytes that texts point into; kw: words of keys
import type { FunctionText } from "@sluice/core/WasmProgram"
import { arenaWords, fineMax, lineMax } from "./byteArena.ts"
import { holesMin, loadMax } from "./byteIndex.ts"
import { keyAt, openFlags, rowFloats, rowWords, wordCount } from "./byteRows.ts"
import { nameBytes, partsAt, roomFirst, slotWords } from "./slotCells.ts"
import { stateWords } from "./tableInputs.ts"

const { taken, end, free, places, mask, live, list, listed } = arenaWords

/** Sets the class of a cell, and its whole size. */
const sized = `if (size <= ${fineMax}) { kind = (size + 7) >>> 3; whole = kind << 3; }
    else {
      kind = ${fineMax / 8 + 24} - Math.clz32(size - 1);
      whole = 1 << (32 - Math.clz32(size - 1));
    }`

const take: FunctionText = {
  name: "take",
  params: ["size"],
  text: `let kind = 0, whole = 0, line = 0, skipped = 0;
    ${sized}
    w[${taken}] = w[${taken}] + whole;
    let at = w[kind + ${free}];
    if (at !== 0) { w[kind + ${free}] = w[at >> 2]; return at; }
    at = w[${end}];
    line = whole & -whole;
    skipped = -at & ((line > ${lineMax} ? ${lineMax} : line) - 1);
    if (skipped > 0) {
      w[at >> 2] = w[(skipped >> 3) + ${free}];
      w[(skipped >> 3) + ${free}] = at;
      at += skipped;
    }
    w[${end}] = at + whole;
    return at;`
}

const give: FunctionText = {
  name: "give",
  params: ["at", "size"],
  text: `let kind = 0, whole = 0;
    ${sized}
    w[${taken}] = w[${taken}] - whole;
    w[at >> 2] = w[kind + ${free}];
    w[kind + ${free}] = at;
    return 0;`
}

/** Copies a text into a cell; answers where it ends. */
const copyIn: FunctionText = {
  name: "copyIn",
  params: ["to", "from", "length"],
  text: `const e = to + length;
    for (; to + 8 <= e; to += 8) { U[to] = G[from]; from += 8; }
    if (to + 4 <= e) { u[to] = g[from]; to += 4; from += 4; }
    for (; to < e; to++) { m[to] = b[from]; from++; }
    return e;`
}

const same: FunctionText = {
  name: "same",
  params: ["at", "from", "length"],
  text: `let i = 0;
    const last = length - 4;
    if (last < 0) {
      for (; i < length; i++) if (m[at + i] !== b[from + i]) return 0;
      return 1;
    }
    for (; i < last; i += 4) if (u[at + i] !== g[from + i]) return 0;
    return u[at + last] === g[from + last];`
}

const isKey: FunctionText = {
  name: "isKey",
  params: ["row", "from", "length"],
  text: `let i = 0;
    const at = (row + ${keyAt}) >> 2, start = from >> 2, count = (length + 3) >> 2;
    if (w[(row >> 2) + ${rowWords.keyLength}] !== length) return 0;
    for (; i < count; i++) if (w[at + i] !== kw[start + i]) return 0;
    return 1;`
}

/** The row of a key, open or closed, or 0. */
const known: FunctionText = {
  name: "known",
  params: ["hash", "from", "length"],
  text: `const mask = w[${mask}], first = w[${places}] >> 2;
    let place = hash & mask, at = 0, row = 0;
    for (;;) {
      at = first + 2 * place;
      row = w[at + 1];
      if (row === 0) return 0;
      if (w[at] === hash && isKey(row, from, length)) return row;
      place = (place + 1) & mask;
    }`
}

/** Whether the index can take one more row as it is. */
const hasRoom: FunctionText = {
  name: "hasRoom",
  params: [],
  text: `const capacity = w[${mask}] + 1, holes = w[${listed}] - w[${live}];
    return ${1 / loadMax} * (w[${live}] + 1) <= capacity && w[${listed}] < capacity &&
      !(holes > ${holesMin} && holes > w[${live}]);`
}

/** The row is open, and in the index. */
const open: FunctionText = {
  name: "open",
  params: ["row", "hash"],
  text: `const k = row >> 2, mask = w[${mask}], first = w[${places}] >> 2, count = w[${listed}];
    let place = hash & mask;
    w[k + ${rowWords.flags}] = w[k + ${rowWords.flags}] | ${openFlags};
    w[k + ${rowWords.place}] = count;
    w[(w[${list}] >> 2) + count] = row;
    w[${listed}] = count + 1;
    w[${live}] = w[${live}] + 1;
    while (w[first + 2 * place + 1] !== 0) place = (place + 1) & mask;
    w[first + 2 * place] = hash;
    w[first + 2 * place + 1] = row;
    return 0;`
}

/** What rows of a table hold beside their keys. */
export interface RowKind {
  /** Words of what not every table asks for stand behind the key. */
  readonly hasWords: boolean
  readonly hasFirst: boolean
}

/** A row for a key that is not there; v0 of the host is the time. */
const makeRow = ({ hasWords, hasFirst }: RowKind): FunctionText => ({
  name: "makeRow",
  params: ["from", "length"],
  text: `const behind = ${keyAt} + ((length + 7) & -8);
    const row = take(behind + ${(hasWords ? 8 : 0) + (hasFirst ? 8 : 0)});
    const k = row >> 2, at = (row + ${keyAt}) >> 2, start = from >> 2, count = (length + 3) >> 2;
    let i = 0;
    for (; i < ${wordCount}; i++) w[k + i] = 0;
    w[k + ${rowWords.keyLength}] = length;
    d[(row >> 3) + ${rowFloats.bytes}] = 0;
    d[(row >> 3) + ${rowFloats.last}] = FL[0];
    ${hasWords ? "d[(row + behind) >> 3] = 0;" : ""}
    ${hasFirst ? `d[(row + behind + ${hasWords ? 8 : 0}) >> 3] = FL[0];` : ""}
    for (i = 0; i < count; i++) w[at + i] = kw[start + i];
    return row;`
})

const slotFunctions = (parts: number): ReadonlyArray<FunctionText> => {
  const words = slotWords(parts)
  const name = partsAt + parts
  return [
    {
      name: "findSlot",
      params: ["k", "hash", "from", "length"],
      text: `const count = w[k + ${rowWords.slots}];
    let i = 0, q = w[k + ${rowWords.cell}] >> 2;
    for (; i < count; i++) {
      if (w[q] === hash && w[q + 1] >> 1 === length &&
        same(length > ${nameBytes} ? w[q + ${name}] : (q + ${name}) << 2, from, length)) return i;
      q += ${words};
    }
    return -1;`
    },
    {
      name: "append",
      params: ["k", "hash", "from", "length"],
      text: `const count = w[k + ${rowWords.slots}];
    let cell = 0, next = 0, before = 0, i = 0, q = 0;
    if (length > ${nameBytes}) cell = take(length);
    if (count === 0) w[k + ${rowWords.cell}] = take(${4 * roomFirst * words});
    else if (count >= ${roomFirst} && (count & (count - 1)) === 0) {
      before = w[k + ${rowWords.cell}];
      next = take(count * ${8 * words});
      for (; i < count * ${words}; i++) w[(next >> 2) + i] = w[(before >> 2) + i];
      give(before, count * ${4 * words});
      w[k + ${rowWords.cell}] = next;
    }
    q = (w[k + ${rowWords.cell}] >> 2) + count * ${words};
    for (i = ${partsAt}; i < ${name}; i++) w[q + i] = 0;
    w[q] = hash;
    w[q + 1] = length << 1;
    if (cell !== 0) w[q + ${name}] = cell;
    else cell = (q + ${name}) << 2;
    copyIn(cell, from, length);
    w[k + ${rowWords.slots}] = count + 1;
    return count;`
    },
    {
      name: "require",
      params: ["k", "slot"],
      text: `const q = (w[k + ${rowWords.cell}] >> 2) + slot * ${words};
    let i = ${partsAt}, missing = 0;
    if (w[q + 1] & 1) return 0;
    w[q + 1] = w[q + 1] | 1;
    for (; i < ${name}; i++) if (w[q + i] === 0) missing++;
    w[k + ${rowWords.waiting}] = w[k + ${rowWords.waiting}] + missing;
    return 0;`
    },
    {
      name: "touchLeaving",
      params: ["k"],
      text: `const head = w[k + ${rowWords.head}] >> 2, slots = w[k + ${rowWords.slots}];
    let touched = w[head] ^ w[head + ${lineMax / 4}] ^ w[head + ${lineMax / 2}];
    let slot = 0, part = 0, cell = 0;
    let at = (w[k + ${rowWords.cell}] >> 2) + ${partsAt};
    for (; slot < slots; slot++) {
      for (part = 0; part < ${parts}; part++) {
        cell = w[at + part];
        if (cell > 0) touched = touched ^ w[cell >> 2];
      }
      at += ${words};
    }
    return touched;`
    }
  ]
}

/**
 * Looks up keys `from` to `to`, each level for all before the next, so that the processor overlaps
 * what it waits for.
 */
const look: FunctionText = {
  name: "look",
  params: ["from", "to"],
  text: `const mask = w[${mask}], first = w[${places}] >> 2;
    let touched = 0, i = from, hash = 0, place = 0, row = 0;
    for (; i < to; i++) touched = touched ^ w[first + 2 * (KH[i] & mask)];
    for (i = from; i < to; i++) {
      hash = KH[i];
      place = hash & mask;
      while (w[first + 2 * place + 1] !== 0 && w[first + 2 * place] !== hash)
        place = (place + 1) & mask;
      F[i] = w[first + 2 * place + 1];
    }
    for (i = from; i < to; i++) touched = touched ^ w[(F[i] + ${keyAt}) >> 2];
    for (i = from; i < to; i++) {
      row = F[i];
      if (row !== 0 && !isKey(row, KS[i] - ST[${stateWords.key}], KL[i]))
        F[i] = known(KH[i], KS[i] - ST[${stateWords.key}], KL[i]);
    }
    for (i = from; i < to; i++) touched = touched ^ w[w[(F[i] >> 2) + ${rowWords.cell}] >> 2];
    for (i = from; i < to; i++)
      if (w[(F[i] >> 2) + ${rowWords.waiting}] === 1) touched = touched ^ touchLeaving(F[i] >> 2);
    ST[${stateWords.touched}] = touched;
    return 0;`
}

/** Everything that the programs of a table call. */
export const tableFunctions = (parts: number, rows: RowKind): ReadonlyArray<FunctionText> => [
  take,
  give,
  copyIn,
  same,
  isKey,
  known,
  hasRoom,
  open,
  makeRow(rows),
  ...slotFunctions(parts),
  look
]
