import { expect, it } from 'vitest'
import { runProgram } from '../fixtures/run-program.js'

it('keeps a call that looks as those that are made, before and after a garbage collection with none alive', async () => {
  const { stdout } = await runProgram('kept-shapes.js', [], ['--expose-gc', '--allow-natives-syntax'])
  expect(JSON.parse(stdout)).toEqual({ before: [true, true, true], after: [true, true, true] })
})
