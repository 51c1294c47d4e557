import type { MadeDevice } from './fleet.js'
import type { Device } from './inventory.js'
import type { Options } from './options.js'
import { ProgressLine } from './progress-line.js'
import type { DeviceResult } from './result.js'
import { idealTime } from './truth.js'
import { ask, backoff, type Way } from './ways.js'

/** All devices asked in one way. */
export interface Round {
  readonly name: string
  readonly results: readonly DeviceResult[]
  /** What they should be; unknown, as is the ideal time, when the devices are not of our making. */
  readonly made: readonly MadeDevice[] | undefined
  readonly tookMs: number
  readonly idealMs: number | undefined
}

interface RoundOptions extends Pick<Options, 'timeout' | 'retries'> {
  readonly made: readonly MadeDevice[] | undefined
  readonly signal: AbortSignal
  readonly onResult: (result: DeviceResult) => void
}

/** Ends early, with the results there are, when `signal` is aborted. */
export async function runRound(way: Way, devices: readonly Device[], options: RoundOptions): Promise<Round> {
  const { made, signal, timeout, retries, onResult } = options
  const results: DeviceResult[] = []
  const line = new ProgressLine(way.name, process.stderr)
  const started = performance.now()
  try {
    await using pool = way.open()
    for await (const result of ask(pool, devices, { timeout, retries, signal, progress: (progress) => line.update(progress) })) {
      if (signal.aborted) break
      results.push(result)
      onResult(result)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    line.end()
  }
  const tookMs = performance.now() - started
  return { name: way.name, results, made, tookMs, idealMs: made && idealTime(made, way.concurrency, { timeout, retries, backoff }) }
}
