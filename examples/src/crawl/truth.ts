// What a crawler should find, from the plan of the site; and where it found something else.
import type { CrawlOptions, Found } from './crawler.js'
import { type PagePlan, urlOf } from './plan.js'

export function truthOf(
  plan: readonly PagePlan[],
  origins: readonly string[],
  { attempts }: Pick<CrawlOptions, 'attempts'>,
): Map<string, Found> {
  const url = (index: number): string => urlOf(plan[index] as PagePlan, origins) // The plan speaks of its own pages.
  return new Map(plan.map((page) => [url(page.index), found(page)]))

  function found({ behaviour, links }: PagePlan): Found {
    const page = (attempts: number): Found => ({ kind: 'page', links: links.map(url), attempts })
    const problem = (problem: string, attempts = 1): Found => ({ kind: 'problem', problem, attempts })
    switch (behaviour.kind) {
      case 'page':
        return page(1)
      case 'flaky':
        return behaviour.failures < attempts ? page(behaviour.failures + 1) : problem('status 503', attempts)
      case 'redirect':
        return { kind: 'redirect', to: url(behaviour.to) }
      case 'loop':
        return problem('redirect loop')
      case 'runaway':
        return problem('too many redirects')
      case 'missing':
        return problem('status 404')
      case 'broken':
        return problem('status 500', attempts)
      case 'silent':
        return problem('timed out', attempts)
      case 'hangs up':
        return problem('connection lost', attempts)
      case 'endless':
        return problem('body too large')
    }
  }
}

/** A line for each address that is not as it should be. */
export function differences(found: ReadonlyMap<string, Found>, truth: ReadonlyMap<string, Found>): string[] {
  const lines: string[] = []
  for (const [url, expected] of truth) {
    const got = found.get(url)
    if (got === undefined) lines.push(`${url} was not found`)
    else if (describe(got) !== describe(expected)) lines.push(`${url} is ${describe(got)}, and should be ${describe(expected)}`)
  }
  for (const url of found.keys()) if (!truth.has(url)) lines.push(`${url} should not be there`)
  return lines
}

/** How often a page that failed at first was asked depends on who else came by: only that it was read counts. */
function describe(found: Found): string {
  if (found.kind === 'page') return `a page with the links ${found.links.join(' ')}`
  if (found.kind === 'redirect') return `a redirect to ${found.to}`
  return `a problem: ${found.problem} after ${found.attempts} attempts`
}
