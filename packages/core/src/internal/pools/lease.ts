// What a renter gets in development mode instead of the item itself: a handle that can be cut off.

/** A handle, and its end; `end` answers with the item, for the next renter. */
export interface Lease<Item> {
  readonly handle: Item
  readonly end: () => Item
}

/** An object behind a proxy that lets nothing through after the end. */
export const objectLease = <Item extends object>(
  item: Item,
  misused: (what: string) => never
): Lease<Item> => {
  let ended = false
  const target = (what: string): Item => (ended ? misused(what) : item)
  const handle = new Proxy(item, {
    get: (_, key) => {
      const value: unknown = Reflect.get(target(`read "${String(key)}"`), key, item)
      // Methods of Map, typed arrays and private fields need the object itself.
      return typeof value === "function" ? value.bind(item) : value
    },
    set: (_, key, value) => Reflect.set(target(`wrote "${String(key)}"`), key, value, item),
    has: (_, key) => Reflect.has(target(`looked for "${String(key)}"`), key),
    deleteProperty: (_, key) => Reflect.deleteProperty(target(`deleted "${String(key)}"`), key),
    ownKeys: () => Reflect.ownKeys(target("listed the fields"))
  })
  return {
    handle,
    end: () => {
      ended = true
      return item
    }
  }
}

/** Typed arrays: columns of numbers, and bytes. */
export type Numbers = Uint8Array | Uint16Array | Uint32Array | Float64Array | Int32Array

/** True for what must be lent as memory. */
export const isNumbers = (item: object): item is Numbers =>
  ArrayBuffer.isView(item) && !(item instanceof DataView)

/**
 * Memory cannot hide behind a proxy, since native code reads it. At the end its buffer is moved to
 * a new one: every view of the old one has length 0 from then on.
 */
export const memoryLease = <Item extends Numbers>(item: Item): Lease<Item> => ({
  handle: item,
  end: () => moved(item)
})

/** The same contents over a buffer of their own; the old one is detached. */
export const moved = <Item extends Numbers>(item: Item): Item => {
  const { buffer, byteOffset, length } = item
  const prototype: unknown = Object.getPrototypeOf(item)
  // A platform may have a kind of bytes of its own that cannot be constructed: Node's Buffer.
  const Kind = item instanceof Uint8Array ? Uint8Array : item.constructor
  const Same = Kind as new (b: ArrayBuffer, at: number, length: number) => Item
  const same = new Same((buffer as ArrayBuffer).transfer(), byteOffset, length)
  return Object.setPrototypeOf(same, prototype as object)
}
