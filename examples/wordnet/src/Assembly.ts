// WordNet assembled from declarations alone: which format each file has, what the key is, what a
// synset waits for, and what its record is made of. Every function here says which fields it reads,
// so the whole job runs on bytes; on a plain function it would run on objects, with the same
// result.

import * as Accumulate from "@sluice/accumulation/Accumulate"
import * as Assemble from "@sluice/accumulation/Assemble"
import * as Complete from "@sluice/accumulation/Complete"
import * as Fields from "@sluice/core/Fields"
import * as Records from "@sluice/core/node/Records"
import * as Pipeline from "@sluice/core/Pipeline"
import { gloss, lemma, sense } from "./Formats.ts"
import type { Format } from "./Inputs.ts"
import { inputFiles } from "./Inputs.ts"
import type { Synset } from "./Synset.ts"

const source = (name: string, format: Format, path: string) => {
  switch (format) {
    case "data":
      return Pipeline.source(name, Records.files(path, gloss))
    case "index":
      return Pipeline.source(name, Records.files(path, lemma))
    case "sense":
      return Pipeline.source(name, Records.files(path, sense))
  }
}

const synsets = Accumulate.make({
  key: Fields.joined("pos", "offset"),
  complete: Complete.discoveredSlots({
    slot: Fields.of("lemma"),
    parts: { required: ["Sense", "Lemma"], of: Fields.kind },
    declares: Fields.each("words", "lemma"),
    declaredBy: "the gloss row"
  }),
  duplicates: "drop",
  output: Assemble.record<Synset>("Gloss", {
    key: Assemble.key,
    pos: Assemble.own("pos"),
    lexFile: Assemble.own("lexFile"),
    gloss: Assemble.own("gloss"),
    words: Assemble.elements("words", "lemma", {
      lemma: Assemble.own("lemma"),
      lexId: Assemble.own("lexId"),
      senseKey: Assemble.joined("Sense", "senseKey"),
      senseNumber: Assemble.joined("Sense", "senseNumber"),
      tagCount: Assemble.joined("Sense", "tagCount"),
      rank: Assemble.joined("Lemma", "rank")
    })
  }),
  limits: { keys: 500_000 },
  expire: { idle: "10 minutes", emit: "discard" },
  atEnd: "discard"
})

/** The synsets of the nine files in a directory. */
export const synsetsOf = (directory: string): Pipeline.Pipeline<Synset, Records.FileError> => {
  const fragments = inputFiles.map(({ name, format }) =>
    source(name, format, `${directory}/${name}`)
  )
  return Pipeline.merge("fragments", fragments).pipe(Pipeline.accumulate("synsets", synsets))
}
