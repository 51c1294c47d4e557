import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { captureCallSite, framesOf } from '../../dist/core/call-site.js'

function submit(): ReturnType<typeof captureCallSite> {
  return captureCallSite(submit)
}

function spendAll(): void {
  for (let calls = 0; submit() !== undefined; calls++) {
    if (calls > 100_000) throw new Error('the budget has no end')
  }
}

describe('the place of a submit', () => {
  it('has the frames of the caller and none of submit itself', () => {
    const frames = framesOf(submit()) ?? ''
    expect(frames).toContain('call-site.test.ts')
    expect(frames).not.toMatch(/at submit/)
  })

  it('is left out in a burst, and is there again for the first call after it', async () => {
    for (let burst = 0; burst < 3; burst++) {
      spendAll()
      await pause(5)
      expect(framesOf(submit())).toContain('call-site.test.ts')
    }
  })

  it('is there again in a program that never yields', () => {
    spendAll()
    const until = performance.now() + 10_000
    let site: ReturnType<typeof submit>
    while (site === undefined && performance.now() < until) site = submit()
    expect(site).toBeDefined()
  })
})
