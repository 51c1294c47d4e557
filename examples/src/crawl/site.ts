// The other end of make-site: starts that process, and ends it.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { SiteOptions } from './plan.js'
import type { HostReport } from './site-server.js'

export type FromSite = { readonly type: 'up'; readonly origins: string[] } | { readonly type: 'reports'; readonly reports: HostReport[] }

export class Site implements AsyncDisposable {
  readonly origins: readonly string[]
  readonly #process: ChildProcess

  static async start({ pages, hosts, seed }: SiteOptions): Promise<Site> {
    const args = [String(pages), '--seed', String(seed), '--hosts', String(hosts)]
    const child = fork(fileURLToPath(new URL('make-site.js', import.meta.url)), args)
    const message = await next(child)
    if (message.type !== 'up') throw new Error('the site said something else before it was up')
    return new Site(child, message.origins)
  }

  private constructor(child: ChildProcess, origins: readonly string[]) {
    this.#process = child
    this.origins = origins
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** How each of its hosts was asked so far. */
  async reports(): Promise<HostReport[]> {
    const heard = next(this.#process)
    this.#process.send('report')
    const message = await heard
    return message.type === 'reports' ? message.reports : []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL') // It holds nothing that could be lost.
    await ended
  }
}

async function next(child: ChildProcess): Promise<FromSite> {
  const done = new AbortController()
  const ended = once(child, 'exit', { signal: done.signal }).then(([code, signal]) => {
    throw new Error(`the process of the site ended with ${signal ?? `code ${code}`}`)
  })
  try {
    const [message] = await Promise.race([once(child, 'message', { signal: done.signal }), ended])
    return message as FromSite // It is our own program that speaks.
  } finally {
    done.abort()
    ended.catch(() => {}) // The loser of the race is told by an abort; nobody waits for it.
  }
}
