import { describe, expect, it } from 'vitest'
import { linesOf, run } from './program.js'

async function linesFrom(program: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(`asyncio/${program}.js`)
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return linesOf(stdout)
}

const handled = 'The long operation timed out, but we have handled it.'

describe('the programs of docs/guide/asyncio.md print what those of the documentation of asyncio print', () => {
  it.each([
    ['sequence', ['started', 'hello', 'world', 'finished']],
    ['nested', ['42', '42']],
    ['gather-failing', ['42', 'Error: no answer']],
    ['shield', ['the wait is cancelled', 'something is complete']],
    ['timeout', [handled, 'This statement will run regardless.']],
    ['reschedule', ["Looks like we haven't finished on time."]],
    ['timeout-at', [handled]],
    ['wait', ['1 done, 1 pending']],
    ['as-completed', ['IPv6 connection established: ::1', 'IPv4 connection established: 127.0.0.1']],
    ['to-thread', ['started main', 'start blocking_io', 'blocking_io complete', 'finished main']],
    ['executors', ['custom thread pool 332833500', 'custom process pool 332833500']],
    ['lock', ['access shared state true', 'and leave it false']],
    ['event', ['waiting for it ...', '... got it!']],
    ['condition', ['it is ready']],
    ['semaphore', ['at most 10 at once']],
    ['barrier', ['Barrier { filling, waiting: 2 of 3 }', 'barrier passed', 'Barrier { filling, waiting: 0 of 3 }']],
    ['introspection', ['current: watch', 'all: main, watch, sleeper']],
  ])('%s', async (program, lines) => {
    expect(await linesFrom(program)).toEqual(lines)
  })

  it('display-date', async () => {
    const lines = await linesFrom('display-date')
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(new Date(line).toISOString()).toBe(line)
  })

  it('queue', async () => {
    const lines = await linesFrom('queue')
    expect(lines.slice(-2)).toEqual(['====', 'total expected sleep time: 60 ms'])
    const slept = lines.slice(0, -2).map((line) => /^worker-[012] has slept for (\d) ms$/.exec(line)?.[1])
    expect(slept.sort()).toEqual([...'11112222333344445555'])
  })
})
