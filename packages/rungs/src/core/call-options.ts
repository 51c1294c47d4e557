// The options of calls and maps, checked once where they were written.
import type { CallOptions, MapOptions } from './executor.js'
import { requireDuration, requireFunction, requireInteger, requireKey, requireKnown, requireOneOf, requireSignal, show } from './options.js'
import { type CheckedRetries, checkRetries } from './retry.js'
import { requireTransferables } from './transferables.js'

/** CallOptions whose values are known to be right, with their defaults. */
export interface CheckedCallOptions {
  readonly signal: AbortSignal | undefined
  readonly timeout: number | undefined
  readonly deadline: number | undefined
  readonly grace: number
  readonly retries: CheckedRetries | undefined
  readonly priority: number
  readonly transfer: readonly import('./executor.js').Transferable[] | undefined
  readonly key: string | undefined
  readonly onProgress: CallOptions['onProgress']
}

const callOptionNames: readonly (keyof CallOptions)[] = [
  'signal',
  'timeout',
  'deadline',
  'grace',
  'retries',
  'priority',
  'transfer',
  'key',
  'onProgress',
]

const mapOptionNames: readonly (keyof MapOptions)[] = [
  ...callOptionNames,
  'ordered',
  'bufferSize',
  'chunkSize',
  'mapTimeout',
  'onError',
  'progress',
]

export const defaultCallOptions: CheckedCallOptions = {
  signal: undefined,
  timeout: undefined,
  deadline: undefined,
  grace: 1_000,
  retries: undefined,
  priority: 0,
  transfer: undefined,
  key: undefined,
  onProgress: undefined,
}

/** The options of `with`, over those of an earlier `with`. */
export function checkCallOptions(options: CallOptions, base: CheckedCallOptions = defaultCallOptions): CheckedCallOptions {
  requireKnown('The call options', options, callOptionNames)
  return mergeCallOptions(options, base)
}

/** The options of a map, split into those of each call and those of the map. */
export function checkMapOptions(options: MapOptions, base: CheckedCallOptions): { call: CheckedCallOptions; map: MapOptions } {
  requireKnown('The options of map()', options, mapOptionNames)
  const { ordered, bufferSize, chunkSize, mapTimeout, onError, progress } = options
  if (ordered !== undefined) requireOneOf('ordered', ordered, [true, false])
  if (bufferSize !== undefined && bufferSize !== Number.POSITIVE_INFINITY) requireInteger('bufferSize', bufferSize, 1)
  if (chunkSize !== undefined && chunkSize !== 'auto') {
    if (typeof chunkSize !== 'number') throw new TypeError(`chunkSize must be an integer of at least 1 or 'auto', got ${show(chunkSize)}`)
    requireInteger('chunkSize', chunkSize, 1)
  }
  if (mapTimeout !== undefined) requireDuration('mapTimeout', mapTimeout)
  if (onError !== undefined) requireOneOf('onError', onError, ['throw', 'settle'])
  if (progress !== undefined && typeof progress !== 'boolean' && typeof progress !== 'function')
    throw new TypeError(`progress must be true, false or a function, got ${show(progress)}`)
  return { call: mergeCallOptions(options, base), map: options }
}

function mergeCallOptions(options: CallOptions, base: CheckedCallOptions): CheckedCallOptions {
  const { signal, timeout, deadline, grace, retries, priority, transfer, key, onProgress } = options
  if (signal !== undefined) requireSignal('signal', signal)
  if (timeout !== undefined) requireDuration('timeout', timeout)
  if (deadline !== undefined) requireDuration('deadline', deadline)
  if (grace !== undefined) requireDuration('grace', grace)
  if (priority !== undefined && (typeof priority !== 'number' || Number.isNaN(priority))) {
    throw new TypeError(`priority must be a number, got ${show(priority)}`)
  }
  if (transfer !== undefined) requireTransferables('transfer', transfer)
  requireKey(key)
  if (onProgress !== undefined) requireFunction('onProgress', onProgress)
  return {
    signal: signal ?? base.signal,
    timeout: finite(timeout ?? base.timeout),
    deadline: finite(deadline ?? base.deadline),
    grace: grace ?? base.grace,
    retries: retries === undefined ? base.retries : checkRetries(retries),
    priority: priority ?? base.priority,
    transfer: transfer ?? base.transfer,
    key: key ?? base.key,
    onProgress: onProgress ?? base.onProgress,
  }
}

/** No timer is needed for what never comes. */
function finite(ms: number | undefined): number | undefined {
  return ms === Number.POSITIVE_INFINITY ? undefined : ms
}
