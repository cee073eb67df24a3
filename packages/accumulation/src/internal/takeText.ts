// The program that takes fragments of one layout into their keys: what ByteLogic and AssemblyKeys
// do with a fragment, for the layouts and fragments that are most of all. Whatever else there is,
// it leaves to them, before it has changed anything.
import type { ProgramColumns } from "@sluice/core/ProgramColumns"
import type { FunctionText } from "@sluice/core/WasmProgram"
import type { FragmentPlan } from "./assemblyKeys.ts"
import { arenaWords } from "./byteArena.ts"
import type { RulePlan } from "./byteKeys.ts"
import { isOpen, rowFlags, rowFloats, rowWords } from "./byteRows.ts"
import type { KeptField, KeptFields } from "./keptShape.ts"
import { aloneMax } from "./keptShape.ts"
import { filledOnly, partsAt, scanMax, slotWords } from "./slotCells.ts"
import { stateFloats, stateWords, stops } from "./tableInputs.ts"

/** What the fragments of one layout are taken by. */
export interface TakeOptions {
  readonly rule: RulePlan
  readonly fragment: FragmentPlan
  /** Parts of a slot. */
  readonly parts: number
  /** The slots of every key are known in advance. */
  readonly isFixed: boolean
  /** The elements that are kept are what declares slots. */
  readonly isDeclared: boolean
}

/** Fragments that look beyond their slots, or have more than one way to be found, are not taken. */
export const canTake = ({ rule, fragment }: TakeOptions): boolean =>
  rule.announces < 0 &&
  rule.size < 0 &&
  fragment.first < 0 &&
  (rule.slot === undefined || rule.slot._tag === "Text")

/** Words of the key at hand. */
const ofKey = Object.fromEntries(
  Object.entries(rowWords).map(([name, at]) => [name, `w[k + ${at}]`])
) as Readonly<Record<keyof typeof rowWords, string>>

const leave = `{ stop = ${stops.left}; break run; }`

const isText = ({ text }: KeptField): boolean => text >= 0

class TakeText {
  private readonly options: TakeOptions
  private readonly inputs: ProgramColumns

  constructor(options: TakeOptions, inputs: ProgramColumns) {
    this.options = options
    this.inputs = inputs
  }

  /** The array of a kept field. */
  private array({ place }: KeptField, part: "start" | "length" | "value" | "code"): string {
    const [column, child] = place
    return child < 0 ? this.inputs.own(column, part) : this.inputs.inner(column, child, part)
  }

  /** The group whose elements are kept, or -1. */
  private get group(): number {
    return this.options.fragment.shape.group?.column ?? -1
  }

  /** Sets variables to the first element of a group, and to their number. */
  private elementsOf(group: number, from: string, count: string): string {
    if (group < 0) return ""
    const start = this.inputs.own(group, "start")
    const length = this.inputs.own(group, "length")
    const delta = `ST[${stateWords.elements + group}]`
    return `${count} = ${length}[i]; ${from} = ${start}[i] - ${delta};`
  }

  private texts(fields: KeptFields): ReadonlyArray<KeptField> {
    return [...fields.fields.values()].filter(isText)
  }

  private sizes(): string {
    const { shape } = this.options.fragment
    const own = this.texts(shape.own).map(
      (field) => `x = ${this.array(field, "length")}[i]; if (x > 0) size += x;`
    )
    const elements = shape.group === undefined ? [] : this.texts(shape.group.elements)
    const inner = elements.map(
      (field) => `x = ${this.array(field, "length")}[j]; if (x > 0) size += x;`
    )
    const { group, child } = this.options.rule
    const names =
      group < 0
        ? ""
        : `for (j = df; j < df + dn; j++) {
        x = ${this.inputs.inner(group, child, "length")}[j];
        if (x < 0) ${leave}
        names += x;
      }`
    return `size = ${shape.fixed} + n * ${shape.stride};
      ${own.join(" ")}
      ${inner.length === 0 ? "" : `for (j = f; j < f + n; j++) { ${inner.join(" ")} }`}
      ${names}`
  }

  private slotFound(): string {
    const { rule } = this.options
    if (rule.slot?._tag !== "Text") return ""
    const { column } = rule.slot
    return `length = ${this.inputs.own(column, "length")}[i];
      if (length < 0) ${leave}
      from = ${this.inputs.own(column, "start")}[i] - TD;
      hash = ${this.inputs.own(column, "hash")}[i];
      slot = isFresh ? -1 : findSlot(k, hash, from, length);
      if (slot >= 0 && w[(${ofKey.cell} >> 2) + slot * ${slotWords(this.options.parts)} +
        ${partsAt + rule.part}] !== 0) ${leave}`
  }

  /** Puts fields at `base`, a multiple of eight, whose texts go to t. */
  private puts(fields: KeptFields, base: string, at: string, numbersAt: number, wordsAt: number) {
    return [...fields.fields.values()]
      .map((field) => {
        const { column } = field
        if (column._tag === "Number")
          return `d[(${base} >> 3) + ${numbersAt / 8 + field.at}] =
          ${this.array(field, "value")}[${at}];`
        const word = `w[(${base} >> 2) + ${wordsAt / 4 + field.at}]`
        if (column._tag !== "Text") return `${word} = ${this.array(field, "code")}[${at}];`
        return `x = ${this.array(field, "length")}[${at}]; ${word} = x;
        if (x > 0) t = copyIn(t, ${this.array(field, "start")}[${at}] - TD, x);`
      })
      .join("\n      ")
  }

  private kept(): string {
    const { fragment } = this.options
    const { shape, leads, joins } = fragment
    if (!leads && !joins) return `kept = ${filledOnly};`
    const originAt = leads ? shape.wordsAt / 4 : 1
    const elements =
      shape.group === undefined
        ? ""
        : `e = kept + ${shape.fixed};
      for (j = f; j < f + n; j++) {
        ${this.puts(shape.group.elements, "e", "j", 0, shape.elementWordsAt)}
        e += ${shape.stride};
      }`
    const cell = `kept = take(size);
      w[kept >> 2] = size;
      w[(kept >> 2) + 1] = n;
      t = kept + ${shape.fixed} + n * ${shape.stride};
      ${this.puts(shape.own, "kept", "i", 8, shape.wordsAt)}
      ${elements}
      w[(kept >> 2) + ${originAt}] = ST[${stateWords.origin}];`
    if (shape.alone === undefined) return cell
    return `v3 = ${this.array(shape.alone, "value")}[i];
      x = v3;
      if (v3 >= 0 && v3 <= ${aloneMax} && v3 === x && (x !== 0 || 1 / v3 > 0))
        kept = ${filledOnly - 1} - x;
      else { ${cell} }`
  }

  private filled(): string {
    const { rule, fragment, parts } = this.options
    if (rule.slot === undefined) return ""
    return `if (slot < 0) slot = append(k, hash, from, length);
      q = (${ofKey.cell} >> 2) + slot * ${slotWords(parts)};
      w[q + ${partsAt + rule.part}] = ${fragment.leads ? filledOnly : "kept"};
      if (w[q + 1] & 1) ${ofKey.waiting} = ${ofKey.waiting} - 1;`
  }

  private declared(): string {
    const { rule, fragment, isDeclared } = this.options
    const { group, child } = rule
    if (group < 0) return ""
    const { shape } = fragment
    const isNoted = fragment.leads && isDeclared
    const { stride, fixed, elementWordsAt } = shape
    const noted = `w[(kept + j * ${stride} + ${fixed + elementWordsAt}) >> 2] = slot;`
    return `for (j = 0; j < dn; j++) {
        x = df + j;
        length = ${this.inputs.inner(group, child, "length")}[x];
        from = ${this.inputs.inner(group, child, "start")}[x] - TD;
        hash = ${this.inputs.inner(group, child, "hash")}[x];
        slot = findSlot(k, hash, from, length);
        if (slot < 0) slot = append(k, hash, from, length);
        require(k, slot);
        ${isNoted ? noted : ""}
      }
      ${ofKey.flags} = ${ofKey.flags} | ${rowFlags.declared};`
  }

  private body(): string {
    const { rule, fragment, parts, isFixed } = this.options
    const { leads } = fragment
    const room = 4_096 + 4 * 4 * slotWords(parts) * 2 * scanMax
    return `row = F[i];
      k = row >> 2;
      isFresh = 0;
      if ((${ofKey.flags} & ${rowFlags.phase}) !== ${isOpen}) {
        if (KL[i] < 0) ${leave}
        row = known(KH[i], KS[i] - KD, KL[i]);
        k = row >> 2;
        if ((${ofKey.flags} & ${rowFlags.phase}) !== ${isOpen}) {
          if (row !== 0 || !hasRoom()) ${leave}
          isFresh = 1;
        }
      }
      ${isFixed ? `if (!(${ofKey.flags} & ${rowFlags.declared})) ${leave}` : ""}
      ${leads ? `if (${ofKey.head} !== 0) ${leave}` : ""}
      n = 0; dn = 0; names = 0;
      ${this.elementsOf(this.group, "f", "n")}
      ${this.elementsOf(rule.group, "df", "dn")}
      x = ${ofKey.slots} + 1 + dn;
      if (x > ${scanMax} || x * ${parts} > ST[${stateWords.slotsMax}]) ${leave}
      ${this.slotFound()}
      ${this.sizes()}
      if (ST[${stateWords.limit}] - w[${arenaWords.end}] <
        ${room} + 4 * (size + names + length + KL[i])) ${leave}
      if (isFresh) { row = makeRow(KS[i] - KD, KL[i]); k = row >> 2; }
      z = row >> 3;
      ${this.kept()}
      d[z + ${rowFloats.bytes}] = d[z + ${rowFloats.bytes}] + v1;
      ${this.filled()}
      ${this.declared()}
      ${leads ? `${ofKey.head} = kept;` : ""}
      x = ${ofKey.fragments} + 1;
      ${ofKey.fragments} = x;
      d[z + ${rowFloats.last}] = v0;
      taken++;
      if (isFresh) { open(row, KH[i]); opened++; }
      if (${ofKey.waiting} === 0 && (${ofKey.flags} & ${rowFlags.declared}) !== 0) {
        stop = ${stops.complete};
        break;
      }
      if (isFresh) FR[fresh++] = row;
      if (x >= ST[${stateWords.itemsMax}] || d[z + ${rowFloats.bytes}] >= v2) {
        stop = ${stops.overflow};
        break;
      }`
  }

  text(): string {
    return `const TD = ST[${stateWords.text}], KD = ST[${stateWords.key}];
    let row = 0, k = 0, z = 0, isFresh = 0, x = 0, q = 0, j = 0, e = 0, t = 0, kept = 0;
    let f = 0, n = 0, df = 0, dn = 0, names = 0, size = 0;
    let from = 0, length = 0, hash = 0, slot = -1;
    let stop = ${stops.end}, taken = 0, opened = 0, fresh = 0, v3 = 0;
    const v0 = FL[${stateFloats.now}], v1 = FL[${stateFloats.bytes}];
    const v2 = FL[${stateFloats.bytesMax}];
    run: for (; i < end; i++) {
      if (i >= ST[${stateWords.looked}]) {
        x = i + step < end ? i + step : end;
        look(i, x);
        ST[${stateWords.looked}] = x;
      }
      ${this.body()}
    }
    ST[${stateWords.stop}] = stop;
    ST[${stateWords.row}] = row;
    ST[${stateWords.taken}] = taken;
    ST[${stateWords.opened}] = opened;
    ST[${stateWords.fresh}] = fresh;
    return i;`
  }
}

/** The program for one layout: takes fragments `i` to `end`, looking up `step` keys at a time. */
export const takeText = (
  name: string,
  options: TakeOptions,
  inputs: ProgramColumns
): FunctionText => ({
  name,
  params: ["i", "end", "step"],
  text: new TakeText(options, inputs).text()
})
