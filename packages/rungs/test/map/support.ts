// What those tests of a map share in which a pool is driven by hand.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { defaultCallOptions } from '../../dist/core/call-options.js'
import type { MapOptions, MapResults } from '../../dist/core/executor.js'
import { mapArgs } from '../../dist/executors/map/args.js'
import { runMap } from '../../dist/executors/map/run-map.js'
import { type FakeSubmitter, settle } from './fake-submitter.js'

export const done = { done: true, value: undefined }
export const value = (given: unknown) => ({ done: false, value: given })

export function mapOn(pool: FakeSubmitter, items: unknown, options?: MapOptions, argsOf = mapArgs): MapResults<unknown> & AsyncDisposable {
  return runMap(pool, () => {}, items as Iterable<unknown>, argsOf, options, defaultCallOptions)
}

/** What the promise has given, or that it is still pending. */
export async function now(promise: Promise<unknown>): Promise<unknown> {
  let said: unknown = 'pending'
  promise.then(
    (given) => {
      said = given
    },
    (error) => {
      said = { error }
    },
  )
  await settle()
  return said
}

export async function warningsDuring(act: () => unknown): Promise<string[]> {
  const warnings: string[] = []
  const listen = (warning: Error): void => void warnings.push(warning.message)
  process.on('warning', listen)
  await act()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  return warnings
}

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** Whatever nobody holds is gone. */
export async function collect(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
  await new Promise((resolve) => setImmediate(resolve))
}
