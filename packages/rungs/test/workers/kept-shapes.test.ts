import { expect, it } from 'vitest'
import { runProgram } from '../fixtures/run-program.js'

it('keeps calls that look as those that are made and those that wait, before and after a garbage collection with none alive', async () => {
  const { stdout } = await runProgram('kept-shapes.js', [], ['--expose-gc', '--allow-natives-syntax'])
  expect(JSON.parse(stdout)).toEqual({ before: Array(6).fill(true), after: Array(6).fill(true) })
})
