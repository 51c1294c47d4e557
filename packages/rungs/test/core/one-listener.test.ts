// Many may wait with one signal, such as that of the whole program: it has one listener then, and none when nobody waits any more.
import { getEventListeners } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { CancelledError } from '../../dist/core/errors.js'
import { onAbort } from '../../dist/core/on-abort.js'
import { asCompleted, Future, wait } from '../../dist/index.js'
import { sleep } from '../../dist/sync/index.js'

type Wait = (future: Future<number>, signal: AbortSignal) => Promise<unknown>

const waits: [string, Wait][] = [
  ['future.result()', (future, signal) => future.result({ signal })],
  ['future.exception()', (future, signal) => future.exception({ signal })],
  ['wait()', (future, signal) => wait([future], { signal })],
  ['asCompleted()', (future, signal) => asCompleted([future], { signal }).next()],
  [
    'all of them, and sleep()',
    (future, signal) => Promise.all([...waits.slice(0, 4).map(([, wait]) => wait(future, signal)), sleep(0, { signal })]),
  ],
]

it.each(waits)('%s puts one listener on a signal for all, and takes it off', async (_, begin) => {
  const warnings: Error[] = []
  const listener = (warning: Error): void => void warnings.push(warning)
  process.on('warning', listener)
  onTestFinished(() => void process.off('warning', listener))
  const controller = new AbortController()
  const { signal } = controller
  const count = (): number => getEventListeners(signal, 'abort').length

  const first = Future.withResolvers<number>()
  const ended = Array.from({ length: 20 }, () => begin(first.future, signal))
  expect(count()).toBe(1)
  first.resolve(1)
  await Promise.all(ended)
  expect(count()).toBe(0)

  const { future } = Future.withResolvers<number>()
  const cut = Array.from({ length: 20 }, () => begin(future, signal).catch((error: unknown) => error))
  expect(count()).toBe(1)
  controller.abort('why')
  for (const error of await Promise.all(cut)) {
    expect(error).toBeInstanceOf(CancelledError)
    expect((error as CancelledError).reason).toBe('why')
  }
  expect(count()).toBe(0)
  await new Promise((resolve) => setImmediate(resolve))
  expect(warnings).toEqual([])
})

it('calls none that another has taken off', () => {
  const controller = new AbortController()
  const called: string[] = []
  onAbort(controller.signal, () => {
    called.push('first')
    forget()
  })
  const forget = onAbort(controller.signal, () => called.push('second'))
  onAbort(controller.signal, () => called.push('third'))
  controller.abort()
  expect(called).toEqual(['first', 'third'])
})
