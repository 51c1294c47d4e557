import { describe, expect, it } from 'vitest'
import { linesOf, run } from './program.js'

// Long enough that all workers have started before the first call ends, also on a busy machine.
const sleepMs = { threads: '2000', processes: '4000', tasks: '200' }

async function linesFrom(program: string): Promise<string[]> {
  const [kind] = program.split('-') as [keyof typeof sleepMs]
  const { code, stdout, stderr } = await run(`seed/${program}.js`, [], { RUNGS_SEED_SLEEP_MS: sleepMs[kind] })
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

/** The lines with the id of each process replaced by a letter, and how many processes there were. */
function withoutPids(lines: readonly string[]): { readonly lines: string[]; readonly processes: number } {
  const pids = new Set<string>()
  const replaced = lines.map((line) =>
    line.replace(/using PID (\d+)/, (_, pid: string) => {
      pids.add(pid)
      return 'using PID *'
    }),
  )
  return { lines: replaced, processes: pids.size }
}

const calledInProcess = (parameters: readonly string[]) => called(parameters).map((line) => `${line} using PID *`)
const endedInProcess = (parameters: readonly string[]) =>
  parameters.map((parameter) => `io_bound_function with ${parameter} using PID * ended`)
const pairs = ["arguments ('a', 'a')", "arguments ('b', 'b')", "arguments ('c', 'c')"]

describe('the process programs of the notes print what the Python programs print', () => {
  it.each([
    { program: 'processes-1-simple', parameters: abc },
    { program: 'processes-3-positional', parameters: pairs },
    { program: 'processes-4-tuples', parameters: pairs },
  ])('$program: three calls in three processes', async ({ program, parameters }) => {
    const { lines, processes } = withoutPids(await linesFrom(program))
    expect(processes).toBe(3)
    expect(anyOrder(lines)).toEqual(anyOrder([...calledInProcess(parameters), ...endedInProcess(parameters)]))
  })

  it('ten calls on five processes, and their results in order', async () => {
    const { lines, processes } = withoutPids(await linesFrom('processes-2-list'))
    const numbers = Array.from({ length: 10 }, (_, index) => index + 1)
    const parameters = numbers.map((number) => `argument ${number}`)
    // A fast one may take the place of a slow one to start.
    expect(processes).toBeLessThanOrEqual(5)
    expect(processes).toBeGreaterThan(1)
    expect(anyOrder(lines.slice(0, 20))).toEqual(anyOrder([...calledInProcess(parameters), ...endedInProcess(parameters)]))
    const shown = lines.slice(20)
    expect(shown.slice(-10)).toEqual(numbers.map(String))
    expect(JSON.parse(shown.slice(0, -10).join(''))).toEqual(numbers)
  })

  it('keyword arguments, and the results after the pool has closed', async () => {
    const { lines } = withoutPids(await linesFrom('processes-5-keywords'))
    const parameters = ['arguments (1, 2)', 'arguments (3, 4)']
    expect(anyOrder(lines.slice(0, 4))).toEqual(anyOrder([...calledInProcess(parameters), ...endedInProcess(parameters)]))
    expect(lines.slice(4)).toEqual(['(1, 2)', '(3, 4)'])
  })
})

describe('the cooperative programs of the notes print what the Python programs print', () => {
  it('three calls on one loop', async () => {
    const lines = await linesFrom('tasks-1-cooperative')
    expectParallel(lines.slice(0, 6), abc)
    expect(lines.slice(6)).toEqual(['a', 'b', 'c'])
  })

  it('three tasks of a group', async () => {
    const lines = await linesFrom('tasks-2-asyncio')
    expect(lines[0]).toBe('Starting TaskGroup')
    expectParallel(lines.slice(1, 7), abc)
    expect(lines.slice(7)).toEqual(['Done awaiting the io_bound_function', 'a', 'b', 'c'])
  })
})
