// What a fleet is made of. A pure function of its arguments: the same count, seed and latency give the same devices.
import { type Random, seededRandom } from './random.js'
import { type VendorName, vendorNames, vendors } from './vendors.js'

/** What a device does when it is asked:
 *
 *   answers       as most do
 *   slow          answers, after a login of four times the longest latency more
 *   silent once   says nothing on the first connection, answers on the second
 *   resets once   resets the first connection, answers on the second
 *   refuses       has another password
 *   silent        accepts connections and never says a word
 */
export type Behaviour = 'answers' | 'slow' | 'silent once' | 'resets once' | 'refuses' | 'silent'

export interface DevicePlan {
  readonly index: number
  readonly name: string
  readonly site: string
  readonly vendor: VendorName
  readonly version: string
  readonly behaviour: Behaviour
  /** How long it takes over each of the three steps, in milliseconds. */
  readonly latency: { readonly login: number; readonly version: number; readonly config: number }
}

export interface FleetOptions {
  readonly count: number
  readonly seed: number
  /** The bounds of a latency, in milliseconds. */
  readonly latency: { readonly min: number; readonly max: number }
}

const sites = ['ams', 'ber', 'cdg', 'hel', 'lhr', 'mad', 'vie', 'zrh'] as const

export function planFleet({ count, seed, latency }: FleetOptions): DevicePlan[] {
  const behaviours = behavioursOf(count, seededRandom(seed))
  return behaviours.map((behaviour, index) => {
    // Its own stream, so that a device stays as it is when the fleet grows.
    const random = seededRandom(seed * 1_000_003 + index)
    const site = random.pick(sites)
    const vendor = random.pick(vendorNames)
    return {
      index,
      name: `sw-${site}-${String(index + 1).padStart(4, '0')}`,
      site,
      vendor,
      version: random.pick(vendors[vendor].versions),
      behaviour,
      latency: {
        login: random.between(latency.min, latency.max) + (behaviour === 'slow' ? 4 * latency.max : 0),
        version: random.between(latency.min, latency.max),
        config: random.between(latency.min, latency.max),
      },
    }
  })
}

// Counts and not odds: a fleet of 16 has one of each, a fleet of 1,000 has ten.
function behavioursOf(count: number, random: Random): Behaviour[] {
  const odd = (share: number) => (count < 10 ? 0 : Math.max(1, Math.round(count * share)))
  const behaviours: Behaviour[] = [
    ...Array<Behaviour>(odd(0.01)).fill('refuses'),
    ...Array<Behaviour>(odd(0.01)).fill('silent'),
    ...Array<Behaviour>(odd(0.01)).fill('slow'),
    ...Array<Behaviour>(odd(0.005)).fill('silent once'),
    ...Array<Behaviour>(odd(0.005)).fill('resets once'),
  ]
  return random.shuffled([...behaviours, ...Array<Behaviour>(count - behaviours.length).fill('answers')])
}
