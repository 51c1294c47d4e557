import { describe, expect, it } from 'vitest'
import { runProgram } from '../fixtures/run-program.js'

interface Told {
  readonly code: string
  readonly name: string
  readonly message: string
  readonly cause: string
}

async function run(how: string): Promise<{ warnings: Told[]; lines: string[]; stderr: string }> {
  const { code, stdout, stderr } = await runProgram('unobserved.js', [how], ['--expose-gc'])
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  const lines = stdout.split('\n').filter((line) => line !== '')
  return {
    warnings: lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Told),
    lines: lines.filter((line) => !line.startsWith('{')),
    stderr,
  }
}

describe.concurrent('a failure that nobody looked at', () => {
  it('is a warning when the future is collected: once, with the error, the key and the place of submit', async ({ expect }) => {
    const { warnings, lines, stderr } = await run('collected')
    expect(warnings.length).toBe(1)
    expect(warnings[0]).toMatchObject({ code: 'RUNGS_UNOBSERVED', name: 'RungsWarning', cause: 'RangeError: no answer' })
    expect(warnings[0]?.message).toMatch(/The call "sw1" failed and nobody looked at its result/)
    expect(warnings[0]?.message).toMatch(/submitted\n\s+at .*unobserved\.js:\d+/)
    expect(warnings[0]?.message).toContain('no answer')
    expect(lines).toEqual(['collected'])
    expect(stderr).toContain('no answer')
  })

  it('is a warning at the end of the process when it was kept till then', async ({ expect }) => {
    const { warnings, lines, stderr } = await run('exit')
    expect(warnings.map(({ code }) => code)).toEqual(['RUNGS_UNOBSERVED'])
    expect(lines).toEqual(['at the end'])
    expect(stderr).toContain('no answer')
  })

  it('is one also when undefined was thrown', async ({ expect }) => {
    const { warnings } = await run('falsy')
    expect(warnings.map(({ message }) => /nobody looked .*undefined/s.test(message))).toEqual([true])
  })

  it('is none when it was awaited, asked for, or has a callback', async ({ expect }) => {
    expect((await run('looked')).warnings).toEqual([])
  })

  it('is none when the call was cancelled', async ({ expect }) => {
    expect((await run('cancelled')).warnings).toEqual([])
  })

  it('is one also after wait(), which does not say how a call has ended', async ({ expect }) => {
    expect((await run('waited')).warnings.length).toBe(1)
  })

  it('is a warning for each future', async ({ expect }) => {
    const { warnings } = await run('several')
    expect(warnings.map(({ message }) => /"([abc])"/.exec(message)?.[1]).sort()).toEqual(['a', 'b', 'c'])
  })

  it('is a warning also of a stream of which nobody has read so far, with the place of stream()', async ({ expect }) => {
    const { warnings, lines } = await run('streams')
    expect(warnings.map(({ message }) => /The call "([a-z ]+)"/.exec(message)?.[1])).toEqual(['never read'])
    expect(warnings[0]?.message).toMatch(/submitted\n\s+at .*unobserved\.js:\d+/)
    expect(lines).toEqual(['4'])
  })

  it('never raises unhandledRejection, also not after a wait for it that was too short', async ({ expect }) => {
    const { lines } = await run('unhandled')
    expect(lines).toEqual([])
  })
})
