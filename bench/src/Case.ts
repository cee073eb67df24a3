// What a micro-case is, and what its fresh process prints. A module in `bench/cases/` exports one
// case or an array of them as its default; the harness finds it by being there.

/** One measured way of doing a job. */
export interface Case {
  readonly name: string
  /** Cases of one group do the same job and must return the same checksum. */
  readonly group: string
  /** The case that the group's ratios refer to; one per group. */
  readonly baseline?: boolean
  /** The case whose distance to every peer is shown; at most one per group. */
  readonly subject?: boolean
  /** Source records of one `run`. */
  readonly records: number
  readonly run: () => number | Promise<number>
}

/** A case as listed, with the file it stands in. */
export interface ListedCase extends Omit<Case, "run"> {
  readonly file: string
}

/** What a process prints about a case: nanoseconds per source record, one figure per sample. */
export interface CaseResult extends Omit<Case, "run"> {
  readonly checksum: number
  readonly samples: ReadonlyArray<number>
  /** Milliseconds of garbage collection per million records. */
  readonly gcMs: number
}

/** The cases of a module, whether it exports one or several. */
export const casesIn = async (file: string): Promise<ReadonlyArray<Case>> => {
  const module: { readonly default?: Case | ReadonlyArray<Case> } = await import(file)
  if (module.default === undefined) throw new Error(`${file} has no default export of cases`)
  return "run" in module.default ? [module.default] : module.default
}
