// What an imported function costs beyond its argument: the work of the library at both ends, in one thread. The way between them carries the number of
// the function in either case, and its noise would hide a difference this small.
import { Incoming } from '../../../packages/rungs/dist/calls/incoming.js'
import { Outgoing } from '../../../packages/rungs/dist/calls/outgoing.js'
import type { Sample } from '../claim.js'
import { echo } from '../fixtures/echo.js'
import { median } from '../statistics.js'

type Way = (n: number) => number

const BLOCKS = 40

/** Encoded here and decoded there: blocks of both in turn, of each the median block. */
export async function reference(count: number): Promise<Sample> {
  const outgoing = new Outgoing({ boundary: 'thread' })
  const incoming = new Incoming({ outgoing: new Outgoing({ boundary: 'thread' }) })
  const { target } = outgoing.ship(echo, [0])
  incoming.define(target, outgoing.definition(target))
  // The module of the function is loaded once.
  await incoming.load(target, undefined)
  const [together, alone] = await inTurn(
    count,
    (n) => {
      const call = outgoing.ship(echo, [n])
      const fn = incoming.load(call.target, call.captured) as typeof echo
      return fn(...(incoming.unpack(call.args) as [number]))
    },
    (n) => echo(incoming.unpack(outgoing.pack(n)) as number),
  )
  return { 'both µs': together, 'data alone µs': alone, 'adds µs': together - alone }
}

/** Microseconds per call of each way: those of the median block. */
async function inTurn(count: number, ...ways: [Way, Way]): Promise<[number, number]> {
  const size = Math.max(1, Math.floor(count / BLOCKS))
  const times: [number[], number[]] = [[], []]
  // The first block is to warm up.
  for (let block = -1; block < BLOCKS; block++) {
    for (const index of [0, 1] as const) {
      const way = ways[index]
      const started = performance.now()
      for (let n = 0; n < size; n++) if (way(n) !== n) throw new Error(`wrong result for ${n}`)
      if (block >= 0) times[index].push(((performance.now() - started) * 1000) / size)
    }
  }
  return [median(times[0]), median(times[1])]
}
