// What Ctrl-C does to a program, which only the whole program shows.
import { describe, expect, it } from 'vitest'
import { runProgram } from '../fixtures/run-program.js'

describe('Ctrl-C', () => {
  it.each([['a server'], ['an interval'], ['a server, whose answers are tasks']])(
    'lets main clean up, with what the platform calls back beside it: %s',
    async (which) => {
      const { code, stdout, stderr } = await runProgram('interrupted.js', [which])
      expect(stdout.split('\n').slice(-3)).toEqual(['closed in peace', 'The task was cancelled: SIGINT', ''])
      expect(code).toBe(0)
      if (which.endsWith('tasks')) expect([stdout.slice(0, 2), stderr]).toEqual(['hi', ''])
      else expect(stderr).toMatch(/RUNGS_TASK.* called back/)
    },
  )

  it('lets run() end when main has nothing to clean up', async () => {
    expect(await runProgram('interrupted.js', ['no cleanup'])).toMatchObject({ code: 0, stdout: 'The task was cancelled: SIGINT\n' })
  })

  it('still ends the program with an error that nobody handles', async () => {
    const { code, stdout, stderr } = await runProgram('interrupted.js', ['another error'])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/RangeError: of its own/)
  })

  it('ends the program with the cancellation of main where nobody handles that', async () => {
    const { code, stderr } = await runProgram('interrupted.js', ['no cleanup', 'uncaught'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/CancelledError: The task was cancelled: SIGINT/)
  })
})
