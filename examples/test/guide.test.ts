import { expect, it } from 'vitest'
import { linesOf, run } from './program.js'

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
