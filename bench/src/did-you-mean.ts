/** The known name that is fewest edits away, unless that is most of the word. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const [best] = known.map((name) => ({ name, edits: distance(word.toLowerCase(), name) })).sort((a, b) => a.edits - b.edits)
  return best !== undefined && best.edits <= Math.ceil(word.length / 2) ? best.name : undefined
}

/** Levenshtein's distance, one row of the table at a time. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...to].entries()) {
      const [above = 0, left = 0, diagonal = 0] = [row[j + 1], next[j], row[j]]
      next.push(Math.min(above + 1, left + 1, diagonal + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
