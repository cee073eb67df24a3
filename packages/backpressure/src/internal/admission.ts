// The pure admission of work that needs slots and bytes: behind bulkheads and budgets.
// Invariants: slots <= slotsMax and bytes <= bytesMax always; the line is bounded and nobody waits
// who would fit. What can never fit is refused at once, so nobody waits for ever.
import * as Check from "./settings.ts"
import { without } from "./waiters.ts"

/** Limits; `bytesMax` absent means that bytes are not counted. */
export interface Settings {
  readonly slotsMax: number
  readonly bytesMax?: number
  readonly waitersMax: number
}

/** What a piece of work needs. */
export interface Need {
  readonly slots: number
  readonly bytes: number
}

/** State of an admission. */
export interface State {
  readonly settings: Settings
  readonly slots: number
  readonly bytes: number
  readonly waiters: ReadonlyArray<Need & { readonly id: number }>
  readonly admittedCount: number
  readonly waitCount: number
  readonly refusedCount: number
  readonly cancelledCount: number
  readonly slotsPeak: number
  readonly bytesPeak: number
}

/** What may happen. */
export type Event =
  | { readonly _tag: "Request"; readonly id: number; readonly need: Need; readonly wait: boolean }
  | { readonly _tag: "Cancel"; readonly id: number }
  | { readonly _tag: "Release"; readonly need: Need }

/** Why work was refused. */
export type Refusal = "full" | "line-full" | "never-fits"

/** What is decided. */
export type Action =
  | { readonly _tag: "Grant"; readonly id: number }
  | { readonly _tag: "Wait"; readonly id: number }
  | { readonly _tag: "Refuse"; readonly id: number; readonly reason: Refusal }

type Step = readonly [State, ReadonlyArray<Action>]

/** Nothing admitted yet; throws `InvalidSettings` in the name of `what`. */
export const initial = (what: string, settings: Settings): State => {
  Check.accept(what, [
    Check.count("slotsMax", settings.slotsMax),
    Check.count("waitersMax", settings.waitersMax, 0),
    settings.bytesMax === undefined ? undefined : Check.count("bytesMax", settings.bytesMax)
  ])
  return {
    settings,
    slots: 0,
    bytes: 0,
    waiters: [],
    admittedCount: 0,
    waitCount: 0,
    refusedCount: 0,
    cancelledCount: 0,
    slotsPeak: 0,
    bytesPeak: 0
  }
}

const bytesMaxOf = ({ bytesMax }: Settings): number => bytesMax ?? Number.POSITIVE_INFINITY

const fits = ({ settings, slots, bytes }: State, need: Need): boolean =>
  slots + need.slots <= settings.slotsMax && bytes + need.bytes <= bytesMaxOf(settings)

type Live = { -readonly [K in keyof State]: State[K] }

/** One admission, which steps in place: work that finds room costs no memory. */
export class Admission {
  private readonly live: Live
  private readonly grant: (id: number) => void

  /** `grant` is told of each that waited and no longer has to, once the state is complete. */
  constructor(state: State, grant: (id: number) => void) {
    this.live = { ...state }
    this.grant = grant
  }

  /** Where it is now; a view that follows. */
  get state(): State {
    return this.live
  }

  request(id: number, need: Need, wait: boolean): "granted" | "waiting" | Refusal {
    const { live } = this
    if (live.waiters.length === 0 && fits(live, need)) {
      this.hold(need)
      return "granted"
    }
    const reason = refusalOf(live, need, wait)
    if (reason !== undefined) {
      live.refusedCount++
      return reason
    }
    live.waiters = [...live.waiters, { ...need, id }]
    live.waitCount++
    return "waiting"
  }

  /** Somebody in line gave up. */
  cancel(id: number): void {
    const { live } = this
    const waiters = without(live.waiters, id)
    if (waiters.length === live.waiters.length) return
    live.waiters = waiters
    live.cancelledCount++
    this.serve()
  }

  release(need: Need): void {
    const { live } = this
    live.slots = Math.max(0, live.slots - need.slots)
    live.bytes = Math.max(0, live.bytes - need.bytes)
    this.serve()
  }

  private hold(need: Need): void {
    const { live } = this
    live.slots += need.slots
    live.bytes += need.bytes
    live.admittedCount++
    if (live.slots > live.slotsPeak) live.slotsPeak = live.slots
    if (live.bytes > live.bytesPeak) live.bytesPeak = live.bytes
  }

  private serve(): void {
    const { live } = this
    if (live.waiters.length === 0) return
    const served: Array<number> = []
    while (live.waiters.length > 0 && fits(live, live.waiters[0]!)) {
      const [first, ...waiters] = live.waiters
      live.waiters = waiters
      this.hold(first!)
      served.push(first!.id)
    }
    for (const id of served) this.grant(id)
  }
}

const refusalOf = (state: State, need: Need, wait: boolean): Refusal | undefined => {
  const { settings, waiters } = state
  if (need.slots > settings.slotsMax || need.bytes > bytesMaxOf(settings)) return "never-fits"
  if (!wait) return "full"
  return waiters.length >= settings.waitersMax ? "line-full" : undefined
}

const answered = (admission: Admission, event: Extract<Event, { _tag: "Request" }>): Action => {
  const { id } = event
  const answer = admission.request(id, event.need, event.wait)
  if (answer === "granted") return { _tag: "Grant", id }
  return answer === "waiting" ? { _tag: "Wait", id } : { _tag: "Refuse", id, reason: answer }
}

/** The one transition, as a function: the state given stays as it is. */
export const transition = (state: State, event: Event): Step => {
  const actions: Array<Action> = []
  const admission = new Admission(state, (id) => void actions.push({ _tag: "Grant", id }))
  if (event._tag === "Request") actions.push(answered(admission, event))
  else if (event._tag === "Cancel") admission.cancel(event.id)
  else admission.release(event.need)
  return [admission.state, actions]
}

/** Throws when the state contradicts the header. */
export const assertInvariants = (state: State): void => {
  const { slots, bytes, waiters, settings } = state
  Check.claim("admission", [
    [slots >= 0 && slots <= settings.slotsMax, `${slots} slots of ${settings.slotsMax}`],
    [bytes >= 0 && bytes <= bytesMaxOf(settings), `${bytes} bytes of ${settings.bytesMax}`],
    [waiters.length <= settings.waitersMax, `${waiters.length} of ${settings.waitersMax} wait`],
    [waiters.length === 0 || !fits(state, waiters[0]!), "somebody waits who would fit"]
  ])
}
