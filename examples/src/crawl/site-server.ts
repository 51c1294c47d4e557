// Serves a planned site, one HTTP server for each of its hosts, and watches how it is asked.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type PagePlan, planSite, type SiteOptions, urlOf } from './plan.js'

/** How a host was asked. */
export interface HostReport {
  readonly requests: number
  /** The most requests that were there at once, of those that are answered. */
  readonly peak: number
}

interface Host {
  readonly server: Server
  readonly report: { requests: number; peak: number; active: number }
}

const filler = 'All work and no play makes a page of some length. '.repeat(20)
const chunk = Buffer.alloc(16_384, 'x')

export class SiteServer implements AsyncDisposable {
  readonly origins: readonly string[]
  readonly #hosts: readonly Host[]
  readonly #plan: readonly PagePlan[]
  readonly #asked = new Map<number, number>()

  static async start(options: SiteOptions): Promise<SiteServer> {
    const servers = Array.from({ length: options.hosts }, () => createServer())
    await Promise.all(servers.map((server) => once(server.listen(0, '127.0.0.1'), 'listening')))
    return new SiteServer(servers, planSite(options))
  }

  private constructor(servers: readonly Server[], plan: readonly PagePlan[]) {
    this.#plan = plan
    this.#hosts = servers.map((server) => ({ server, report: { requests: 0, peak: 0, active: 0 } }))
    this.origins = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`) // It listens.
    for (const host of this.#hosts) host.server.on('request', (request, response) => this.#answer(host, request, response))
  }

  get reports(): HostReport[] {
    return this.#hosts.map(({ report: { requests, peak } }) => ({ requests, peak }))
  }

  #answer({ report }: Host, request: IncomingMessage, response: ServerResponse): void {
    report.requests++
    const url = new URL(request.url ?? '/', 'http://site')
    const page = this.#plan[Number(/^\/page\/(\d+)$/.exec(url.pathname)?.[1] ?? -1)]
    // One that is given up there is still here for a moment.
    if (page?.behaviour.kind !== 'silent' && page?.behaviour.kind !== 'endless') {
      report.peak = Math.max(report.peak, ++report.active)
      const ended = (): void => {
        response.off('finish', ended).off('close', ended)
        report.active--
      }
      response.once('finish', ended).once('close', ended)
    }
    if (page === undefined) response.writeHead(404).end()
    // A moment, so that requests are here together.
    else setTimeout(() => this.#show(page, Number(url.searchParams.get('hop') ?? 0), response), 1 + (page.index % 5))
  }

  #show(page: PagePlan, hop: number, response: ServerResponse): void {
    const { behaviour } = page
    switch (behaviour.kind) {
      case 'page':
        return void response.writeHead(200, { 'content-type': 'text/html' }).end(this.#html(page))
      case 'flaky': {
        const asked = (this.#asked.get(page.index) ?? 0) + 1
        this.#asked.set(page.index, asked)
        if (asked <= behaviour.failures) return void response.writeHead(503).end()
        return void response.writeHead(200, { 'content-type': 'text/html' }).end(this.#html(page))
      }
      case 'redirect':
        return void response.writeHead(302, { location: this.#url(behaviour.to) }).end()
      case 'loop':
        return void response.writeHead(302, { location: `/page/${page.index}${hop === 2 ? '' : `?hop=${hop + 1}`}` }).end()
      case 'runaway':
        return void response.writeHead(302, { location: `/page/${page.index}?hop=${hop + 1}` }).end()
      case 'missing':
        return void response.writeHead(404).end()
      case 'broken':
        return void response.writeHead(500).end()
      case 'silent':
        return
      case 'hangs up':
        return void response.destroy()
      case 'endless': {
        response.writeHead(200, { 'content-type': 'text/html' })
        const more = (): void => {
          while (!response.destroyed && response.write(chunk));
        }
        response.on('drain', more)
        more()
      }
    }
  }

  #html(page: PagePlan): string {
    const links = page.links.map((index) => `<a href="${this.#url(index)}">page ${index}</a>`)
    return `<!doctype html><title>Page ${page.index}</title><p>${filler}</p>\n${links.join('\n')}\n`
  }

  #url(index: number): string {
    const page = this.#plan[index]
    return page === undefined ? '/' : urlOf(page, this.origins)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#hosts.map(async ({ server }) => {
        const closed = once(server.close(), 'close')
        server.closeAllConnections()
        await closed
      }),
    )
  }
}
