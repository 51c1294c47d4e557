// "Did you mean …?": the nearest of the names that exist.

/** The names closest to `wanted`, at most three, none that is farther than a third of its length. */
export function nearest(wanted: string, names: Iterable<string>): string[] {
  const limit = Math.max(1, Math.ceil(wanted.length / 3))
  return [...names]
    .map((name) => ({ name, distance: distance(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter((candidate) => candidate.distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map((candidate) => candidate.name)
}

/** `, did you mean parseConfig?`, or nothing when no name is near. */
export function didYouMean(wanted: string, names: Iterable<string>): string {
  const found = nearest(wanted, names)
  return found.length === 0 ? '' : `, did you mean ${found.join(' or ')}?`
}

/** Damerau-Levenshtein: how many letters are missing, extra, wrong, or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let best = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1))
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, at(beforeLast, column - 2) + 1)
      }
      current.push(best)
    }
    beforeLast = last
    last = current
  }
  return at(last, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
