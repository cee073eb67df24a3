// What a file holds, by its name: the source and the sink of orders for it.

import * as CsvFiles from "@sluice/core/node/CsvFiles"
import type * as FileError from "@sluice/core/node/FileError"
import * as Files from "@sluice/core/node/Files"
import type * as Sink from "@sluice/core/Sink"
import type * as Source from "@sluice/core/Source"
import { columns, Order } from "./Order.ts"

const isCsv = (path: string): boolean => /\.csv(\.\w+)?$/.test(path)

/** The orders in files of that name; patterns are allowed. */
export const ordersIn = (path: string): Source.Source<Order, FileError.FileError> =>
  isCsv(path) ? CsvFiles.records(path, Order) : Files.ndjson(path, Order)

/** Writes orders to a file of that name. */
export const ordersTo = (path: string): Sink.Sink<Order, FileError.FileError> =>
  isCsv(path)
    ? CsvFiles.sink<Order>(path, { columns, makeDirectory: true })
    : Files.ndjsonSink<Order>(path, { makeDirectory: true })
