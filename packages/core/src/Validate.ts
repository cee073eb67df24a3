import type * as Graph from "./Graph.ts"
import type { GraphIssue } from "./GraphError.ts"
export const validate = (_graph: Graph.PipelineGraph): ReadonlyArray<GraphIssue> => []
