// The awkward orders survive every format and compression, there and back.
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { ordersIn, ordersTo } from "../src/Format.ts"
import type { Order } from "../src/Order.ts"
import { orderAt } from "../src/Order.ts"

const orders = Array.from({ length: 5_000 }, (_, n) => orderAt(n))

describe("orders", () => {
  for (const name of ["a.ndjson", "a.csv", "a.ndjson.gz", "a.csv.zst", "a.csv.br"]) {
    it(`are the same after ${name}`, async () => {
      const root = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-orders-"))
      const file = path.join(root, name)
      const write = Pipeline.source("orders", Source.fromIterable(orders)).pipe(
        Pipeline.sink("file", ordersTo(file))
      )
      const back: Array<Order> = []
      const read = Pipeline.source("file", ordersIn(file)).pipe(
        Pipeline.sink("orders", Sink.collectInto(back))
      )
      await Effect.runPromise(Effect.andThen(Pipeline.run(write), Pipeline.run(read)))
      fs.rmSync(root, { recursive: true })
      expect(back).toEqual(orders)
    })
  }
})
