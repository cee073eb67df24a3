// Who holds whom back: the time for which each source, and each stage with a channel behind it,
// could not go on, charged to the stage that caused it. Where that stage was itself held back, the
// charge goes on to the one behind it: a tree whose leaves are the causes. Measured while a batch
// waits, never while it moves.

/** Time charged to one stage, and through it to the stages it waited for. */
export interface Charge {
  readonly stageId: string
  /** Time for which the stage itself was busy, microseconds. */
  readonly ownMicros: number
  /** Time for which it was held back while somebody waited for it. */
  readonly behind: ReadonlyArray<Charge>
}

/** A stage that waited, and for whom. */
export interface HeldBack {
  readonly stageId: string
  readonly waitedMicros: number
  readonly by: ReadonlyArray<Charge>
}

/** What one run says about who holds whom back. */
export interface Blame {
  /** Time since the run began, microseconds. */
  readonly elapsedMicros: number
  /** In the graph's order; stages that never waited are left out. */
  readonly heldBack: ReadonlyArray<HeldBack>
  /** Own time by stage over all sources, the greatest first: the first one is where to begin. */
  readonly causes: ReadonlyArray<{ readonly stageId: string; readonly micros: number }>
}

/** Own time of a charge and of all behind it. */
export const totalMicros = (charge: Charge): number =>
  charge.behind.reduce((sum, inner) => sum + totalMicros(inner), charge.ownMicros)

const seconds = (micros: number): string =>
  micros >= 1e6 ? `${(micros / 1e6).toFixed(1)} s` : `${(micros / 1e3).toFixed(1)} ms`

const share = (micros: number, of: number): string =>
  of <= 0 ? "" : ` (${Math.round((100 * micros) / of)} %)`

/** Shares below a hundredth say nothing about where to begin. */
const shown = (charges: ReadonlyArray<Charge>, of: number): ReadonlyArray<Charge> =>
  charges
    .filter((charge) => totalMicros(charge) * 100 >= of)
    .toSorted((a, b) => totalMicros(b) - totalMicros(a))

const branch = (charges: ReadonlyArray<Charge>, of: number, indent: string): Array<string> => {
  const list = shown(charges, of)
  return list.flatMap((charge, at) => {
    const last = at === list.length - 1
    const busy = charge.ownMicros > 0 ? ` busy ${seconds(charge.ownMicros)}` : ""
    const own = charge.ownMicros > 0 ? share(charge.ownMicros, of) : ""
    const waits = charge.behind.length > 0 ? `${busy === "" ? "" : ","} held back itself` : ""
    const line = `${indent}${last ? "└─" : "├─"} ${charge.stageId}${busy}${own}${waits}`
    return [line, ...branch(charge.behind, of, `${indent}${last ? "   " : "│  "}`)]
  })
}

/**
 * The tree as text, one stage that waited after the other; empty when nobody was held back.
 *
 * Limits: charges below one per cent of the wait are left out.
 */
export const render = (blame: Blame): string =>
  blame.heldBack
    .flatMap(({ stageId, waitedMicros, by }) => {
      const part = share(waitedMicros, blame.elapsedMicros)
      const head = `${stageId} was held back ${seconds(waitedMicros)}${part} by`
      return [head, ...branch(by, waitedMicros, "")]
    })
    .join("\n")
