// Serves a site. A process of its own, so that ten thousand pages do not take the time of whoever reads them.
//
//   node make-site.js 10000 --seed 1     until Ctrl-C; then try a browser
//
// main.js starts it with a channel: it says where it is, how it was asked, and ends when the channel does, whatever ended that.
import { parseArgs } from 'node:util'
import { positiveInteger, seedNumber, UsageError } from '../fleet/arguments.js'
import type { FromSite } from './site.js'
import { SiteServer } from './site-server.js'

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: 'string', default: '1' }, hosts: { type: 'string', default: '4' } },
  })
  const server = await SiteServer.start({
    pages: positiveInteger('the number of pages', positionals[0] ?? '10000', 1_000_000),
    seed: seedNumber(values.seed),
    hosts: positiveInteger('--hosts', values.hosts, 100),
  })
  const tell = (message: FromSite) => process.send?.(message)
  if (process.send === undefined) console.log(`${server.origins[0]}/page/0 is up; Ctrl-C ends it`)
  process.on('message', () => tell({ type: 'reports', reports: server.reports }))
  tell({ type: 'up', origins: [...server.origins] })
}

if (process.send !== undefined) {
  process.on('disconnect', () => process.exit(0))
  // Ctrl-C reaches the whole group; whoever reads the site decides what then happens to it.
  process.on('SIGINT', () => {})
}

main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? error.message : error)
  process.exit(error instanceof UsageError ? 2 : 1)
})
