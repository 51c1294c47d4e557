import { describe, expect, it } from 'vitest'
import { runProgram } from '../fixtures/run-program.js'

describe('workers within workers', () => {
  it('come to an end when a module of a call imports the entry script, with an error that says so', async () => {
    const { stdout, code } = await runProgram('reruns/main.js')
    expect(stdout.match(/^runs$/gm)).toHaveLength(7)
    expect(stdout).toMatch(/BrokenExecutorError: .*within 6 others.*imports the entry script/)
    expect(stdout.trim().endsWith('\n42')).toBe(true)
    expect(code).toBe(0)
  })
})
