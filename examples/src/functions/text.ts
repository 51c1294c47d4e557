// #region text
let calls = 0

/** How many words a text has, and the how manieth call on this thread it was. */
export function countWords(text: string): { words: number; call: number } {
  return { words: text.split(/\s+/).filter(Boolean).length, call: ++calls }
}
// #endregion
