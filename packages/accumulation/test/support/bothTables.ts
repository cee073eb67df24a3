// Keyed state on bytes beside the object table: the same description and the same batches, the same
// answers, failures and counts at every step, and no byte that nobody owns at the end.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Batch from "@sluice/core/Batch"
import * as Format from "@sluice/core/Format"
import type { ViewBlock } from "@sluice/core/Views"
import * as Views from "@sluice/core/Views"
import { expect } from "vitest"
import type { ByteMachine } from "../../src/internal/byteMachine.ts"
import type { ByteRows } from "../../src/internal/byteRows.ts"
import { blockOf } from "./blocks.ts"
import type { Language } from "./languages.ts"
import { inLanguage } from "./languages.ts"

export type Instance = Accumulator.AccumulatorInstance<unknown, unknown>

/** What is looked at of the machine on bytes. */
export type OnBytes = Instance &
  Pick<ByteMachine, "table" | "timers" | "tombstones" | "assertInvariants">

/** A machine with what failed in it. */
export interface Watched {
  readonly instance: Instance
  readonly failures: Array<string>
}

export const watched = (
  make: (host: Accumulator.AccumulatorHost) => unknown,
  clock: { now: number },
  { pools, halts = false }: Pick<Comparison, "pools" | "halts"> = {}
): Watched => {
  const failures: Array<string> = []
  const instance = make({
    pipelineId: "p",
    stageId: "s",
    now: () => clock.now,
    failed: (index, key, cause, kind) => {
      // Of a record without a key the object table says null, what its function returned.
      failures.push(`${index} ${String(key ?? undefined)} ${kind} ${(cause as Error).message}`)
      return !halts
    },
    ...(pools === undefined ? {} : { pools })
  }) as Instance
  return { instance, failures }
}

export const shown = (emitted: Batch.Batch<unknown> | undefined): unknown =>
  emitted && {
    items: [...emitted.items],
    headers: emitted.columns?.headers,
    seqBase: emitted.seqBase,
    index: emitted.index,
    bytes: emitted.bytes
  }

export const stateOf = ({ instance, failures }: Watched): unknown => ({
  totals: instance.totals(),
  open: instance.openKeys(50),
  deadline: instance.deadline(),
  pending: instance.pending(),
  failures
})

/** One batch. */
export interface Given {
  readonly format: Format.Format<unknown>
  readonly origin: string
  readonly lines: ReadonlyArray<string>
  /** The time that passes before it. */
  readonly ms: number
  /** Records before this one belong to a batch of somebody else. */
  readonly from?: number
  /** Which records a filter in front lets through, by position. */
  readonly keeps?: (position: number) => boolean
  /** Records whose key is missing, by position: no parser makes them. */
  readonly isKeyless?: (position: number) => boolean
}

/** What a comparison may change. */
export interface Comparison {
  /** Checks the rules of the machine, too, which asks predicates once more; default true. */
  readonly recounts?: boolean
  /** Breaks the rows, to see that it is found. */
  readonly breaks?: (rows: ByteRows) => void
  /** Default programs. */
  readonly language?: Language
  /** Whoever reads the outputs keeps them to the end, where they are looked at once more. */
  readonly holds?: boolean
  readonly pools?: Accumulator.AccumulatorHost["pools"]
  /** The first failure ends the run. */
  readonly halts?: boolean
}

type Spec = Accumulator.AccumulatorSpec<never, unknown>
type Emitted = Batch.Batch<unknown> | undefined

const viewsOf = (spec: Spec, formats: ReadonlyArray<Format.Format<unknown>>) => {
  const shape = spec.shapeFor?.(formats.map(({ layout }) => layout))
  if (shape?._tag !== "Views") throw new Error(`not on views: ${shape?.reason}`)
  return shape
}

/** What is drawn from a batch, as views and as objects. */
const drawn = (given: Given, needs: Views.Needs) => {
  const { format, lines, from = 0, keeps, isKeyless = () => false } = given
  const decode = Format.decoder(format)
  const records = lines.flatMap((line) => {
    const decoded = decode(line)
    return decoded._tag === "Records" ? decoded.records : []
  })
  const items = records.map((record, i) =>
    isKeyless(i) ? { ...(record as object), key: null } : record
  )
  const whole = blockOf(format, needs, lines)
  expect(whole.length).toBe(items.length)
  for (let i = 0; i < items.length; i++) if (isKeyless(i)) whole.sheet.keyLength[i] = -1
  const block = whole.slice(from)
  if (keeps === undefined) return { items: items.slice(from), block }
  const kept = items.flatMap((_, i) => (i >= from && keeps(i) ? [i] : []))
  // As a stage that filters does it.
  block.sheet.compact(kept, from)
  return {
    items: kept.map((i) => items[i]),
    block: new Views.ViewBlock(block.sheet, from, from + kept.length)
  }
}

/** Outputs that stay with whoever reads them. */
class Held {
  private readonly list: Array<readonly [batch: Batch.Batch<unknown>, expected: unknown]> = []

  check(viewed: Emitted, plain: Emitted): void {
    const expected = shown(plain)
    expect(shown(viewed)).toEqual(expected)
    if (viewed !== undefined) this.list.push([viewed, expected])
  }

  release(): void {
    for (const [batch, expected] of this.list.toReversed()) {
      expect(shown(batch)).toEqual(expected)
      const block: ViewBlock | undefined = Views.blockOf(batch.items)
      block?.release()
    }
  }
}

/** Runs batches through both tables and compares them at every step; answers that on bytes. */
export const compare = (
  spec: Spec,
  formats: ReadonlyArray<Format.Format<unknown>>,
  batches: ReadonlyArray<Given>,
  comparison: Comparison = {}
): OnBytes => {
  const { recounts = true, breaks, language = "programs", holds = false } = comparison
  const clock = { now: 1_000 }
  const shape = viewsOf(spec, formats)
  const objects = watched((host) => spec.make(host), clock, comparison)
  const views = inLanguage(language, () =>
    watched((host) => shape.make(host, holds), clock, comparison)
  )
  const machine = views.instance as OnBytes
  breaks?.(machine.table.rows)
  const held = new Held()
  const settle = (): void => {
    while (objects.instance.pending() || objects.instance.deadline() <= clock.now) {
      const plain = objects.instance.fire(clock.now)
      held.check(views.instance.fire(clock.now), plain)
    }
    expect(stateOf(views)).toEqual(stateOf(objects))
    if (recounts) machine.assertInvariants()
  }
  let seq = 0
  for (const given of batches) {
    clock.now += given.ms
    const { items, block } = drawn(given, shape.needs[formats.indexOf(given.format)]!)
    const bytes = given.lines.join("\n").length
    const fields = { seqBase: seq, origin: given.origin, timestamp: clock.now, bytes }
    seq += items.length
    const plain = objects.instance.process(Batch.make(items, fields))
    held.check(views.instance.process(Batch.make(Views.asItems(block), fields)), plain)
    settle()
  }
  for (;;) {
    const plain = objects.instance.end()
    held.check(views.instance.end(), plain)
    if (plain === undefined) break
  }
  expect(stateOf(views)).toEqual(stateOf(objects))
  held.release()
  // Keys of a run that was ended stay as they are: their memory goes with the machine.
  if (comparison.halts !== true) expectNothingLeft(machine)
  return machine
}

/** What is left is the rows of the keys that are remembered, or that eviction looks at. */
const expectNothingLeft = ({ timers, tombstones, table }: OnBytes): void => {
  timers?.compact()
  const rows = [...new Set([...table.handles(), ...tombstones.handles(), ...table.candidates()])]
  const sizes = rows.map((row) => 8 * Math.ceil(table.rows.size(row) / 8))
  expect(table.rows.arena.taken).toBe(sizes.reduce((sum, size) => sum + size, 0))
}
