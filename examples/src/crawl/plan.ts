// What a site is, from a seed: which pages there are, where they link to, and what is wrong with some of them.
import { type Random, seededRandom } from '../fleet/random.js'

/** How a page answers. `flaky`: 503 once or twice, then as it should. `loop` comes back to itself; `runaway` redirects on and on. */
export type Behaviour =
  | { readonly kind: 'page' }
  | { readonly kind: 'flaky'; readonly failures: number }
  | { readonly kind: 'redirect'; readonly to: number }
  | { readonly kind: 'loop' | 'runaway' | 'missing' | 'broken' | 'silent' | 'endless' | 'hangs up' }

export interface PagePlan {
  readonly index: number
  /** Which of the hosts has it. */
  readonly host: number
  readonly behaviour: Behaviour
  /** Indices of pages. Only what can be read has links. */
  readonly links: readonly number[]
}

export interface SiteOptions {
  readonly pages: number
  readonly hosts: number
  readonly seed: number
}

/** Every page can be reached from page 0, over pages that can be read. */
export function planSite({ pages, hosts, seed }: SiteOptions): PagePlan[] {
  const random = seededRandom(seed)
  const readable: [number, ...number[]] = [0]
  const links: number[][] = [[]]
  const behaviours: Behaviour[] = [{ kind: 'page' }]
  for (let index = 1; index < pages; index++) {
    // The newest half: a site that is deep, not a single page with links to all others.
    const parent = readable[random.between(readable.length >> 1, readable.length - 1)] ?? 0
    links[parent]?.push(index)
    links.push([])
    const behaviour = behaviourFrom(random, readable)
    behaviours.push(behaviour)
    if (behaviour.kind === 'page' || behaviour.kind === 'flaky') readable.push(index)
  }
  for (const index of readable) for (let i = random.between(0, 6); i > 0; i--) links[index]?.push(random.between(0, pages - 1))
  return behaviours.map((behaviour, index) => ({
    index,
    behaviour,
    host: index === 0 ? 0 : random.between(0, hosts - 1),
    links: random.shuffled([...new Set(links[index])]),
  }))
}

function behaviourFrom(random: Random, readable: readonly [number, ...number[]]): Behaviour {
  const of1000 = random.between(0, 999)
  if (of1000 < 30) return { kind: 'redirect', to: random.pick(readable) }
  if (of1000 < 50) return { kind: 'flaky', failures: random.between(1, 2) }
  if (of1000 < 60) return { kind: 'missing' }
  if (of1000 < 65) return { kind: 'broken' }
  if (of1000 < 69) return { kind: 'loop' }
  if (of1000 < 72) return { kind: 'runaway' }
  if (of1000 < 75) return { kind: 'endless' }
  if (of1000 < 78) return { kind: 'hangs up' }
  if (of1000 < 80) return { kind: 'silent' }
  return { kind: 'page' }
}

export const pathOf = ({ index }: PagePlan): string => `/page/${index}`

/** The address of a page, on hosts with these origins. */
export const urlOf = (page: PagePlan, origins: readonly string[]): string => `${origins[page.host]}${pathOf(page)}`
