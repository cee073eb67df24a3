// What a refused graph is told: the stage, the value and the cure, in these words.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Channel from "../src/Channel.ts"
import type * as Graph from "../src/Graph.ts"
import * as Pipeline from "../src/Pipeline.ts"
import * as Policy from "../src/Policy.ts"
import * as Sink from "../src/Sink.ts"
import * as Source from "../src/Source.ts"
import * as Validate from "../src/Validate.ts"

const numbers = (id = "numbers") => Pipeline.source(id, Source.fromIterable([1, 2, 3]))

const toSink = (id = "out") => Pipeline.sink(id, Sink.drain)

const findings = (closed: Pipeline.Closed<unknown, unknown>): ReadonlyArray<string> =>
  texts(Pipeline.graph(closed))

const texts = (graph: Graph.PipelineGraph): ReadonlyArray<string> =>
  Validate.validate(graph).map(
    ({ code, stageId, reason, cure }) => `[${code}] ${stageId}: ${reason}. ${cure}`
  )

const sound = () =>
  Pipeline.graph(
    numbers().pipe(
      Pipeline.map("add", (n) => n + 1),
      toSink()
    )
  )

const edge = (from: string, to: string, port = "out"): Graph.Edge => ({
  from,
  port,
  to,
  channel: { buffer: Policy.bufferDefault, ordering: Channel.unordered }
})

const plus = (...edges: ReadonlyArray<Graph.Edge>): Graph.PipelineGraph => {
  const graph = sound()
  return { ...graph, edges: [...graph.edges, ...edges] }
}

const fetched = (options: Pipeline.EffectOptions<number, number>, id = "fetch") =>
  Pipeline.mapEffect(id, (n: number) => Effect.succeed(n), options)

describe("findings on shape", () => {
  it("an empty graph has neither source nor sink", () => {
    expect(texts({ id: "empty", nodes: [], edges: [], meta: {} })).toEqual([
      "[no-source] (pipeline): none of its 0 stages is a source. " +
        "start the pipeline with Pipeline.source",
      "[no-sink] (pipeline): none of its 0 stages is a sink. " +
        "end it with Pipeline.sink, or run it as a stream with Streams.stream"
    ])
  })

  it("ids name the character that does not fit", () => {
    expect(findings(numbers("my numbers").pipe(toSink("x".repeat(70))))).toEqual([
      '[bad-id] my numbers: its id "my numbers" contains " ". ' +
        'use 1 to 64 letters, digits, ".", "_" or "-"',
      `[bad-id] ${"x".repeat(70)}: its id "${"x".repeat(70)}" is 70 characters long, 64 ` +
        `are allowed. use 1 to 64 letters, digits, ".", "_" or "-"`
    ])
  })

  it("ports are ids too", () => {
    const { "a b": port } = numbers().pipe(Pipeline.broadcast("copy", ["a b"]))
    expect(findings(port.pipe(toSink()))).toEqual([
      '[bad-id] copy: its port "a b" contains " ". use 1 to 64 letters, digits, ".", "_" or "-"'
    ])
  })

  it("a duplicate id is reported once, without findings that only follow from it", () => {
    const same = numbers().pipe(
      Pipeline.map("same", (n) => n),
      Pipeline.filter("same", () => true),
      toSink()
    )
    expect(findings(same)).toEqual([
      "[duplicate-id] same: 2 stages have this id (Map, Filter). give each stage an id of its own"
    ])
  })

  it("edges to unknown stages and ports list what is known", () => {
    expect(texts(plus(edge("add", "ghost", "left")))).toEqual([
      '[unknown-stage] ghost: the edge "add" to "ghost" enters a stage that is not there. ' +
        'add the stage, remove the edge, or correct its "to": known are "numbers", "add", ' +
        '"out"',
      '[unknown-port] add: the edge to "ghost" leaves from port "left", which it does not ' +
        'have. use one of "out"'
    ])
  })

  it("fan-out and fan-in name the stage to put there", () => {
    const forked = numbers()
    const both = Pipeline.all([forked.pipe(toSink("a")), forked.pipe(toSink("b"))])
    expect(findings(both)).toEqual([
      '[arity] numbers: 2 edges leave its output (to "a", "b"), it feeds one. ' +
        "put a Pipeline.broadcast or Pipeline.branch behind it"
    ])
    const joined = plus(edge("numbers", "out"))
    expect(texts(joined)).toContain(
      '[arity] out: 2 edges enter this Sink (from "add", "numbers"), it takes one. ' +
        "put a Pipeline.merge in front of it"
    )
  })

  it("a port that nobody continues is named", () => {
    const { left } = numbers().pipe(Pipeline.broadcast("copy", ["left", "right"]))
    expect(findings(left.pipe(toSink()))).toEqual([
      '[missing-output] copy: no edge leaves port "right". ' +
        "continue it to a sink; Sink.drain forgets the records"
    ])
  })

  it("sources take no input, sinks have no output", () => {
    expect(texts(plus(edge("out", "numbers")))).toEqual([
      '[arity] numbers: a source has no input, but 1 edge(s) enter it (from "out"). ' +
        "remove the edge, or join both with Pipeline.merge behind the source",
      '[arity] out: a sink has no output, but 1 edge(s) leave it (to "numbers"). ' +
        "put a Pipeline.broadcast in front of it to continue the records elsewhere",
      "[cycle] numbers: its records come back to it: numbers -> add -> out -> numbers. " +
        'remove the edge "out" to "numbers"; repeat work inside one stage instead'
    ])
  })

  it("a cycle without a source names its path, and that nothing reaches it", () => {
    const graph = plus(edge("a", "b"), edge("b", "a"))
    const stage = graph.nodes.find((node) => node.id === "add") as Graph.StageNode
    const nodes = [...graph.nodes, { ...stage, id: "a" }, { ...stage, id: "b" }]
    expect(texts({ ...graph, nodes })).toEqual([
      "[cycle] a: its records come back to it: a -> b -> a. " +
        'remove the edge "b" to "a"; repeat work inside one stage instead',
      ...["a", "b"].map(
        (id) =>
          `[unreachable] ${id}: no path leads from a source to it, so it would wait for ` +
          `ever. connect the stages before it to a source, or remove it`
      ),
      ...["a", "b"].map(
        (id) =>
          `[unreachable] ${id}: no path leads from it to a sink, so its records would go ` +
          `nowhere. connect the stages behind it to a sink, or remove it`
      )
    ])
  })

  it("a pipeline of 10,000 stages is walked without overflowing the stack", () => {
    let open = numbers()
    for (let n = 0; n < 10_000; n++) open = open.pipe(Pipeline.map(`map-${n}`, (x) => x))
    expect(findings(open.pipe(toSink()))).toEqual([])
  })
})

describe("findings on bounds", () => {
  it("a buffer names its capacity", () => {
    const open = numbers().pipe(
      Pipeline.sink("out", Sink.drain, { buffer: { capacity: Number.POSITIVE_INFINITY } })
    )
    const fault = "holds Infinity records, a whole number from 1 is expected"
    const cure = "give the buffer a finite capacity, e.g. { capacity: 1024 }"
    expect(findings(open)).toEqual([
      `[unbounded] out: the buffer in front of it ${fault}. ${cure}`,
      `[unbounded] out: the channel from "numbers" ${fault}. ${cure}`
    ])
  })

  it("retries and parallelism name their numbers", () => {
    const onError = Policy.retry({ retriesMax: Number.POSITIVE_INFINITY, backoffMs: 1 })
    expect(findings(numbers().pipe(fetched({ concurrency: 0, onError }), toSink()))).toEqual([
      "[unbounded] fetch: it retries Infinity times, a whole number from 0 is expected. " +
        "set retriesMax, and what follows as exhausted",
      "[unbounded] fetch: its parallelism is 0, a whole number from 1 is expected. " +
        "use 1 or more calls in flight, or cpuBound, ioBound"
    ])
  })
})

describe("findings on order", () => {
  const unordered = { concurrency: 4, ordering: Channel.unordered } as const

  it("stages without a wish take the order that is left", () => {
    const open = numbers().pipe(
      fetched(unordered),
      Pipeline.map("next", (n) => n),
      toSink()
    )
    expect(findings(open)).toEqual([])
    const promised = Pipeline.graph(open).edges.map(({ channel }) => channel.ordering._tag)
    expect(promised).toEqual(["Ordered", "Unordered", "Unordered"])
  })

  it("a wish for order behind an unordered mapEffect is refused, naming it", () => {
    const open = numbers().pipe(
      fetched(unordered),
      fetched({ concurrency: 4, ordering: Channel.ordered }, "again"),
      toSink()
    )
    expect(findings(open)).toEqual([
      '[order] again: the edge to "out" promises Ordered, but "fetch" is an unordered ' +
        "mapEffect and emits as calls finish. " +
        'make "fetch" keep the order, or promise Unordered here'
    ])
  })

  it("a sink may ask for order; by key suffices behind a mapEffect by key", () => {
    const key = (n: number): number => n % 2
    const byKey = Channel.partitionOrdered(key)
    const to = (ordering: Channel.OrderingOf<number>) =>
      Pipeline.sink("out", Sink.drain, { ordering })
    const open = numbers().pipe(fetched({ concurrency: 4, ordering: byKey }))
    expect(findings(open.pipe(to(byKey)))).toEqual([])
    expect(findings(open.pipe(to(Channel.ordered)))).toEqual([
      '[order] fetch: the edge to "out" promises Ordered, but "fetch" is a mapEffect ' +
        'ordered by key only. make "fetch" keep the order, or promise PartitionOrdered or ' +
        "Unordered here"
    ])
    expect(findings(numbers().pipe(fetched(unordered), to(byKey)))[0]).toContain(
      "promises PartitionOrdered"
    )
  })

  it("merged sources keep order by key, joined copies do not, joined partitions do", () => {
    const key = (n: number): number => n % 2
    const ending = Pipeline.sink("out", Sink.drain, { ordering: Channel.partitionOrdered(key) })
    const sources = Pipeline.merge("both", [numbers("a"), numbers("b")])
    expect(findings(sources.pipe(ending))).toEqual([])
    const copies = numbers().pipe(Pipeline.broadcast("copy", ["l", "r"]))
    expect(findings(Pipeline.merge("both", [copies.l, copies.r]).pipe(ending))).toEqual([
      '[order] both: the edge to "out" promises PartitionOrdered, but "both" joins 2 ' +
        'inputs as they arrive. make "both" keep the order, or promise Unordered here'
    ])
    const parts = numbers().pipe(Pipeline.partition("split", ["l", "r"], key))
    expect(findings(Pipeline.merge("both", [parts.l, parts.r]).pipe(ending))).toEqual([])
  })

  it("a merge is as weak as its weakest input, which is named", () => {
    const ending = Pipeline.sink("out", Sink.drain, {
      ordering: Channel.partitionOrdered((n: number) => n)
    })
    const weak = numbers("a").pipe(fetched(unordered))
    const [finding] = findings(Pipeline.merge("both", [weak, numbers("b")]).pipe(ending))
    expect(finding).toContain('promises PartitionOrdered, but "fetch" is an unordered mapEffect')
  })

  it("drop policies keep the order of what they let through", () => {
    const to = Pipeline.sink("out", Sink.drain, {
      ordering: Channel.ordered,
      buffer: { capacity: 8, onFull: "drop-oldest" }
    })
    expect(findings(numbers().pipe(to))).toEqual([])
  })
})

describe("findings on policies", () => {
  it("a fallback without function", () => {
    const onError = Policy.retry({ retriesMax: 2, backoffMs: 5, exhausted: { _tag: "Fallback" } })
    expect(findings(numbers().pipe(fetched({ onError }), toSink()))).toEqual([
      "[policy] fetch: on failure when its retries are exhausted it takes a fallback, but " +
        "has no fallback function. give onError: { fallback: (payload, cause) => … }"
    ])
    const withFunction = fetched({ onError: { fallback: () => 0 } })
    expect(findings(numbers().pipe(withFunction, toSink()))).toEqual([])
  })

  it("retries where nothing can be tried again, and replacements where nothing is made", () => {
    const onError = Policy.retry({ retriesMax: 1, backoffMs: 1 })
    const refused = (open: Pipeline.Pipeline<unknown>) =>
      findings(open.pipe(Pipeline.sink("out", Sink.drain, { onError: Policy.ignore })))
    expect(
      refused(numbers().pipe(Pipeline.mapEnvelope("enveloped", (e) => e, { onError })))
    ).toEqual([
      "[policy] enveloped: it cannot retry: its function is called once for each record. " +
        "use map or mapEffect"
    ])
    expect(
      refused(numbers().pipe(Pipeline.branch("way", { all: () => true }, { onError })).all)
    ).toEqual([
      "[policy] way: it cannot retry: a record's way is chosen once. do what may fail in a " +
        "mapEffect before it, with the retries there"
    ])
    const graph = Pipeline.graph(
      numbers().pipe(
        Pipeline.process("stream", (input) => input),
        Pipeline.map("add", (n) => n, { onError }),
        toSink()
      )
    )
    const all = graph.nodes.map((node) => ({ ...node, errorPolicy: onError }))
    expect(texts({ ...graph, nodes: all })).toEqual([
      "[policy] numbers: it cannot retry: an engine cannot read again. put Effect.retry into " +
        "the source's effect",
      "[policy] stream: it cannot retry: its stream cannot be started again for one record. " +
        "use Stream.retry in it"
    ])
    const byKind = Policy.byKind({ recoverable: onError }, Policy.quarantine())
    const first = graph.nodes.map((node) => ({
      ...node,
      ...(node.kind === "source" ? { errorPolicy: byKind } : {})
    }))
    expect(texts({ ...graph, nodes: first })).toEqual([
      "[policy] numbers: it cannot retry: an engine cannot read again. put Effect.retry into " +
        "the source's effect",
      "[policy] numbers: it cannot be set aside: no record would come any more. use " +
        "Policy.deadLetter, ignore or fail"
    ])
    const replaced = { errorPolicy: { _tag: "Fallback" }, fallback: () => 0 } as const
    expect(
      texts({ ...graph, nodes: graph.nodes.map((node) => ({ ...node, ...replaced })) })
    ).toEqual(
      ["numbers (a Source)", "stream (a Process)", "out (a Sink)"].map((text) => {
        const [id, article] = text.replace(")", "").split(" (")
        return (
          `[policy] ${id}: its fallback cannot be used: ${article} makes no result of a record. ` +
          "use Policy.deadLetter, ignore or fail"
        )
      })
    )
  })

  it("a timeout where nothing can be interrupted names what to use instead", () => {
    const graph = sound()
    const timed = graph.nodes.map((node) => ({ ...node, timeoutMs: 250 }))
    expect(texts({ ...graph, nodes: timed })).toEqual([
      "[policy] numbers: its timeout of 250 ms cannot be enforced: a read waits as long as " +
        "its input does. put the bound into the source's effect",
      "[policy] add: its timeout of 250 ms cannot be enforced: a synchronous function " +
        "cannot be interrupted. use mapEffect or mapPromise"
    ])
    const each = Pipeline.sink(
      "out",
      Sink.forEach(() => undefined),
      { timeout: "1 second" }
    )
    expect(findings(numbers().pipe(each))).toEqual([
      "[policy] out: its timeout of 1000 ms cannot be enforced: a synchronous function " +
        "cannot be interrupted. use Sink.forEachEffect"
    ])
  })

  it("a credit that is never given back is a deadlock", () => {
    const backpressure = { _tag: "CreditBased", initial: 16, replenishThreshold: 17 } as const
    const open = numbers().pipe(
      Pipeline.map("slow", (n) => n, { flow: backpressure }),
      toSink()
    )
    expect(findings(open)).toEqual([
      "[policy] slow: its CreditBased backpressure cannot work: replenishThreshold 17 is " +
        "above the initial credit 16: the credit is used up before any is given back, and " +
        "both sides wait for ever. set replenishThreshold to 16 or less, or raise initial"
    ])
  })

  it("two bounds on one channel that differ", () => {
    const backpressure = { _tag: "Bounded", capacity: 16, onFull: "block" } as const
    const options = { flow: backpressure, buffer: { capacity: 32 } }
    const open = numbers().pipe(
      Pipeline.map("slow", (n) => n, options),
      toSink()
    )
    expect(findings(open)).toEqual([
      "[policy] slow: its Bounded backpressure cannot work: it asks for 16 records " +
        "(block), its buffer for 32 records (block). keep one of the two"
    ])
  })
})

describe("validateOrFail", () => {
  it("gives the graph, or an error that lists every finding", () => {
    const graph = sound()
    expect(Result.getOrThrow(Validate.validateOrFail(graph))).toBe(graph)
    const failed = Validate.validateOrFail({ ...graph, id: "orders", edges: [] })
    expect(Result.isFailure(failed) && failed.failure.message).toBe(
      [
        'pipeline "orders" was refused by rule L1, 4 finding(s):',
        '  [missing-output] stage "numbers": no edge leaves its output. ' +
          "Cure: continue it to a sink; Sink.drain forgets the records.",
        '  [missing-input] stage "add": no edge enters this Map. ' +
          "Cure: connect it to the output of another stage.",
        '  [missing-output] stage "add": no edge leaves its output. ' +
          "Cure: continue it to a sink; Sink.drain forgets the records.",
        '  [missing-input] stage "out": no edge enters this Sink. ' +
          "Cure: connect it to the output of another stage."
      ].join("\n")
    )
  })

  it("a refused pipeline opens nothing", () => {
    let opened = 0
    const source = Source.make(
      "spy",
      Effect.sync(() => ({ pull: () => void opened++ }))
    )
    const closed = Pipeline.source("spy", source).pipe(toSink("bad id"))
    const exit = Effect.runSyncExit(Pipeline.run(closed))
    expect(exit._tag).toBe("Failure")
    expect(opened).toBe(0)
  })
})
