// The project's performance goals as data, and the table that says which are reached. Ratios are
// formed between the subject of a group and a named peer of it, round by round.

import { median, ratio } from "./Rounds.ts"
import type { Group } from "./Table.ts"
import { figure, only } from "./Table.ts"

/** What is measured: the subject's own figure, one of its extra columns, or its ratio to peers. */
export type Measure =
  | { readonly _tag: "Own" }
  | { readonly _tag: "Extra"; readonly column: string }
  /** Difference to the peer in its own unit, divided. */
  | { readonly _tag: "Above"; readonly peer: string; readonly per: number }
  /** An extra column of the subject over that of the peer. */
  | { readonly _tag: "ExtraOver"; readonly column: string; readonly peer: string }
  /** Subject over peer; of several peers the one it does worst against counts. */
  | { readonly _tag: "OverPeer"; readonly peers: ReadonlyArray<string> }
  /** Peer over subject; of several peers the fastest counts. */
  | { readonly _tag: "PeerOver"; readonly peers: ReadonlyArray<string> }

export interface Goal {
  readonly number: number
  readonly says: string
  readonly group: string
  /** The row that is judged, where that is not the group's subject. */
  readonly row?: string
  readonly measure: Measure
  readonly atMost?: number
  readonly atLeast?: number
}

/** The goals as a Markdown table; one without measurement says so. */
export const goalTable = (goals: ReadonlyArray<Goal>, groups: ReadonlyArray<Group>): string => {
  const lines = ["| # | goal | measured | reached |", "| --: | --- | --: | --- |"]
  for (const goal of goals) {
    const measured = measuredFor(goal, groups)
    const verdict = measured === undefined ? "not measured" : isReached(goal, measured)
    const shown = measured === undefined ? "" : figure(measured)
    lines.push(`| ${goal.number} | ${goal.says} | ${shown} | ${verdict} |`)
  }
  return `${lines.join("\n")}\n`
}

const isReached = ({ atMost, atLeast }: Goal, measured: number): "yes" | "**no**" =>
  measured <= (atMost ?? Infinity) && measured >= (atLeast ?? -Infinity) ? "yes" : "**no**"

const measuredFor = (goal: Goal, groups: ReadonlyArray<Group>): number | undefined => {
  const group = groups.find(({ title }) => title === goal.group)
  const subject =
    goal.row === undefined
      ? group && only(group, "subject")
      : group?.rows.find(({ name }) => name === goal.row)
  if (group === undefined || subject === undefined) return undefined
  const { measure } = goal
  if (measure._tag === "Own") return median(subject.perRound)
  if (measure._tag === "Extra") return subject.extra[measure.column]
  if (measure._tag === "Above" || measure._tag === "ExtraOver") {
    const peer = group.rows.find(({ name }) => name === measure.peer)
    if (peer === undefined) return undefined
    return measure._tag === "Above"
      ? (median(subject.perRound) - median(peer.perRound)) / measure.per
      : (subject.extra[measure.column] ?? Number.NaN) / (peer.extra[measure.column] ?? 1)
  }
  const peers = group.rows.filter(({ name }) => measure.peers.includes(name))
  if (peers.length < measure.peers.length) return undefined
  return measure._tag === "OverPeer"
    ? Math.max(...peers.map((peer) => ratio(subject.perRound, peer.perRound).median))
    : Math.min(...peers.map((peer) => ratio(peer.perRound, subject.perRound).median))
}
