// Lists of words in the memory of a program: `WF` and the number of the list says where in `WB`
// each word begins, and where the next one does.
import type { Arrays } from "../../ProgramColumns.ts"

/** Words by code. */
export type WordList = ReadonlyArray<ArrayLike<number>>

const bytesOf = (words: WordList): number => words.reduce((sum, { length }) => sum + length, 0)

/** Makes room for lists. */
export const reserveWords = (arrays: Arrays, lists: ReadonlyArray<WordList>): void => {
  lists.forEach((words, n) => {
    arrays.reserve(`WF${n}`, "ints", words.length + 1)
    arrays.reserve(`WB${n}`, "bytes", bytesOf(words))
  })
}

/** Puts the words of lists where there is room for them. */
export const fillWords = (
  arrays: Arrays,
  memory: ArrayBuffer,
  lists: ReadonlyArray<WordList>
): void => {
  lists.forEach((words, n) => {
    const ends = arrays.ints(memory, `WF${n}`)
    const bytes = arrays.bytes(memory, `WB${n}`)
    let end = 0
    ends[0] = 0
    words.forEach((word, code) => {
      bytes.set(word, end)
      end += word.length
      ends[code + 1] = end
    })
  })
}
