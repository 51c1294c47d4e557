// Which way the items of a map go.
import type { AsyncResource } from 'node:async_hooks'
import type { CheckedCallOptions } from '../../core/call-options.js'
import type { MapOptions } from '../../core/executor.js'
import { type ArgsOf, mapArgs } from './args.js'
import type { Carrier, Sink } from './carrier.js'
import { Chunks } from './chunks.js'
import { Singles } from './singles.js'
import type { Callee, Submitter } from './submitter.js'
import { Together } from './together.js'

export interface MapCalls {
  readonly submitter: Submitter
  readonly fn: Callee
  readonly argsOf: ArgsOf
  readonly call: CheckedCallOptions
  readonly map: MapOptions
}

/** `eager`: the source is read at the call. `context`: that of whoever called map. */
export function carrierFor({ submitter, fn, argsOf, call, map }: MapCalls, eager: boolean, context: AsyncResource, sink: Sink): Carrier {
  // The map has one listener for its signal; its items need none.
  const each = { ...call, signal: undefined }
  const size = sizeOf(map.chunkSize, submitter, each)
  const { submitBatch } = submitter
  // A deadline runs for each call from the submit on, also while it waits.
  if (size === 1 && eager && submitBatch !== undefined && argsOf === mapArgs && call.deadline === undefined) {
    return new Together({ submitBatch, fn, call: each, keepInputs: map.onError === 'settle' }, sink)
  }
  return size === 1
    ? new Singles({ submitter, fn, argsOf, call: each, keepInputs: map.onError === 'settle' }, sink)
    : new Chunks({ submitter, fn, argsOf, call: each, size, eager, context }, sink)
}

/** What an item of its own needs cannot be had in a chunk. */
function sizeOf(chunkSize: MapOptions['chunkSize'], { sends }: Submitter, call: CheckedCallOptions): number | 'auto' {
  const { timeout, deadline, retries, transfer, onProgress } = call
  const alone = [timeout, deadline, retries, transfer, onProgress].some((option) => option !== undefined)
  return !sends || alone ? 1 : (chunkSize ?? 1)
}
