// Codes of the instructions that are used (WebAssembly Core Specification 2.0, section 5.4).

/** What a variable or a value is. */
export type Type = "int" | "float"

/** Their codes. */
export const typeCode = { int: 0x7f, float: 0x7c } as const
/** A block without a value. */
export const voidType = 0x40

/** Instructions by name. */
export const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  return: 0x0f,
  call: 0x10,
  drop: 0x1a,
  get: 0x20,
  set: 0x21,
  tee: 0x22,
  intConst: 0x41,
  floatConst: 0x44,
  eqz: 0x45,
  clz: 0x67,
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  floatNeg: 0x9a,
  toFloat: 0xb7,
  /** Goes before instructions of two bytes. */
  extended: 0xfc,
  /** A float cut to an integer. */
  toInt: 0x02
} as const

/** Operators of integers. */
export const ints: Readonly<Record<string, number>> = {
  "===": 0x46,
  "!==": 0x47,
  "<": 0x48,
  ">": 0x4a,
  "<=": 0x4c,
  ">=": 0x4e,
  "+": 0x6a,
  "-": 0x6b,
  "*": 0x6c,
  "&": 0x71,
  "|": 0x72,
  "^": 0x73,
  "<<": 0x74,
  ">>": 0x75,
  ">>>": 0x76
}

/** Operators of floats. */
export const floats: Readonly<Record<string, number>> = {
  "===": 0x61,
  "!==": 0x62,
  "<": 0x63,
  ">": 0x64,
  "<=": 0x65,
  ">=": 0x66,
  "+": 0xa0,
  "-": 0xa1,
  "*": 0xa2,
  "/": 0xa3
}

/** Operators that answer yes or no. */
export const comparisons = new Set(["===", "!==", "<", ">", "<=", ">="])

/** How elements of arrays are read and written. */
export const access = {
  bytes: { shift: 0, align: 0, load: 0x2d, store: 0x3a, type: "int" },
  ints: { shift: 2, align: 2, load: 0x28, store: 0x36, type: "int" },
  floats: { shift: 3, align: 3, load: 0x2b, store: 0x39, type: "float" },
  /** By their address, wherever they begin. */
  words: { shift: 0, align: 0, load: 0x28, store: 0x36, type: "int" },
  longs: { shift: 0, align: 0, load: 0x2b, store: 0x39, type: "float" }
} as const
