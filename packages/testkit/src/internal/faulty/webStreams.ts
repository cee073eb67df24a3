// Adapters between pipelines and Web Streams that break one case each, made of those of core.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as Pipeline from "@sluice/core/Pipeline"
import * as WebStreams from "@sluice/core/WebStreams"
import * as Effect from "effect/Effect"
import type { PipeOptions, WebStreamsSubject } from "../conformance/webStreams.ts"
import type { Numbers } from "../conformance/workload.ts"

/** The adapters of core, under the async engine. */
export const sound: WebStreamsSubject = {
  pipe: (from, to, { preventCancel, preventAbort, preventClose }) =>
    Pipeline.run(
      Pipeline.source(
        "from",
        WebStreams.source(() => from, { preventCancel: preventCancel ?? false })
      ).pipe(
        Pipeline.sink(
          "to",
          WebStreams.sink(() => to, {
            preventAbort: preventAbort ?? false,
            preventClose: preventClose ?? false
          })
        )
      ),
      { engine: AsyncEngine.make() }
    ),
  readable: (numbers) => WebStreams.readable(numbers.pipeline())
}

/** A faulty pair of adapters, by the case it breaks. */
export interface FaultyWebStreams {
  readonly rule: string
  readonly fault: string
  readonly subject: WebStreamsSubject
}

const piping = (
  rule: string,
  fault: string,
  change: (options: PipeOptions) => PipeOptions
): FaultyWebStreams => ({
  rule,
  fault,
  subject: { ...sound, pipe: (from, to, options) => sound.pipe(from, to, change(options)) }
})

/** Writes what it reads, whatever the room. */
const heedless: WebStreamsSubject = {
  ...sound,
  pipe: (from, to) =>
    Effect.promise(async (signal) => {
      const [reader, writer] = [from.getReader(), to.getWriter()]
      for (let n = 0; n < 100 && !signal.aborted; n++) {
        const { done, value } = await reader.read()
        if (done) return
        writer.write(value).catch(() => undefined)
      }
    })
}

interface Underlying {
  readonly pull: (controller: ReadableStreamDefaultController<number>) => Promise<void>
  readonly cancel: () => Promise<void> | undefined
}

const wrapped = (
  change: (inner: ReadableStreamDefaultReader<number>) => Underlying,
  highWaterMark = 0
): WebStreamsSubject => ({
  ...sound,
  readable: (numbers: Numbers) =>
    Effect.map(
      sound.readable(numbers),
      (stream) => new ReadableStream<number>(change(stream.getReader()), { highWaterMark })
    )
})

const pulling =
  (atEnd: (controller: ReadableStreamDefaultController<number>) => Promise<void> | void) =>
  (inner: ReadableStreamDefaultReader<number>): Underlying => ({
    pull: async (controller) => {
      const { done, value } = await inner.read()
      if (done) return atEnd(controller)
      controller.enqueue(value)
    },
    cancel: () => inner.cancel()
  })

const forgiving = (inner: ReadableStreamDefaultReader<number>) => ({
  ...pulling((controller) => controller.close())(inner),
  pull: async (controller: ReadableStreamDefaultController<number>) => {
    const read = await inner.read().catch(() => ({ done: true, value: undefined }))
    if (read.done || read.value === undefined) controller.close()
    else controller.enqueue(read.value)
  }
})

const neverTold: WebStreamsSubject = {
  ...sound,
  pipe: (from, to, options) => {
    const end = sound.pipe(from, to, options)
    return Effect.catchCause(end, () => Effect.void)
  }
}

/** Leaves the locks where they are. */
const possessive: WebStreamsSubject = {
  ...sound,
  pipe: (from, to, options) =>
    Effect.andThen(
      sound.pipe(from, to, { ...options, preventClose: true }),
      Effect.sync(() => void [from.getReader(), to.getWriter()])
    )
}

/** One at least for each case that `ConformanceRules.webStreams` tests. */
export const webStreams: ReadonlyArray<FaultyWebStreams> = [
  piping("piping/close-propagation-forward#1", "never closes", () => ({ preventClose: true })),
  piping("piping/close-propagation-forward#2", "never closes", () => ({ preventClose: true })),
  piping("piping/close-propagation-forward#3", "always closes", (options) => ({
    ...options,
    preventClose: false
  })),
  { rule: "piping/error-propagation-forward#1", fault: "tells no failure", subject: neverTold },
  piping("piping/error-propagation-forward#2", "never aborts", () => ({ preventAbort: true })),
  piping("piping/error-propagation-forward#3", "always aborts", () => ({})),
  piping("piping/error-propagation-backward#1", "never cancels", () => ({ preventCancel: true })),
  piping("piping/error-propagation-backward#2", "always cancels", () => ({})),
  { rule: "piping/close-propagation-backward#1", fault: "tells no failure", subject: neverTold },
  piping("piping/abort#1", "never cancels", () => ({ preventCancel: true })),
  { rule: "piping/flow-control#1", fault: "writes whatever the room", subject: heedless },
  { rule: "piping/flow-control#2", fault: "writes whatever the room", subject: heedless },
  { rule: "piping/general#1", fault: "leaves the locks", subject: possessive },
  {
    rule: "readable-streams/general#1",
    fault: "reads before it is asked",
    subject: wrapped(
      pulling((controller) => controller.close()),
      5
    )
  },
  {
    rule: "readable-streams/default-reader#1",
    fault: "does not tell its end",
    subject: wrapped(pulling(() => new Promise<void>(() => undefined)))
  },
  {
    rule: "readable-streams/default-reader#2",
    fault: "takes a failure for the end",
    subject: wrapped(forgiving)
  },
  {
    rule: "readable-streams/cancel#1",
    fault: "does not pass a cancellation on",
    subject: wrapped((inner) => ({
      ...pulling((controller) => controller.close())(inner),
      cancel: () => undefined
    }))
  }
]
