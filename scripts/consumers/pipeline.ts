// A pipeline file as a user of the command writes it, for `sluice run` and `sluice graph`.
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"

export default Pipeline.source("numbers", Source.fromIterable([1, 2, 3])).pipe(
  Pipeline.map("double", (n: number) => n * 2),
  Pipeline.sink(
    "print",
    Sink.forEach((n: number) => console.log(`doubled ${n}`))
  ),
  Pipeline.named("tiny")
)
