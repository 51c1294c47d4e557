import { describe, expect, it } from 'vitest'
import { planFleet } from '../dist/fleet/plan.js'
import { readHostname, readVersion, showRunningConfig, vendorNames, vendors } from '../dist/fleet/vendors.js'

const options = { count: 200, seed: 7, latency: { min: 50, max: 400 } }
const countOf = (count: number, behaviour: string) =>
  planFleet({ ...options, count }).filter((device) => device.behaviour === behaviour).length

describe('the plan of a fleet', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planFleet(options)).toEqual(planFleet(options))
    expect(planFleet(options)).not.toEqual(planFleet({ ...options, seed: 8 }))
  })

  it('has one in a hundred that refuse, one that are silent, two that are slow or fail once', () => {
    expect(['refuses', 'silent', 'slow', 'silent once', 'resets once'].map((behaviour) => countOf(200, behaviour))).toEqual([2, 2, 2, 1, 1])
    expect(['refuses', 'silent', 'slow', 'silent once', 'resets once'].map((behaviour) => countOf(16, behaviour))).toEqual([1, 1, 1, 1, 1])
    expect(countOf(3, 'answers')).toBe(3)
  })

  it('keeps to its latencies, but for the login of the slow', () => {
    for (const { behaviour, latency } of planFleet(options)) {
      const login = behaviour === 'slow' ? latency.login - 4 * 400 : latency.login
      for (const ms of [login, latency.version, latency.config]) {
        expect(ms).toBeGreaterThanOrEqual(50)
        expect(ms).toBeLessThanOrEqual(400)
      }
    }
  })
})

describe('what devices print', () => {
  it.each(vendorNames)('%s is read back, vendor and version', (vendor) => {
    for (const version of vendors[vendor].versions) {
      expect(readVersion(vendors[vendor].showVersion({ name: 'sw-1', version }))).toEqual({ vendor, version })
    }
    expect(readHostname(showRunningConfig({ name: 'sw-1', vendor, site: 'ams', index: 3 }))).toBe('sw-1')
  })

  it('is not taken for a version when it is something else', () => {
    expect(readVersion('% Invalid input: show version\n')).toBeUndefined()
  })
})
