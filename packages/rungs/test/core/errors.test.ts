import { describe, expect, it } from 'vitest'
import * as errors from '../../dist/core/errors.js'

const { BrokenExecutorError, CancelledError, ExecutorShutdownError, InvalidStateError } = errors
const { NotShippableError, QueueFullError, RungsError, TimeoutError, WorkerDiedError } = errors

const table = [
  [new CancelledError(), 'CancelledError', 'ERR_RUNGS_CANCELLED'],
  [new TimeoutError(), 'TimeoutError', 'ERR_RUNGS_TIMEOUT'],
  [new InvalidStateError(), 'InvalidStateError', 'ERR_RUNGS_INVALID_STATE'],
  [new QueueFullError(), 'QueueFullError', 'ERR_RUNGS_QUEUE_FULL'],
  [new ExecutorShutdownError(), 'ExecutorShutdownError', 'ERR_RUNGS_SHUTDOWN'],
  [new BrokenExecutorError(), 'BrokenExecutorError', 'ERR_RUNGS_BROKEN'],
  [new WorkerDiedError('dead'), 'WorkerDiedError', 'ERR_RUNGS_WORKER_DIED'],
  [new NotShippableError('no', 'argument 0'), 'NotShippableError', 'ERR_RUNGS_NOT_SHIPPABLE'],
  [new RungsError('base'), 'RungsError', 'ERR_RUNGS'],
] as const

describe.each(table)('%s', (error, name, code) => {
  it('is an error of the library, with its name and its code', () => {
    expect(error).toBeInstanceOf(RungsError)
    expect(error).toBeInstanceOf(Error)
    expect([error.name, error.code, error.constructor.name]).toEqual([name, code, name])
  })

  it('shows its name in its text and its stack', () => {
    expect(String(error)).toMatch(new RegExp(`^${name}`))
    expect(error.stack).toContain('errors.test.ts')
  })
})

describe('errors of the library', () => {
  it('have codes that differ', () => {
    expect(new Set(table.map(([, , code]) => code)).size).toBe(table.length)
  })

  it('are all in the table', () => {
    expect(Object.keys(errors).sort()).toEqual(table.map(([, name]) => name).sort())
  })

  it('are of the classes above them', () => {
    expect(new WorkerDiedError('dead')).toBeInstanceOf(BrokenExecutorError)
    for (const [error, name] of table) {
      if (name !== 'WorkerDiedError' && name !== 'BrokenExecutorError') expect(error).not.toBeInstanceOf(BrokenExecutorError)
    }
  })

  it('have a cause when one was given, and none otherwise', () => {
    const cause = new RangeError('below')
    for (const Class of [TimeoutError, QueueFullError, BrokenExecutorError, ExecutorShutdownError, InvalidStateError]) {
      expect(new Class('text', { cause }).cause).toBe(cause)
      expect('cause' in new Class('text')).toBe(false)
    }
    expect(new NotShippableError('text', 'path', { cause }).cause).toBe(cause)
    expect(new WorkerDiedError('text', { cause }).cause).toBe(cause)
    expect('cause' in new WorkerDiedError('text')).toBe(false)
  })
})

describe('CancelledError', () => {
  it('has the reason of the cancel, which is also its cause unless another was given', () => {
    const reason = new RangeError('why')
    expect([new CancelledError('text', { reason }).reason, new CancelledError('text', { reason }).cause]).toEqual([reason, reason])
    expect(new CancelledError('text', { reason, cause: 1 }).cause).toBe(1)
    expect(new CancelledError().reason).toBeUndefined()
    expect('cause' in new CancelledError()).toBe(false)
  })

  it('keeps a falsy reason', () => {
    for (const reason of [0, '', false, null]) expect(new CancelledError('text', { reason }).reason).toBe(reason)
  })
})

describe('WorkerDiedError', () => {
  it('has what is known of the death', () => {
    const error = new WorkerDiedError('dead', { exitCode: 0, signal: 'SIGKILL', worker: 'fleet-0', key: 'sw1' })
    expect([error.exitCode, error.signal, error.worker, error.key]).toEqual([0, 'SIGKILL', 'fleet-0', 'sw1'])
    const bare = new WorkerDiedError('dead')
    expect([bare.exitCode, bare.signal, bare.worker, bare.key]).toEqual([undefined, undefined, undefined, undefined])
  })
})

describe('NotShippableError', () => {
  it('has the path to the value', () => {
    expect(new NotShippableError('no', 'argument 0.socket').path).toBe('argument 0.socket')
  })
})
