// What a task throws, and the reason for which it is cancelled, may be anything: looking at it throws nothing, and nobody waits for ever.
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { CancelledError } from '../../dist/core/errors.js'
import { allTasks, gather, run, shield, sleep, TaskGroup, timeout, waitFor } from '../../dist/sync/index.js'
import { start, turn } from './support.js'

afterEach(() => {
  expect(allTasks().size).toBe(0)
})

/** In a box: a promise that is resolved with it would look at it. */
const errorOf = (promise: PromiseLike<unknown>): Promise<{ readonly error: unknown }> =>
  Promise.resolve(
    promise.then(
      () => ({ error: 'nothing was thrown' }),
      (error: unknown) => ({ error }),
    ),
  )

const fail = (): never => {
  throw new Error('trap')
}
const withGetter = (key: string): unknown => Object.defineProperty(new RangeError('x'), key, { get: fail })
const revoked = (): unknown => {
  const { proxy, revoke } = Proxy.revocable(new Error('x'), {})
  revoke()
  return proxy
}
const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, fail]))

const hostile: [string, () => unknown][] = [
  ['an error whose name cannot be read', () => withGetter('name')],
  ['an error whose message cannot be read', () => withGetter('message')],
  ['an error whose cause cannot be read', () => withGetter('cause')],
  ['an error whose stack cannot be read', () => withGetter('stack')],
  ['an AbortError whose cause cannot be read', () => Object.defineProperty(withGetter('cause') as Error, 'name', { value: 'AbortError' })],
  ['an error whose message is a symbol', () => Object.assign(new Error(), { message: Symbol('x') })],
  ['a revoked proxy', revoked],
  ['a proxy whose traps throw', () => new Proxy(new Error('x'), traps)],
  ['an object without a prototype', () => Object.create(null)],
]

describe.each(hostile)('%s', (_, make) => {
  const value = make()
  const crash = async (): Promise<never> => {
    await turn()
    throw value
  }
  const isValue = (error: unknown): void => expect(Object.is(error, value)).toBe(true)
  const hasFirst = ({ error }: { readonly error: unknown }): void => {
    expect(error).toBeInstanceOf(AggregateError)
    isValue((error as AggregateError).errors[0])
  }

  it('is what a task, gather(), shield(), a timeout and run() throw', async () => {
    const thrown = [
      start(crash),
      start(() => {
        throw value
      }),
      gather([crash, () => sleep(1e6)]),
      gather([Promise.reject(value)]),
      shield(crash),
      timeout(1e6, crash),
      waitFor(crash, 1e6),
      run(crash),
    ].map(errorOf)
    for (const { error } of await Promise.all(thrown)) isValue(error)
  })

  it('is among the errors of a group', async () => {
    hasFirst(await errorOf(TaskGroup.run((group) => void group.spawn(crash))))
    hasFirst(await errorOf(TaskGroup.run(crash)))
    const open = (async () => {
      await using group = new TaskGroup()
      group.spawn(crash)
    })()
    hasFirst(await errorOf(open))
  })

  it('can be thrown by what cleans up', async () => {
    const warnings: Error[] = []
    const listener = (warning: Error): void => void warnings.push(warning)
    process.on('warning', listener)
    onTestFinished(() => void process.off('warning', listener))
    const task = start(async () => {
      await gather([
        async () => {
          try {
            await sleep(1e6)
          } finally {
            await crash()
          }
        },
      ])
    })
    await turn(2)
    task.cancel(value)
    expect((await errorOf(task)).error).toBeInstanceOf(CancelledError)
    await turn(2)
    expect(warnings).toMatchObject([{ code: 'RUNGS_TASK' }])
  })

  it('can be a reason to cancel', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const task = start(() => sleep(1e6))
    const waits = [
      sleep(1e6, { signal }),
      gather([() => sleep(1e6)], { signal }),
      timeout(1e6, () => sleep(1e6), { signal }),
      TaskGroup.run((group) => void group.spawn(sleep, 1e6), { signal }),
      run(() => sleep(1e6), { signal }),
      task,
    ].map(errorOf)
    await turn(2)
    task.cancel(value)
    controller.abort(value)
    for (const { error } of await Promise.all(waits)) {
      expect(error).toBeInstanceOf(CancelledError)
      isValue((error as CancelledError).reason)
    }
    await TaskGroup.run(async (group) => {
      group.cancel(value)
      await sleep(1e6)
    })
  })
})
