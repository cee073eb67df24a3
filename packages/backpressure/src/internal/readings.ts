// Short forms for the readings that strategies publish.
import type { Name, Reading } from "../FlowMetrics.ts"

/** Events of one strategy: the moments it held somebody back. */
export const events = (strategy: string, value: number): Reading => ({
  name: "backpressure_events_total",
  kind: "total",
  attributes: { strategy },
  value
})

/** A value that may fall. */
export const gauge = (
  name: Name,
  value: number,
  attributes: Readonly<Record<string, string>> = {}
): Reading => ({ name, kind: "gauge", attributes, value })
