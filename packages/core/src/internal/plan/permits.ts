// How many calls a stage may make at once, by its parallelism.
import type * as Graph from "../../Graph.ts"

/** Enough to keep a slow other side busy; more is asked for by number. */
const ioBoundPermits = 16

/** Calls of an effectful stage at once; the sync engine takes one record at a time. */
export const permitsOf = ({ parallelism }: Graph.StageNode): number => {
  switch (parallelism._tag) {
    case "Fixed":
      return parallelism.n
    case "IoBound":
      return ioBoundPermits
    case "CpuBound":
    case "Sequential":
      return 1
  }
}
