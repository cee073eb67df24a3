// The programs for keys that left: one makes their records, one gives back what they held. Each
// does what its namesake in JavaScript does (emitRows.ts; AssemblyKeys and SlotCells), on the same
// memory.
import type { ProgramColumns } from "@sluice/core/ProgramColumns"
import { shortNames } from "@sluice/core/ProgramColumns"
import type { Layout } from "@sluice/core/Views"
import type { FunctionText } from "@sluice/core/WasmProgram"
import type { Assembly } from "../Assemble.ts"
import { rowWords } from "./byteRows.ts"
import type { EmitShapes } from "./emitRows.ts"
import { emitText, groupsOf } from "./emitText.ts"
import { nameBytes, partsAt, roomFirst, scanMax, slotWords } from "./slotCells.ts"
import { elementsMax, stateWords } from "./tableInputs.ts"

/** What records are made of. */
export interface Emitted {
  readonly assembly: Assembly
  readonly shapes: EmitShapes
  readonly layout: Layout
}

/**
 * Makes the records of keys `i` to `to` of the list; answers where it stopped, for elements of
 * which it has no room. `names`: how it calls its arrays.
 */
export const emitProgram = (
  { assembly, shapes, layout }: Emitted,
  columns: ProgramColumns
): { readonly text: FunctionText; readonly names: ReadonlyMap<string, string> } => {
  const names = shortNames(columns, layout)
  const groups = groupsOf(layout)
  const record = emitText(assembly, shapes, layout, {
    room: (k) => `if (G${k} + n > ${elementsMax}) break emitted;`
  })
  const text = `let r = 0;
    ${groups.map((k) => `let G${k} = 0;`).join(" ")}
    emitted: for (; i < to; i++) {
      ${record}
      r++;
    }
    ST[${stateWords.rows}] = r;
    ${groups.map((k) => `ST[${stateWords.elements + k}] = G${k};`).join(" ")}
    return i;`
  return { text: { name: "emit", params: ["i", "to", "unused"], text }, names }
}

/** Gives back what keys `i` to `to` of the list hold; stops at one with many slots. */
export const releaseProgram = (parts: number): FunctionText => ({
  name: "release",
  params: ["i", "to", "unused"],
  text: `let k = 0, q = 0, s = 0, p = 0, x = 0, count = 0, length = 0;
    for (; i < to; i++) {
      k = rows[i] >> 2;
      count = w[k + ${rowWords.slots}];
      if (count > ${scanMax}) return i;
      x = w[k + ${rowWords.head}];
      if (x !== 0) { give(x, w[x >> 2]); w[k + ${rowWords.head}] = 0; }
      if (count === 0) continue;
      q = w[k + ${rowWords.cell}] >> 2;
      for (s = 0; s < count; s++) {
        for (p = ${partsAt}; p < ${partsAt + parts}; p++) {
          x = w[q + p];
          if (x > 0) give(x, w[x >> 2]);
        }
        length = w[q + 1] >> 1;
        if (length > ${nameBytes}) give(w[q + ${partsAt + parts}], length);
        q += ${slotWords(parts)};
      }
      x = count <= ${roomFirst} ? ${roomFirst} : 1 << (32 - Math.clz32(count - 1));
      give(w[k + ${rowWords.cell}], x * ${4 * slotWords(parts)});
      w[k + ${rowWords.slots}] = 0;
    }
    return i;`
})
