// The rules that hold between any two calls of the machine, checked by recounting everything.
// Slow on purpose: it trusts no running total. Property tests and simulators call it after each
// event.
import type { Entry, KeyValue } from "./entry.ts"
import type { KeyedMachine } from "./keyedMachine.ts"

const check = (holds: boolean, rule: string, detail: string): void => {
  if (!holds) throw new Error(`${rule}: ${detail}`)
}

interface Recount {
  open: number
  closed: number
  fragments: number
  bytes: number
}

const recount = <In, Key extends KeyValue, State, Out, H>(
  machine: KeyedMachine<In, Key, State, Out, H>
): Recount => {
  const counted: Recount = { open: 0, closed: 0, fragments: 0, bytes: 0 }
  for (const entry of machine.table.entries()) {
    const { key } = entry
    check(machine.table.finds(entry), "own key", `${key} does not find its entry`)
    if (entry.phase !== "open") {
      assertClosed(entry)
      counted.closed++
      continue
    }
    counted.open++
    counted.fragments += entry.fragments
    counted.bytes += entry.bytes
    check(entry.fragments > 0, "no empty key", String(key))
    check(entry.first <= entry.last, "time runs forward", `${key}: ${entry.first} > ${entry.last}`)
    const { itemsMax, bytesMax } = machine.settings
    const within = entry.fragments < itemsMax && entry.bytes < bytesMax
    check(within, "key within its limits", String(key))
    machine.logic.assertEntry(entry)
  }
  return counted
}

const assertClosed = (entry: Entry<KeyValue, unknown>): void => {
  check(entry.phase === "closed", "phases in the table", `${entry.key} is ${entry.phase}`)
  check(entry.state === undefined, "a closed key holds no state", String(entry.key))
  check(entry.slots === undefined, "a closed key holds no slots", String(entry.key))
}

/** Throws when a rule does not hold; the message names the rule. */
export const checkInvariants = <In, Key extends KeyValue, State, Out, H>(
  machine: KeyedMachine<In, Key, State, Out, H>
): void => {
  const { counts, table, timers, tombstones, settings } = machine
  counts.assertConserved()
  const counted = recount(machine)
  check(counted.open === table.open, "open keys", `${counted.open}, counted ${table.open}`)
  check(
    counted.fragments === counts.fragmentsOpen,
    "open fragments",
    `${counted.fragments}, counted ${counts.fragmentsOpen}`
  )
  const drift = Math.abs(counted.bytes - counts.bytesOpen)
  check(drift < 1, "open bytes", `${counted.bytes}, counted ${counts.bytesOpen}`)
  check(
    counted.closed <= tombstones.count && tombstones.count <= settings.tombstones.max,
    "tombstones bounded",
    `${counted.closed} in the table, ${tombstones.count} in the ring`
  )
  if (timers === undefined) return
  check(timers.live === table.open, "a timer per open key", `${timers.live} of ${table.open}`)
  timers.assertInvariants()
}
