import { describe, expect, it } from 'vitest'
import { linesOf, run, start } from './program.js'

it('deaths prints what docs/guide/failures.md says', async () => {
  const { code, stdout } = await run('guide/deaths.js')
  expect(code).toBe(0)
  expect(linesOf(stdout)).toEqual([
    'fine: 42',
    'exits: exit code 3, signal undefined',
    'is killed: exit code undefined, signal SIGKILL',
    'never ends: TimeoutError',
  ])
})

describe('Ctrl-C, which goes to all processes of a terminal', () => {
  /** Presses it so often, once two calls have begun: `between` waits for what shows that the press before has arrived. */
  async function press(how: string, times: number): Promise<{ code: number | null; lines: string[] }> {
    const program = start('guide/ctrl-c.js', [how], {}, { detached: true })
    await Promise.all([program.printed(/^1 begins/m), program.printed(/^2 begins/m)])
    for (let time = 1; time <= times; time++) {
      process.kill(-(program.process.pid as number), 'SIGINT')
      // Two at once are one for the system.
      await program.warned(new RegExp(`pressed ${time}`))
    }
    const { code, stdout } = await program.ended
    return { code, lines: linesOf(stdout).sort() }
  }

  const begun = ['1 begins', '2 begins']

  it('once lets what runs end, and nothing else begin', async () => {
    const { code, lines } = await press('end', 1)
    expect(code).toBe(0)
    expect(lines).toEqual(
      [...begun, '1 ends, undisturbed', '2 ends, undisturbed', '1 is done', '2 is done', 'cancelled', 'cancelled'].sort(),
    )
  })

  it('twice tells what runs to end', async () => {
    const { code, lines } = await press('listen', 2)
    expect(code).toBe(0)
    expect(lines).toEqual([...begun, '1 ends, aborted', '2 ends, aborted', ...Array(4).fill('cancelled')].sort())
  })

  it('three times ends what does not listen', async () => {
    const { code, lines } = await press('ignore', 3)
    expect(code).toBe(0)
    expect(lines).toEqual([...begun, ...Array(4).fill('cancelled')].sort())
  })
})
