// Random pipelines as plain data: a plan prints as it is, shrinks, and is both a pipeline
// (build.ts) and what it must deliver (oracle.ts).

/** A record of a generated pipeline. Stages never change its key. */
export interface Item {
  readonly key: number
  readonly value: number
}

/** What a record-wise function does when it fails. */
export type FailPolicy = "fail" | "deadLetter" | "ignore" | "fallback"

/**
 * Fails for records whose value `every` divides. `transient`: the last of the retries succeeds;
 * else all attempts fail and `policy` applies.
 */
export interface Failing {
  readonly every: number
  readonly policy: FailPolicy
  readonly retries: number
  readonly transient: boolean
  /**
   * How an effect fails, default `fail`; `die` is an exception, and `hang` never ends: the stage's
   * timeout cuts it off.
   */
  readonly how?: "fail" | "die" | "hang" | undefined
}

interface At {
  /** Chooses among the open ends, modulo their number. */
  readonly at: number
}

interface MayFail extends At {
  readonly failing?: Failing | undefined
}

interface Recordwise extends MayFail {
  /** Capacity of a buffer in front of the stage. */
  readonly buffer?: number | undefined
  /** What that buffer does when it is full; default: the producer waits. */
  readonly full?: "drop-oldest" | "drop-newest" | undefined
}

interface OnRows {
  /** A function on rows: where its input is views it reads them, and makes no objects. */
  readonly rows?: boolean | undefined
}

/** Compares the value of a record with a number, as data. */
export type Operator = "<" | "<=" | ">" | ">=" | "=" | "!="

/** Order an effectful stage is asked for. */
export type Ordering = "ordered" | "unordered" | "byKey"

/** How long the effect of a record takes: by its value, in turns or virtual milliseconds. */
export type Waits = "none" | "turns" | "time"

/** An effectful stage. */
export interface EffectStep extends Recordwise {
  readonly op: "mapEffect" | "mapPromise"
  readonly add: number
  readonly concurrency: number
  readonly ordering: Ordering
  readonly waits: Waits
  /** Whether a bound is on each call; one that hangs has it always. */
  readonly bounded?: boolean | undefined
}

/** How a `batch` step gathers. */
export type Gathering = "fixed" | "hybrid" | "window"

/**
 * One stage. `stamp` writes a header, `read` adds it to the value; `where` filters by a condition
 * as data, `columns` maps, and both stay on views.
 */
export type Step =
  | ({ readonly op: "map"; readonly add: number } & Recordwise & OnRows)
  | ({ readonly op: "filter"; readonly modulo: number } & Recordwise & OnRows)
  | ({ readonly op: "flatMap"; readonly copies: number } & Recordwise & OnRows)
  | ({ readonly op: "columns"; readonly add: number } & Recordwise)
  | ({ readonly op: "where"; readonly operator: Operator; readonly than: number } & Recordwise)
  | ({ readonly op: "mapBatch"; readonly add: number; readonly effect: boolean } & MayFail)
  | ({ readonly op: "stamp" } & MayFail)
  | ({ readonly op: "read" } & At)
  | EffectStep
  | ({ readonly op: "process"; readonly add: number; readonly concurrency: number } & At)
  | ({ readonly op: "custom"; readonly add: number } & At)
  | ({ readonly op: "batch"; readonly count: number; readonly gathering: Gathering } & At)
  | ({ readonly op: "accumulate"; readonly items: number } & MayFail)
  | ({ readonly op: "branch"; readonly modulo: number; readonly rest: boolean } & MayFail)
  | ({ readonly op: "broadcast" } & At)
  | ({ readonly op: "partition"; readonly ports: number } & At)
  | ({ readonly op: "merge"; readonly with: number } & At)

/** How a sink takes its records; `views` takes them as they come. */
export type SinkKind = "each" | "batch" | "effect" | "writer" | "views"

/** The format in which a source has its records as bytes. */
export type Bytes = "delimited" | "ndjson"

/** A pipeline as data: its inputs as [key, value], in chunks; its stages; the kind of its sinks. */
export interface Plan {
  readonly sources: ReadonlyArray<ReadonlyArray<readonly [key: number, value: number]>>
  readonly chunk: number
  /** Sources that read bytes of this format; default: they have objects. */
  readonly bytes?: Bytes | undefined
  readonly steps: ReadonlyArray<Step>
  readonly sink: SinkKind
  /** Failures of the sinks, where they take records one by one: `each` and `effect`. */
  readonly sinkFailing?: Failing | undefined
  /** Largest batch of the run. */
  readonly batchSize: number
}

/** Bound on a call, milliseconds: longer than any call takes that does not hang. */
export const boundMs = 50

/** The plan for real time, where nothing may hang until a bound is reached. */
export const tame = (plan: Plan): Plan => ({
  ...plan,
  steps: plan.steps.map((step) =>
    "failing" in step && step.failing?.how === "hang"
      ? { ...step, failing: { ...step.failing, how: "fail" as const } }
      : step
  )
})

/** What the sinks of a plan fail at. */
export const sinkFailingOf = ({ sink, sinkFailing }: Plan): Failing | undefined =>
  sink === "each" || sink === "effect" ? sinkFailing : undefined

/** What most stages make of a record. */
export const added = (item: Item, add: number): Item => ({ key: item.key, value: item.value + add })

/** What a condition says of a value. */
export const compared = (value: number, operator: Operator, than: number): boolean => {
  if (operator === "=" || operator === "!=") return (value === than) === (operator === "=")
  if (value === than) return operator.endsWith("=")
  return value < than === operator.startsWith("<")
}

/** Whether `modulo` divides a value. */
export const divides = (modulo: number, value: number): boolean => value % modulo === 0

/** What a failed record is replaced with. */
export const replaced = (item: Item): Item => ({ key: item.key, value: item.value + 1_000 })

/** The header `stamp` writes. */
export const stampHeader = "kit.stamp"

/** The number in the header of a record with this value. */
export const stampOf = (item: Item): number => Math.abs(item.value % 7)

/** Copies flatMap makes of a record. */
export const copiesOf = (item: Item, copies: number): ReadonlyArray<Item> =>
  Array.from({ length: copies }, (_, n) => ({ key: item.key, value: item.value + n }))

/** The end of an open pipeline a step takes. */
export const indexAt = (at: number, ends: number): number => at % ends

/** Name of the stage a step makes. */
export const stageId = (step: Step, position: number): string => `${step.op}-${position}`
