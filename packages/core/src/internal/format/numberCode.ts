// Writes the code that reads numbers from bytes, each into the variable v + number of the field,
// starting at s + number.
import type { Dialect } from "./dialect.ts"
import { digitsMax } from "./sequence.ts"

/** A whole number: a minus where the base is 10, then digits. */
export const wholeCode = (n: number, base: 10 | 16, fault: string, closing: string): string => {
  const most = digitsMax[base]
  const sign = base === 10 ? `const m${n} = b[p] === 45 && p < e; if (m${n}) p++;` : ""
  const digit =
    base === 10
      ? "c = b[p] - 48; if (c < 0 || c > 9) break;"
      : `c = b[p]; c = c <= 57 ? c - 48 : (c | 32) - 87;
    if (c < 0 || c > 15 || (c > 9 && b[p] < 65)) break;`
  const negate = base === 10 ? `if (m${n}) v${n} = -v${n};` : ""
  return `const s${n} = p; ${sign} let v${n} = 0; q = p;
  while (p < e) { ${digit} v${n} = v${n} * ${base} + c; p++; }
  if (p === q || p - q > ${most}) ${fault}
  ${negate} ${closing}`
}

/** A number as JSON writes it. */
export const decimalCode = (n: number, fault: string, closing: string, dialect: Dialect): string =>
  // Fifteen digits and a power of ten up to 22 are exact, and so is their quotient; the rest is
  // left to Number.
  `const s${n} = p; const m${n} = p < e && b[p] === 45; if (m${n}) p++;
    let v${n} = 0, d${n} = 0; q = p;
    while (p < e) { c = b[p] - 48; if (c < 0 || c > 9) break; v${n} = v${n} * 10 + c; p++; }
    if (p === q) ${fault}
    let z${n} = p - q;
    if (p < e && b[p] === 46) {
      q = ++p;
      while (p < e) { c = b[p] - 48; if (c < 0 || c > 9) break; v${n} = v${n} * 10 + c; p++; }
      d${n} = p - q; z${n} += d${n};
      if (d${n} === 0) ${fault}
    }
    if (p < e && (b[p] | 32) === 101) {
      p++; z${n} = 99;
      if (p < e && (b[p] === 43 || b[p] === 45)) p++;
      q = p;
      while (p < e) { c = b[p] - 48; if (c < 0 || c > 9) break; p++; }
      if (p === q) ${fault}
    }
    if (z${n} > 15) {
      ${dialect.longNumber(n, fault)}
    }
    else { if (d${n} > 0) v${n} /= ${dialect.powerOfTen(`d${n}`)}; if (m${n}) v${n} = -v${n}; }
    ${closing}`
