// In a program of its own: Vitest reads modules of data in its own way, and has node:fs/promises loaded.
import { describe, expect, it } from 'vitest'
import { runProgram } from '../fixtures/run-program.js'

describe('modules that need more than their name', () => {
  it('are imported there as they were here: JSON, and what node:fs has as `promises`', async () => {
    const { stdout } = await runProgram('json/main.js')
    const text = '{ "a": 7 }'
    const line = JSON.stringify([14, 7, 7, 7, [8], text, text, text, 'function'])
    expect(stdout.trim().split('\n')).toEqual([line, line])
  })
})
