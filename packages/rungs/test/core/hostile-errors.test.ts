// Errors and stacks belong to the program: whatever it has done to them, a call gives its own outcome, and nothing breaks.
import { Future, TaskPoolExecutor, ThreadPoolExecutor } from 'rungs'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { runProgram } from '../fixtures/run-program.js'

const pools = { tasks: new TaskPoolExecutor(1), threads: new ThreadPoolExecutor(1) }
afterAll(() => Promise.all(Object.values(pools).map((pool) => pool.shutdown())))

describe.each(['tasks', 'threads'] as const)('on %s', (rung) => {
  it.each(['stack', 'message', 'name'] as const)('an error whose %s cannot be read is the error of the call', async (key) => {
    const fail = (key: string): never => {
      const error = new RangeError('x')
      Object.defineProperty(error, key, {
        get() {
          throw new Error('getter')
        },
      })
      throw error
    }
    for (let round = 0; round < 3; round++) expect(await pools[rung].submit(fail, key).exception()).toBeInstanceOf(Error)
    const records = await pools[rung].map(fail, [key, key], { onError: 'settle' }).toArray()
    expect(records.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await pools[rung].submit((n: number) => n + 1, 1)).toBe(2)
  })

  describe('while', () => {
    const { prepareStackTrace, stackTraceLimit } = Error
    afterEach(() => {
      Error.prepareStackTrace = prepareStackTrace
      Error.stackTraceLimit = stackTraceLimit
    })

    const settings: Record<string, () => void> = {
      'prepareStackTrace gives the frames': () => {
        Error.prepareStackTrace = (_, frames) => frames
      },
      'prepareStackTrace gives nothing': () => {
        Error.prepareStackTrace = () => undefined
      },
      'prepareStackTrace throws': () => {
        Error.prepareStackTrace = () => {
          throw new Error('prepare')
        }
      },
      'there is no stackTraceLimit': () => {
        delete (Error as { stackTraceLimit?: number }).stackTraceLimit
      },
      'stackTraceLimit is 0': () => {
        Error.stackTraceLimit = 0
      },
    }
    it.each(Object.keys(settings))('%s', async (name) => {
      settings[name]?.()
      const failure = await pools[rung]
        .submit(() => {
          throw new RangeError('boom')
        })
        .exception()
      const value = await pools[rung].submit(() => 1)
      Error.prepareStackTrace = prepareStackTrace
      Error.stackTraceLimit = stackTraceLimit
      expect(failure).toBeInstanceOf(RangeError)
      expect(value).toBe(1)
    })
  })
})

it('Error may be frozen', async () => {
  const { code, stdout, stderr } = await runProgram('frozen-error.js')
  expect([code, stdout.trim(), stderr]).toEqual([0, '1 RangeError boom 1 RangeError boom 1 RangeError boom', ''])
})

describe('a future that is resolved with', () => {
  it('itself fails, as a promise does', async () => {
    const { future, resolve } = Future.withResolvers<unknown>()
    resolve(future)
    await expect(future.result()).rejects.toThrow(TypeError)
  })

  it('one that was resolved with it fails', async () => {
    const [one, other] = [Future.withResolvers<unknown>(), Future.withResolvers<unknown>()]
    one.resolve(other.future)
    other.resolve(one.future)
    await expect(one.future.result()).rejects.toThrow('Chaining cycle')
    await expect(other.future.result()).rejects.toThrow('Chaining cycle')
  })

  it('another one gives what that gives', async () => {
    const [one, other] = [Future.withResolvers<unknown>(), Future.withResolvers<unknown>()]
    one.resolve(other.future)
    other.resolve(5)
    expect(await one.future).toBe(5)
  })
})
