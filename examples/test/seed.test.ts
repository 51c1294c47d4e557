import { describe, expect, it } from 'vitest'
import { linesOf, run } from './program.js'

// Long enough that three threads have started before the first call ends, also on a busy machine.
const env = { RUNGS_SEED_SLEEP_MS: '2000' }

async function linesFrom(program: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(`seed/${program}.js`, [], env)
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return linesOf(stdout)
}

const anyOrder = (lines: readonly string[]) => [...lines].sort()
const called = (parameters: readonly string[]) => parameters.map((parameter) => `io_bound_function called with ${parameter}`)
const ended = (parameters: readonly string[]) => parameters.map((parameter) => `io_bound_function with ${parameter} ended`)
const abc = ['argument a', 'argument b', 'argument c']

/** All are called before the first ends: they run side by side. In which order threads start and end is theirs. */
function expectParallel(lines: readonly string[], parameters: readonly string[]): void {
  expect(anyOrder(lines.slice(0, parameters.length))).toEqual(called(parameters))
  expect(anyOrder(lines.slice(parameters.length))).toEqual(ended(parameters))
}

describe('the thread programs of the notes print what the Python programs print', () => {
  it('a few calls', async () => {
    const lines = await linesFrom('threads-1-simple')
    expect(lines[0]).toBe('Starting ThreadPoolExecutor')
    expectParallel(lines.slice(1, 7), abc)
    expect(lines.slice(7)).toEqual(['All tasks complete'])
  })

  it('a list of arguments', async () => {
    const lines = await linesFrom('threads-2-arguments')
    expect(lines[0]).toBe('Starting ThreadPoolExecutor')
    expectParallel(lines.slice(1, 7), abc)
    expect(lines.slice(7)).toEqual(['Done threading the io_bound_function', 'a', 'b', 'c'])
  })

  it('two parameters', async () => {
    const lines = await linesFrom('threads-3-two-parameters')
    expect(lines[0]).toBe('Starting ThreadPoolExecutor')
    expectParallel(lines.slice(1, 5), ['arguments 1 and 2', 'arguments 3 and 4'])
    expect(lines.slice(5)).toEqual(['Done threading the io_bound_function', '(1, 2)', '(3, 4)'])
  })
})
