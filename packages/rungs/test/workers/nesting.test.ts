import { describe, expect, it } from 'vitest'
import { runProgram } from '../fixtures/run-program.js'

describe('workers within workers', () => {
  it('come to an end when a module of a call imports the entry script, with an error that says so', async () => {
    const { stdout, code } = await runProgram('reruns/main.js')
    // Who says it is deep inside, and is gone when its message is here.
    expect(stdout).toMatch(/told: BrokenExecutorError: .*within 6 others.*imports the entry script/)
    expect(code).toBe(0)
  })
})
