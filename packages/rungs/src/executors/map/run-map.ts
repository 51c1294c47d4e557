// What map and starmap of every executor are made of.
import { type CheckedCallOptions, checkMapOptions } from '../../core/call-options.js'
import type { MapOptions, MapResults } from '../../core/executor.js'
import { requireFunction } from '../../core/options.js'
import type { ArgsOf } from './args.js'
import { MapRun } from './map-run.js'
import { sourceOf } from './source.js'
import type { Callee, Submitter } from './submitter.js'
import { Witness } from './witness.js'

/**
 * Runs `fn` for every item.
 * @param argsOf `mapArgs` or `starmapArgs`
 * @param below the function whose caller called map: its place is told when nobody looks at a failure
 * @throws what is wrong with the options, what reading an iterable throws, and what the submitter throws
 */
export function runMap<R>(
  submitter: Submitter,
  fn: Callee,
  items: Iterable<unknown> | AsyncIterable<unknown>,
  argsOf: ArgsOf,
  options: MapOptions | undefined,
  base: CheckedCallOptions,
  below: Callee = runMap as Callee,
): MapResults<R> & AsyncDisposable {
  requireFunction('The function', fn)
  const { call, map } = checkMapOptions(options === undefined ? {} : options, base)
  const source = sourceOf(items)
  submitter.check()
  submitter.hold?.(fn)
  const run = new MapRun<R>({ submitter, fn, argsOf, call, map, source, witness: new Witness(call.key, below) })
  run.start()
  return run
}
