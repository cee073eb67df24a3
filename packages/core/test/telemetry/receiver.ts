// A real HTTP receiver of OTLP/JSON and a reader of the Prometheus text format, for tests.
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import * as Zlib from "node:zlib"
import * as Effect from "effect/Effect"

/** A body that was posted. */
export interface Received {
  readonly path: string
  readonly headers: Http.IncomingHttpHeaders
  readonly body: Buffer
}

/** Listens on a free port until the scope closes; every request is answered with 200. */
export const receiver = Effect.acquireRelease(
  Effect.callback<{
    readonly url: string
    readonly received: Array<Received>
    server: Http.Server
  }>((resume) => {
    const received: Array<Received> = []
    const server = Http.createServer((request, response) => {
      const parts: Array<Buffer> = []
      request.on("data", (part: Buffer) => parts.push(part))
      request.on("end", () => {
        const raw = Buffer.concat(parts)
        const body = request.headers["content-encoding"] === "gzip" ? Zlib.gunzipSync(raw) : raw
        received.push({ path: request.url ?? "", headers: request.headers, body })
        response.writeHead(200, { "content-type": "application/json" }).end("{}")
      })
    })
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, received, server }))
    })
  }),
  ({ server }) =>
    Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
      server.closeAllConnections()
    })
)

interface KeyValue {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

interface Resource {
  readonly resource: { readonly attributes: ReadonlyArray<KeyValue> }
}
interface OtlpSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: ReadonlyArray<KeyValue>
  readonly links?: ReadonlyArray<{ readonly spanId: string }>
}
interface Traces {
  readonly resourceSpans: ReadonlyArray<
    Resource & { readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<OtlpSpan> }> }
  >
}
interface Points {
  readonly dataPoints: ReadonlyArray<{
    readonly attributes: ReadonlyArray<KeyValue>
    readonly asDouble?: number
    readonly asInt?: number
    readonly count?: number
  }>
}
interface Metrics {
  readonly resourceMetrics: ReadonlyArray<{
    readonly scopeMetrics: ReadonlyArray<{
      readonly metrics: ReadonlyArray<{
        readonly name: string
        readonly unit: string
        readonly gauge?: Points
        readonly sum?: Points
        readonly histogram?: Points
      }>
    }>
  }>
}
interface Logs {
  readonly resourceLogs: ReadonlyArray<{
    readonly scopeLogs: ReadonlyArray<{
      readonly logRecords: ReadonlyArray<{
        readonly body: unknown
        readonly attributes: ReadonlyArray<KeyValue>
      }>
    }>
  }>
}

const attributesOf = (list: ReadonlyArray<KeyValue> = []): Record<string, unknown> =>
  Object.fromEntries(
    list.map(({ key, value }) => {
      const [raw] = Object.values(value)
      return [key, "intValue" in value ? Number(raw) : raw]
    })
  )

/** A span as the receiver understood it. */
export interface SpanSeen {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
  readonly links: ReadonlyArray<string>
}

const pointsOf = (points: Points | undefined): Points["dataPoints"] => points?.dataPoints ?? []

/** Everything that was posted, decoded. */
export const decoded = (received: ReadonlyArray<Received>) => {
  const bodies = <A>(path: string): ReadonlyArray<A> =>
    received
      .filter((post) => post.path === path)
      .map((post) => JSON.parse(post.body.toString()) as A)
  const traces = bodies<Traces>("/v1/traces").flatMap((body) => body.resourceSpans)
  const spans = traces
    .flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans))
    .map(
      (span): SpanSeen => ({
        name: span.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId,
        attributes: attributesOf(span.attributes),
        links: (span.links ?? []).map((link) => link.spanId)
      })
    )
  const metrics = bodies<Metrics>("/v1/metrics")
    .flatMap((body) => body.resourceMetrics.flatMap((resource) => resource.scopeMetrics))
    .flatMap((scope) => scope.metrics)
    .flatMap(({ name, unit, gauge, sum, histogram }) =>
      [...pointsOf(gauge), ...pointsOf(sum), ...pointsOf(histogram)].map((point) => ({
        name,
        unit,
        attributes: attributesOf(point.attributes),
        value: point.asDouble ?? point.asInt ?? point.count
      }))
    )
  const logs = bodies<Logs>("/v1/logs")
    .flatMap((body) => body.resourceLogs.flatMap((resource) => resource.scopeLogs))
    .flatMap((scope) => scope.logRecords)
    .map((record) => ({
      text: JSON.stringify(record.body),
      attributes: attributesOf(record.attributes)
    }))
  const resources = traces.map(({ resource }) => attributesOf(resource.attributes))
  return { spans, metrics, logs, resources }
}

/** The fields of a protobuf message that are messages, bytes or text, in their order. */
const fieldsOf = (bytes: Buffer): ReadonlyArray<readonly [field: number, value: Buffer]> => {
  const found: Array<readonly [number, Buffer]> = []
  let at = 0
  const varint = (): number => {
    let [value, shift] = [0, 1]
    for (;;) {
      const byte = bytes.readUInt8(at++)
      value += (byte & 127) * shift
      if (byte < 128) return value
      shift *= 128
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const [field, wire] = [tag >> 3, tag & 7]
    if (wire === 0) varint()
    else if (wire === 1) at += 8
    else if (wire === 5) at += 4
    else if (wire === 2) {
      const length = varint()
      found.push([field, bytes.subarray(at, at + length)])
      at += length
    } else throw new Error(`no protobuf: wire type ${wire} at ${at}`)
  }
  if (at !== bytes.length) throw new Error("no protobuf: it ends within a field")
  return found
}

const inside = (bytes: Buffer, path: ReadonlyArray<number>): ReadonlyArray<Buffer> => {
  const [first, ...rest] = path
  if (first === undefined) return [bytes]
  return fieldsOf(bytes).flatMap(([field, value]) => (field === first ? inside(value, rest) : []))
}

/** The spans of an export in protobuf: resource spans, scope spans, spans, by number of field. */
export const spansInProtobuf = (body: Buffer) =>
  inside(body, [1, 2, 2]).map((span) => ({
    name: inside(span, [5]).join(""),
    traceId: inside(span, [1])[0]?.toString("hex"),
    attributes: inside(span, [9, 1]).map(String)
  }))

/** One sample of the text format. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const labelPair = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/y

const labelsOf = (text: string): Record<string, string> => {
  const labels: Record<string, string> = {}
  labelPair.lastIndex = 0
  while (labelPair.lastIndex < text.length) {
    const match = labelPair.exec(text)
    if (match === null) throw new Error(`no label list: ${text}`)
    labels[match[1] ?? ""] = (match[2] ?? "").replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c))
  }
  return labels
}

/** Parses the text format; throws at a line that is none, and at a sample without a type before. */
export const parsePrometheus = (text: string): ReadonlyArray<Sample> => {
  const types = new Map<string, string>()
  return text.split("\n").flatMap((line) => {
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line)
    if (type !== null) types.set(type[1] ?? "", type[2] ?? "")
    if (line === "" || line.startsWith("# ")) return []
    const match = sampleLine.exec(line)
    if (match === null) throw new Error(`no sample: ${line}`)
    const name = match[1] ?? ""
    if (!types.has(name.replace(/_(bucket|sum|count)$/, "")) && !types.has(name))
      throw new Error(`no type for ${name}`)
    return [{ name, labels: labelsOf(match[2] ?? ""), value: Number(match[3]) }]
  })
}
