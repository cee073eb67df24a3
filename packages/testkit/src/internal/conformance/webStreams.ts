// Cases of the WHATWG streams tests (web-platform-tests, `streams/`) that have a meaning for
// adapters between pipelines and Web Streams, by the file they stand in. A pipeline from a
// ReadableStream into a WritableStream is held to what is asked of `pipeTo`, a pipeline as a
// ReadableStream to what is asked of any. The tests are our own.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"
import { boom, Numbers, settle } from "./workload.ts"

/** As the options of `pipeTo`. */
export interface PipeOptions {
  readonly preventClose?: boolean
  readonly preventAbort?: boolean
  readonly preventCancel?: boolean
}

/** Adapters under test. */
export interface WebStreamsSubject {
  /** Runs a pipeline from the one stream into the other, and fails where that does. */
  readonly pipe: (
    from: ReadableStream<number>,
    to: WritableStream<number>,
    options: PipeOptions
  ) => Effect.Effect<unknown, unknown>
  /** A pipeline as a stream that prefetches nothing. */
  readonly readable: (numbers: Numbers) => Effect.Effect<ReadableStream<number>>
}

/** Both ends of a pipe with what happened to them. */
class Ends {
  readonly events: Array<string> = []
  readonly from: ReadableStream<number>
  readonly to: WritableStream<number>
  controller: ReadableStreamDefaultController<number> | undefined

  constructor(write: (n: number) => Promise<void> | void = () => undefined, room = 1) {
    this.from = new ReadableStream<number>(
      {
        start: (controller) => {
          this.controller = controller
        },
        cancel: () => void this.events.push("cancel")
      },
      { highWaterMark: 0 }
    )
    this.to = new WritableStream<number>(
      {
        write: (n) => {
          this.events.push(`write ${n}`)
          return write(n)
        },
        close: () => void this.events.push("close"),
        abort: () => void this.events.push("abort")
      },
      { highWaterMark: room }
    )
  }

  get locked(): readonly [boolean, boolean] {
    return [this.from.locked, this.to.locked]
  }
}

type Body = (subject: WebStreamsSubject) => ReturnType<Rule<WebStreamsSubject>["run"]>

const rule = (id: string, title: string, body: Body): Rule<WebStreamsSubject> => ({
  rule: id,
  title,
  run: body
})

const piped = Effect.fnUntraced(function* (
  { pipe }: WebStreamsSubject,
  ends: Ends,
  options: PipeOptions = {}
) {
  const exit = yield* Effect.exit(pipe(ends.from, ends.to, options))
  yield* settle
  return Exit.isSuccess(exit) ? "fulfilled" : "rejected"
})

const forward: ReadonlyArray<Rule<WebStreamsSubject>> = [
  rule(
    "piping/close-propagation-forward#1",
    "closing is propagated forward: starts closed",
    Effect.fnUntraced(function* (subject) {
      const ends = new Ends()
      ends.controller?.close()
      equal([yield* piped(subject, ends), ends.events], ["fulfilled", ["close"]], "events")
    })
  ),
  rule(
    "piping/close-propagation-forward#2",
    "closing is propagated forward: becomes closed after one chunk",
    Effect.fnUntraced(function* (subject) {
      const ends = new Ends()
      ends.controller?.enqueue(1)
      ends.controller?.close()
      const end = yield* piped(subject, ends)
      equal([end, ends.events], ["fulfilled", ["write 1", "close"]], "events")
    })
  ),
  rule(
    "piping/close-propagation-forward#3",
    "closing is propagated forward: preventClose = true",
    Effect.fnUntraced(function* (subject) {
      const ends = new Ends()
      ends.controller?.close()
      const end = yield* piped(subject, ends, { preventClose: true })
      equal([end, ends.events, ends.locked[1]], ["fulfilled", [], false], "events, and the lock")
    })
  ),
  rule(
    "piping/error-propagation-forward#1",
    "errors are propagated forward: starts errored",
    Effect.fnUntraced(function* (subject) {
      const ends = new Ends()
      ends.controller?.error(boom)
      equal([yield* piped(subject, ends), ends.events], ["rejected", ["abort"]], "events")
    })
  ),
  rule(
    "piping/error-propagation-forward#2",
    "errors are propagated forward: becomes errored after one chunk",
    Effect.fnUntraced(function* (subject) {
      const ends = new Ends()
      ends.controller?.enqueue(1)
      const fiber = yield* Effect.forkChild(piped(subject, ends))
      yield* settle
      ends.controller?.error(boom)
      const end = yield* Fiber.join(fiber)
      equal([end, ends.events], ["rejected", ["write 1", "abort"]], "events")
    })
  ),
  rule(
    "piping/error-propagation-forward#3",
    "errors are propagated forward: preventAbort = true",
    Effect.fnUntraced(function* (subject) {
      const ends = new Ends()
      ends.controller?.error(boom)
      const end = yield* piped(subject, ends, { preventAbort: true })
      equal([end, ends.events, ends.locked[1]], ["rejected", [], false], "events, and the lock")
    })
  )
]

const backward: ReadonlyArray<Rule<WebStreamsSubject>> = [
  rule(
    "piping/error-propagation-backward#1",
    "errors are propagated backward: becomes errored during a write",
    Effect.fnUntraced(function* (subject) {
      const ends = new Ends(() => Promise.reject(boom))
      ends.controller?.enqueue(1)
      const end = yield* piped(subject, ends)
      equal([end, ends.events], ["rejected", ["write 1", "cancel"]], "events")
    })
  ),
  rule(
    "piping/error-propagation-backward#2",
    "errors are propagated backward: preventCancel = true",
    Effect.fnUntraced(function* (subject) {
      const ends = new Ends(() => Promise.reject(boom))
      ends.controller?.enqueue(1)
      const end = yield* piped(subject, ends, { preventCancel: true })
      equal([end, ends.events], ["rejected", ["write 1"]], "events")
      equal(ends.locked[0], false, "lock of a stream that was left as it is")
    })
  ),
  rule(
    "piping/close-propagation-backward#1",
    "closing is propagated backward: starts closed",
    Effect.fnUntraced(function* (subject) {
      const ends = new Ends()
      yield* Effect.promise(() => ends.to.close())
      ends.controller?.enqueue(1)
      const end = yield* piped(subject, ends)
      equal([end, ends.events], ["rejected", ["close", "cancel"]], "events")
    })
  ),
  rule(
    "piping/abort#1",
    "a pipe that is aborted aborts the one end and cancels the other",
    Effect.fnUntraced(function* (subject) {
      const ends = new Ends()
      const fiber = yield* Effect.forkChild(subject.pipe(ends.from, ends.to, {}))
      yield* settle
      yield* Fiber.interrupt(fiber)
      yield* settle
      equal(ends.events.toSorted(), ["abort", "cancel"], "events")
    })
  )
]

const flow: ReadonlyArray<Rule<WebStreamsSubject>> = [
  rule(
    "piping/flow-control#1",
    "a stream that does not desire chunks gets none, and few are read for it",
    Effect.fnUntraced(function* (subject) {
      const ends = new Ends(undefined, 0)
      let pulled = 0
      const from = new ReadableStream<number>(
        { pull: (controller) => controller.enqueue(pulled++) },
        { highWaterMark: 0 }
      )
      const fiber = yield* Effect.forkChild(subject.pipe(from, ends.to, {}))
      yield* settle
      equal(ends.events, [], "events")
      holds(pulled <= 1, `${pulled} chunks were read for a stream that wants none`)
      yield* Fiber.interrupt(fiber)
    })
  ),
  rule(
    "piping/flow-control#2",
    "a stream that does not desire chunks, but then does, gets them one by one",
    Effect.fnUntraced(function* (subject) {
      const waiting: Array<() => void> = []
      const ends = new Ends(() => new Promise<void>((resolve) => void waiting.push(resolve)))
      let pulled = 0
      const from = new ReadableStream<number>(
        {
          pull: (controller) => {
            controller.enqueue(pulled++)
            if (pulled === 5) controller.close()
          }
        },
        { highWaterMark: 0 }
      )
      const fiber = yield* Effect.forkChild(Effect.exit(subject.pipe(from, ends.to, {})))
      for (const n of [1, 2, 3, 4, 5]) {
        yield* settle
        equal(ends.events.length, n, `writes while ${n - 1} are answered`)
        holds(pulled <= n + 1, `${pulled} chunks were read while ${n - 1} writes are answered`)
        waiting.shift()?.()
      }
      holds(Exit.isSuccess(yield* Fiber.join(fiber)), "the pipe was rejected")
    })
  ),
  rule(
    "piping/general#1",
    "a pipe locks both of its ends, and unlocks them when it has ended",
    Effect.fnUntraced(function* (subject) {
      const ends = new Ends()
      const fiber = yield* Effect.forkChild(piped(subject, ends))
      yield* settle
      equal(ends.locked, [true, true], "locks of a pipe that runs")
      ends.controller?.close()
      yield* Fiber.join(fiber)
      equal(ends.locked, [false, false], "locks of a pipe that has ended")
    })
  )
]

const readAll = (stream: ReadableStream<number>, most = 10) =>
  Effect.promise(async () => {
    const [reader, got]: [ReadableStreamDefaultReader<number>, Array<string>] = [
      stream.getReader(),
      []
    ]
    for (let n = 0; n < most; n++) {
      const text = await reader.read().then(
        ({ done, value }) => (done ? "done" : String(value)),
        () => "failed"
      )
      got.push(text)
    }
    return got
  })

const readable: ReadonlyArray<Rule<WebStreamsSubject>> = [
  rule(
    "readable-streams/general#1",
    "nothing is pulled before somebody reads, with a high water mark of 0",
    Effect.fnUntraced(function* (subject) {
      const numbers = new Numbers(30)
      const stream = yield* subject.readable(numbers)
      yield* settle
      equal([numbers.opened, numbers.pulls], [0, 0], "openings and pulls")
      yield* Effect.promise(() => stream.cancel())
    })
  ),
  rule(
    "readable-streams/default-reader#1",
    "reading twice on a stream that gets closed: both are told so",
    Effect.fnUntraced(function* (subject) {
      const stream = yield* subject.readable(new Numbers(3))
      equal(yield* readAll(stream, 5), ["0", "1", "2", "done", "done"], "what was read")
    })
  ),
  rule(
    "readable-streams/default-reader#2",
    "reading twice on a stream that gets errored: both are told so",
    Effect.fnUntraced(function* (subject) {
      const stream = yield* subject.readable(new Numbers(2, "fail"))
      equal(yield* readAll(stream, 4), ["0", "1", "failed", "failed"], "what was read")
    })
  ),
  rule(
    "readable-streams/cancel#1",
    "cancelling is fulfilled when everything behind the stream is closed",
    Effect.fnUntraced(function* (subject) {
      const numbers = new Numbers(Number.POSITIVE_INFINITY)
      const stream = yield* subject.readable(numbers)
      const reader = stream.getReader()
      yield* Effect.promise(() => reader.read())
      yield* Effect.promise(() => reader.cancel())
      equal([numbers.opened, numbers.closed], [1, 1], "openings and closings")
      const { pulls } = numbers
      yield* settle
      equal(numbers.pulls, pulls, "pulls behind the cancellation")
    })
  )
]

/** Cases by file and number, in the order of the flow. */
export const webStreamsRules: ReadonlyArray<Rule<WebStreamsSubject>> = [
  ...forward,
  ...backward,
  ...flow,
  ...readable
]
