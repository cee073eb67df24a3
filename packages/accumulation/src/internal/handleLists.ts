// Lists of what stands for keys: entries in arrays, numbers of rows in arrays of integers, which
// take half the memory of others and leave nothing for the collector to follow.

/** A list of a fixed length. */
export interface HandleList<H> {
  [at: number]: H
  readonly length: number
}

/** How such lists are made. */
export interface HandleLists<H> {
  readonly make: (length: number) => HandleList<H>
  /** A list of another length with the first `count` of a list. */
  readonly resized: (list: HandleList<H>, length: number, count: number) => HandleList<H>
  /** Stands where nothing stands any more. */
  readonly none: H
}

const moved = <H>(from: HandleList<H>, to: HandleList<H>, count: number): HandleList<H> => {
  for (let i = 0; i < count; i++) to[i] = from[i] as H
  return to
}

/** Lists of objects. */
export const objects = <H>(): HandleLists<H> => ({
  make: (length) => new Array<H>(length),
  resized: (list, length, count) => moved(list, new Array<H>(length), count),
  none: undefined as H
})

/** Lists of rows. */
export const rowNumbers: HandleLists<number> = {
  make: (length) => new Int32Array(length),
  resized: (list, length, count) => moved(list, new Int32Array(length), count),
  none: 0
}
