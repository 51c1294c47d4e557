// Makes a fleet and keeps it up. A process of its own, so that a thousand devices do not take the time of whoever asks them.
//
//   node make-fleet.js 200 --seed 1 --inventory fleet.csv     until Ctrl-C; then try: ssh -p PORT admin@HOST
//
// main.js starts it with a channel: it then says which devices it made, and ends when the channel does, whatever ended that.
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { parseArgs } from 'node:util'
import { latencyRange, positiveInteger, seedNumber, UsageError } from './arguments.js'
import { DeviceServer } from './device-server.js'
import type { FromFleet, ToFleet } from './fleet.js'
import { formatInventory } from './inventory.js'
import { planFleet } from './plan.js'

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      inventory: { type: 'string', default: 'fleet.csv' },
      latency: { type: 'string', default: '50-400' },
    },
  })
  const plans = planFleet({
    count: positiveInteger('the number of devices', positionals[0] ?? '200', 10_000),
    seed: seedNumber(values.seed),
    latency: latencyRange(values.latency),
  })
  const hostOf = (await ownAddresses()) ? addressOf : () => '127.0.0.1'
  const servers = await Promise.all(plans.map((plan) => DeviceServer.start(plan, hostOf(plan.index))))
  const devices = servers.map(({ device }) => device)
  await writeFile(values.inventory, formatInventory(devices))

  if (process.send === undefined) {
    console.log(`${servers.length} devices are up; ${values.inventory} lists them; Ctrl-C ends them`)
    return
  }
  const tell = (message: FromFleet) => process.send?.(message)
  process.on('message', (message: ToFleet) => {
    for (const server of servers) server.forget()
    tell(message)
  })
  tell({ type: 'up', made: servers.map(({ device, plan }) => ({ ...device, ...plan })) })
}

// Linux has all of 127.0.0.0/8; elsewhere there is one address, and devices differ by port.
const addressOf = (index: number) => `127.10.${Math.floor(index / 250)}.${(index % 250) + 1}`

async function ownAddresses(): Promise<boolean> {
  const probe = createServer().listen({ host: addressOf(0), port: 0 })
  try {
    await once(probe, 'listening')
    return true
  } catch {
    return false
  } finally {
    probe.close()
  }
}

if (process.send !== undefined) {
  process.on('disconnect', () => process.exit(0))
  // Ctrl-C reaches the whole group. Whoever asks the devices decides what then happens to them.
  process.on('SIGINT', () => {})
}

main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? error.message : error)
  process.exit(error instanceof UsageError ? 2 : 1)
})
