// The whole programs of the WordNet comparison. Each takes the path of its output as last argument.

/** One program: the arguments for node, to which the harness adds the output path. */
export interface Program {
  readonly name: string
  readonly baseline?: boolean
  readonly subject?: boolean
  readonly args: ReadonlyArray<string>
  /** Export conditions for workspace packages; without `sluice-source` they resolve to `dist`. */
  readonly conditions?: ReadonlyArray<string>
}

export const title = "WordNet: 532,261 fragments of nine files to 117,791 synsets, whole process"

const fileHere = (name: string): string => new URL(name, import.meta.url).pathname

export const programs: ReadonlyArray<Program> = [
  { name: "by hand, chunk-wise", baseline: true, args: [fileHere("handChunks.ts")] },
  { name: "Sluice", subject: true, args: [fileHere("sluice.ts")], conditions: [] },
  { name: "Sluice, objects", args: [fileHere("sluiceObjects.ts")], conditions: [] },
  { name: "by hand, lines", args: [fileHere("handLines.ts")] },
  { name: "Effect Stream, mapArray", args: [fileHere("effectMapArray.ts")] },
  { name: "Effect Stream, flatMap", args: [fileHere("effectFlatMap.ts")] }
]
