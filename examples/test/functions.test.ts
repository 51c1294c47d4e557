import { describe, expect, it } from 'vitest'
import { linesOf, run } from './program.js'

const expected: Record<string, readonly string[]> = {
  submit: ['{ words: 6, call: 1 }', '7', '153', "true Reading { title: 'As You Like It', words: 4 }"],
  state: ['1 2 1'],
  snapshot: ['hello goodbye', '0', '1'],
  share: ["[ 7, 9999, 'unknown' ]"],
  'per-worker': ['makes a formatter', '€1.00 €20.50 €300.00'],
  callback: ["[ 'loaded', 'sorted' ]"],
  transfer: ['1000000 255 here: 0'],
  register: ['25.00 true'],
  link: ['{ words: 7, call: 1 }'],
  'by-reference': ['{ words: 4, call: 1 }'],
  'by-value': ['10', '20'],
  explain: ['value 1 1', 'refused', 'reference refused'],
  refused: [
    'captured variable pending of an arrow function (refused.js) cannot cross: a promise belongs to the event loop that made it. Write await before it, and send what it gives',
    'unharmed',
    '42',
  ],
  scaler: ['[ 3, 6, 9 ]'],
  'references-only': ['{ words: 2, call: 1 }', 'NotShippableError'],
  large: [
    'RungsWarning: The function lengthOfBig captures about 2.0 MB, which are sent with each call. Write share(value) around what is big, or pass it as an argument',
    '2000000',
    '2000000',
  ],
}

describe('the programs of docs/guide/functions.md', () => {
  it.each(Object.entries(expected))('%s', async (program, lines) => {
    const { code, stdout, stderr } = await run(`functions/${program}.js`)
    expect(linesOf(stdout)).toEqual(lines)
    // Node tells on stderr of every warning, also of those that the program handles.
    if (program !== 'large') expect(stderr).toBe('')
    expect(code).toBe(0)
  })
})
