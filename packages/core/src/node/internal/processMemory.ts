// What Node tells of its memory: the one file that knows `v8` and the performance hooks, which are
// loaded by whoever watches memory.
import type * as V8 from "node:v8"
import type * as Pressure from "../../Pressure.ts"

/** Takes readings until it is closed. */
export interface ProcessMemory {
  readonly read: () => Pressure.MemoryReading
  readonly close: () => void
}

const isLarge = ({ space_name: name }: V8.HeapSpaceInfo): boolean => name.includes("large_object")

/** Begins to listen to collections; their pauses are those since the reading before. */
export const open = (): ProcessMemory => {
  const { PerformanceObserver } = process.getBuiltinModule("node:perf_hooks")
  const v8 = process.getBuiltinModule("node:v8")
  let pausedMs = 0
  let pauseMsMax = 0
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      pausedMs += duration
      pauseMsMax = Math.max(pauseMsMax, duration)
    }
  })
  observer.observe({ entryTypes: ["gc"] })
  return {
    read: () => {
      const heap = v8.getHeapStatistics()
      const large = v8.getHeapSpaceStatistics().filter(isLarge)
      const reading = {
        heapBytes: heap.used_heap_size,
        heapBytesMax: heap.heap_size_limit,
        largeObjectBytes:
          large.reduce((sum, space) => sum + space.space_used_size, 0) +
          process.memoryUsage().arrayBuffers,
        pausedMs,
        pauseMsMax
      }
      pausedMs = 0
      pauseMsMax = 0
      return reading
    },
    close: () => observer.disconnect()
  }
}
