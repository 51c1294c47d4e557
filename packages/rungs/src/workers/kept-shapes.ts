// What a call is made of, once, for good. V8 forgets what objects of a kind look like when none of them is alive at a garbage collection, and throws away
// the machine code that relies on it. Of a pool that is idle nothing is, and the next thousand calls would wait behind the compiler.
import { AsyncResource } from 'node:async_hooks'
import { PlainCall } from '../calls/index.js'
import { noContext } from '../core/async-context.js'
import { defaultCallOptions } from '../core/call-options.js'
import { fulfilFuture, startFuture } from '../core/future.js'
import { TaskCall, type TaskPlace } from './local.js'
import { LocalCalls } from './local-calls.js'
import { PoolState } from './pool-state.js'
import { Sending, SentCalls } from './sent-calls.js'
import type { CallPart, WaitingOwner } from './waiting-calls.js'
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

const owner: WaitingOwner = {
  state: new PoolState({
    maxWorkers: 1,
    minWorkers: 0,
    callsPerWorker: 1,
    maxTasksPerWorker: Number.POSITIVE_INFINITY,
    replaceDeadWorkers: true,
    idleTimeout: Number.POSITIVE_INFINITY,
  }),
  counts: { done: 0, failed: 0, busyMs: 0 },
  spare: [],
  attemptOf: endedCall,
  dropped: () => {},
  stopped: () => {},
  awaitedFuture: () => {},
  isOwn: () => false,
  isRunning: () => false,
  waitSync: undefined,
}

/** Calls that wait: one that a worker has, and others behind it; somebody awaits each. */
function waitingCalls(): unknown {
  const calls = new SentCalls(owner, true)
  for (let call = 0; call < 3; call++) {
    const future = calls.add(1, [call], undefined, 1)
    // Never settled: nobody hears of it.
    void new Promise((resolve, reject) => void future.then(resolve, reject))
  }
  const sending = new Sending()
  const attempt = endedCall()
  sending.attempt = attempt
  attempt.sending = sending
  sending.begin(attempt, calls, calls.shift())
  return [calls, sending]
}

/** The same of calls that are made on this event loop, and what one of them sees of itself. */
function waitingTasks(): unknown {
  const parts: CallPart[] = []
  const calls = new LocalCalls({
    ...owner,
    attemptOf: (part) => {
      const attempt = endedCall()
      part.attempt = attempt
      parts.push(part)
      return attempt
    },
  })
  for (let call = 0; call < 3; call++) {
    const future = calls.add(() => {}, [call], undefined, noContext)
    void new Promise((resolve, reject) => void future.then(resolve, reject))
  }
  const place: TaskPlace = { info: { name: '', index: 0, kind: 'task' }, progress: () => {} }
  const attempt = calls.take()
  return [calls, parts, new TaskCall(attempt, place, parts[0]?.future)]
}

/** Kept as long as whoever holds this. */
export const keptShapes: readonly unknown[] = [endedCall(), waitingCalls(), waitingTasks()]
