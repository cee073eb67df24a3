// The goals that this benchmark can judge, with the numbers of the project's list of goals.

import { group as stage, groupAtOnce as stageAtOnce } from "./cases/asyncJob.ts"
import { boundary, ints, objects } from "./cases/job.ts"
import { batchOfOne, chain, counted } from "./cases/sluice.ts"
import { group as telemetry } from "./cases/telemetry.ts"
import { title as memory } from "./memory/programs.ts"
import type { Goal, Measure } from "./src/Goals.ts"
import { title as wordnet } from "./wordnet/programs.ts"

const own: Measure = { _tag: "Own" }
const over = (...peers: ReadonlyArray<string>): Measure => ({ _tag: "OverPeer", peers })
const peerOver = (...peers: ReadonlyArray<string>): Measure => ({ _tag: "PeerOver", peers })

export const goals: ReadonlyArray<Goal> = [
  {
    number: 1,
    says: "objects: at most 1.5 x a bare loop",
    group: objects,
    measure: over("bare loop, objects"),
    atMost: 1.5
  },
  { number: 1, says: "objects: at most 6.5 ns", group: objects, measure: own, atMost: 6.5 },
  { number: 1, says: "ints: at most 4 ns", group: ints, measure: own, atMost: 4 },
  {
    number: 2,
    says: "a further fused operator: at most 1 ns",
    group: chain,
    measure: { _tag: "Above", peer: "Sluice, one map", per: 9 },
    atMost: 1
  },
  {
    number: 4,
    says: "batches of one: at most 25 ns per fused stage",
    group: batchOfOne,
    measure: { _tag: "Above", peer: "by hand", per: 4 },
    atMost: 25
  },
  {
    number: 13,
    says: "counters, histogram, supervision: at most 1.2 ns above the fused loop",
    group: counted,
    measure: { _tag: "Above", peer: "fused by hand over the same batches", per: 1 },
    atMost: 1.2
  },
  {
    number: 13,
    says: "a span per batch, logs and observers: at most 6 ns above counters only",
    group: telemetry,
    measure: { _tag: "Above", peer: "Sluice, counters only", per: 1 },
    atMost: 6
  },
  {
    number: 3,
    says: "at least 4 x the best Effect Stream form",
    group: ints,
    measure: peerOver("Effect Stream.range", "Effect Stream.fromIterable(array)"),
    atLeast: 4
  },
  { number: 3, says: "at least 6 x RxJS", group: ints, measure: peerOver("RxJS 7"), atLeast: 6 },
  {
    number: 3,
    says: "at least 25 x Node streams",
    group: ints,
    measure: peerOver("Node object streams, 1024"),
    atLeast: 25
  },
  {
    number: 3,
    says: "at least 60 x async generators",
    group: ints,
    measure: peerOver("async generators"),
    atLeast: 60
  },
  {
    number: 3,
    says: "at least 300 x Web Streams",
    group: ints,
    measure: peerOver("Web Streams"),
    atLeast: 300
  },
  { number: 5, says: "boundary: at most 10 ns", group: boundary, measure: own, atMost: 10 },
  {
    number: 5,
    says: "at least 10 x Effect Queue item by item",
    group: boundary,
    measure: peerOver("Effect Queue, item by item"),
    atLeast: 10
  },
  {
    number: 5,
    says: "at least 2 x offerAll and takeAll, and Node streams",
    group: boundary,
    measure: peerOver("Effect Queue, offerAll(256) and takeAll", "Node Readable to Writable, 1024"),
    atLeast: 2
  },
  {
    number: 5,
    says: "at least 1.5 x a Queue of arrays",
    group: boundary,
    measure: peerOver("Effect Queue of arrays of 256"),
    atLeast: 1.5
  },
  ...[
    { group: stageAtOnce, what: "async function", suffix: ", at once" },
    { group: stage, what: "promise resolved later", suffix: "" }
  ].flatMap(
    ({ group, what, suffix }): ReadonlyArray<Goal> => [
      { number: 6, says: `${what}: at most 150 ns`, group, measure: own, atMost: 150 },
      {
        number: 6,
        says: `${what}: at least 4 x p-map`,
        group,
        measure: peerOver(`p-map${suffix}`),
        atLeast: 4
      },
      {
        number: 6,
        says: `${what}: at least 30 x Stream.mapEffect`,
        group,
        measure: peerOver(`Effect Stream.mapEffect${suffix}`),
        atLeast: 30
      }
    ]
  ),
  {
    number: 14,
    says: "at most 0.5 ms of garbage collection per million ints",
    group: ints,
    measure: { _tag: "Extra", column: "GC ms/1M" },
    atMost: 0.5
  },
  {
    number: 14,
    says: "peak memory at ten times the input: at most 1.15 x",
    group: memory,
    measure: { _tag: "ExtraOver", column: "peak RSS MB", peer: "Sluice, once" },
    atMost: 1.15
  },
  {
    number: 15,
    says: "WordNet on objects: at most 1.0 x the chunk-wise program",
    group: wordnet,
    row: "Sluice, objects",
    measure: over("by hand, chunk-wise"),
    atMost: 1
  },
  {
    number: 16,
    says: "WordNet on views: at most 0.40 x the chunk-wise program",
    group: wordnet,
    measure: over("by hand, chunk-wise"),
    atMost: 0.4
  },
  {
    number: 16,
    says: "WordNet on views: at most 150 MB",
    group: wordnet,
    measure: { _tag: "Extra", column: "peak RSS MB" },
    atMost: 150
  }
]
