// What only a whole program shows: when it ends, what it prints, and in which order.
import { describe, expect, it } from 'vitest'
import { type Ended, runProgram } from './fixtures/run-program.js'

const classes: readonly { readonly name: string; readonly separate: boolean }[] = [
  { name: 'TaskPoolExecutor', separate: false },
  { name: 'ThreadPoolExecutor', separate: true },
  { name: 'ProcessPoolExecutor', separate: true },
]

describe.each(classes)('a program with a $name', ({ name, separate }) => {
  const run = async (what: string): Promise<Ended & { lines: string[] }> => {
    const ended = await runProgram('executors.js', [name, what], ['--expose-gc'])
    return { ...ended, lines: ended.stdout.split('\n').filter((line) => line !== '') }
  }

  it('ends by itself when its pool is idle, without a shutdown', async () => {
    const { code, lines, stderr } = await run('idle pool')
    expect({ code, lines, stderr }).toEqual({ code: 0, lines: ['42', 'exit'], stderr: '' })
  })

  it('runs where a program has taken the name SharedArrayBuffer away', async () => {
    // Not before Node has made its own use of it: its threads would not start.
    const taken = "data:text/javascript,import 'node:worker_threads'; delete globalThis.SharedArrayBuffer"
    const { code, stdout, stderr } = await runProgram('executors.js', [name, 'idle pool'], ['--expose-gc', `--import=${taken}`])
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '42\nexit\n', stderr: '' })
  })

  it('does not hand on what a flag of the program means for it alone, nor the value of that', async () => {
    const { code, stdout, stderr } = await runProgram(
      'executors.js',
      [name, 'idle pool'],
      ['--expose-gc', '--inspect-port', '0', '--title', 'x'],
    )
    expect({ code, lines: stdout.split('\n').filter((line) => line !== ''), stderr }).toEqual({
      code: 0,
      lines: ['42', 'exit'],
      stderr: '',
    })
  })

  it('ends by itself when its pool was never used', async () => {
    const { code, lines, stderr } = await run('unused pool')
    expect({ code, lines, stderr }).toEqual({ code: 0, lines: ['unused'], stderr: '' })
  })

  it('does not end while calls are running or queued', async () => {
    expect(await run('pending work')).toMatchObject({ code: 0, lines: ['2', '4'] })
  })

  it('does not end after shutdown({ wait: false }) before the calls have', async () => {
    expect(await run('pending work after shutdown')).toMatchObject({ code: 0, lines: ['shut down', '2', '4'] })
  })

  it('does not end during a pause between two attempts', async () => {
    expect(await run('a pause between attempts')).toMatchObject({ code: 0, lines: ['RangeError: twice'] })
  })

  it('is not kept by timeouts of calls that have ended', async () => {
    expect(await run('long limits')).toMatchObject({ code: 0, lines: ['42', '[ 2 ]'] })
  })

  it.runIf(separate)('is not kept by timeouts of calls that were given to a worker ahead and taken back', async () => {
    expect(await run('long limits, taken back')).toMatchObject({ code: 0, lines: ['420'] })
  })

  it('submits many and awaits them in order, while one has failed already', async () => {
    const { code, lines, stderr } = await run('submit, await in order')
    expect({ code, lines, stderr }).toEqual({ code: 0, lines: ['2', 'RangeError: no answer'], stderr: '' })
  })

  it.each(['unobserved failure', 'unobserved failure, kept'])('is warned once of an %s, with the place of submit', async (what) => {
    const { code, lines, stderr } = await run(what)
    expect({ code, lines }).toEqual({ code: 0, lines: ['after'] })
    expect(stderr.match(/nobody looked at its result/g)?.length).toBe(1)
    expect(stderr).toMatch(/"sw1"/)
    expect(stderr).toMatch(/at submitHere .*executors\.js:\d+/)
    expect(stderr).toContain('RangeError: no answer')
  })

  it('sees what a call prints before its result', async () => {
    const { lines } = await run('output before the result')
    expect(lines).toEqual(Array.from({ length: 20 }, (_, i) => [`call ${i}`, `printed ${i}`]).flat())
  })

  it('sees whole lines, of each call in order', async () => {
    const { lines } = await run('whole lines')
    expect(lines.at(-1)).toBe('end')
    for (const letter of 'abc') {
      const text = letter.repeat(150)
      expect(lines.filter((line) => line.includes(letter) && line !== 'end')).toEqual(Array.from({ length: 100 }, (_, i) => `${text} ${i}`))
    }
  })

  it.runIf(separate)('sees the last words of a worker that ends itself, before the failure', async () => {
    expect((await run('output of the dying')).lines).toEqual(['last words', 'ERR_RUNGS_WORKER_DIED 3'])
  })

  it('can exit at any moment, while calls run', async () => {
    expect(await run('exit while calls run')).toMatchObject({ code: 4, stderr: '' })
  })
})
