// What a call is made of, once, for good. V8 forgets what objects of a kind look like when none of them is alive at a garbage collection, and throws away
// the machine code that relies on it. Of a pool that is idle nothing is, and the next thousand calls would wait behind the compiler.
import { AsyncResource } from 'node:async_hooks'
import { PlainCall } from '../calls/index.js'
import { defaultCallOptions } from '../core/call-options.js'
import { fulfilFuture, startFuture } from '../core/future.js'
import { Attempt, type ItemOwner, oneCall, WorkItem } from './work-item.js'

const nobody: ItemOwner = { cancelled: () => {}, isRunning: () => false, awaited: () => {}, isOwn: () => false, waitSync: undefined }

/** A call that has ended. */
function endedCall(): Attempt {
  const context = new AsyncResource('rungs', { requireManualDestroy: true })
  const item = new WorkItem(nobody, () => {}, [], defaultCallOptions, oneCall, undefined, context)
  const attempt = new Attempt(item, 1)
  item.attempt = attempt
  item.shipped = new PlainCall(0, [])
  // Numbers that are no integers, as times are: a field that has only seen integers is another kind of field.
  attempt.sentAt = attempt.startedAt = item.startedAt = item.endedAt = 0.5
  startFuture(item.future)
  fulfilFuture(item.future, 0.5)
  return attempt
}

/** Kept as long as whoever holds this. */
export const keptShapes: readonly unknown[] = [endedCall()]
