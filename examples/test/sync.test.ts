import { describe, expect, it } from 'vitest'
import { linesOf, run } from './program.js'

async function linesFrom(program: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(`sync/${program}.js`)
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return linesOf(stdout)
}

describe('the programs of docs/guide/async.md', () => {
  it('hello', async () => {
    expect(await linesFrom('hello')).toEqual(['Hello ...', '... World!'])
  })

  it('say-after', async () => {
    expect(await linesFrom('say-after')).toEqual(['hello', 'world', 'Both tasks have completed now: hello world'])
  })

  it('factorial', async () => {
    const lines = await linesFrom('factorial')
    expect(lines.slice(0, 3)).toEqual([
      'Task A: Compute factorial(2), currently i=2...',
      'Task B: Compute factorial(3), currently i=2...',
      'Task C: Compute factorial(4), currently i=2...',
    ])
    expect(lines.filter((line) => line.includes(' = '))).toEqual([
      'Task A: factorial(2) = 2',
      'Task B: factorial(3) = 6',
      'Task C: factorial(4) = 24',
    ])
    expect(lines.at(-1)).toBe('[ 2, 6, 24 ]')
  })

  it('eternity', async () => {
    expect(await linesFrom('eternity')).toEqual(['timeout!'])
  })

  it('cancel-me', async () => {
    expect(await linesFrom('cancel-me')).toEqual([
      'cancelMe(): before sleep',
      'cancelMe(): cancel sleep',
      'cancelMe(): after sleep',
      'main(): cancelMe is cancelled now',
    ])
  })

  it('workers', async () => {
    const lines = await linesFrom('workers')
    expect(lines.at(-1)).toBe('all done')
    expect(
      lines
        .slice(0, -1)
        .map((line) => line.replace(/^worker-\d /, ''))
        .sort(),
    ).toEqual([10, 20, 30, 40, 50, 60].map((ms) => `has slept for ${ms} ms`))
  })

  it('terminate', async () => {
    expect(await linesFrom('terminate')).toEqual(['Task 1: start', 'Task 2: start', 'Task 1: done', 'left without an error'])
  })

  it('polite', async () => {
    expect((await linesFrom('polite')).sort()).toEqual(['ams-1 is up', 'ber-1 is up', 'cdg-1 is up'])
  })

  it('failing', async () => {
    expect(await linesFrom('failing')).toEqual([
      'Unhandled errors in a TaskGroup (2):',
      '  fetch: Error: the line is cut',
      '  save: Error: the disk is full',
    ])
  })
})
