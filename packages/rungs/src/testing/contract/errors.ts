import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import {
  DeviceError,
  double,
  echo,
  longWithFunction,
  reasonOfSignal,
  throwAggregate,
  throwDeviceError,
  throwIt,
  throwLater,
  throwPartly,
  throwWeakMap,
} from './functions.js'
import type { Group } from './scene.js'

const falsy: readonly unknown[] = [undefined, null, 0, -0, Number.NaN, '', false, 0n]
const thrown: readonly unknown[] = ['a string', 42, { code: 'E_PLAIN', list: [1] }, Symbol.for('rungs.contract')]

export const errorCases: Group = (add, { separate }) => {
  if (separate) {
    add('says by name that what was thrown cannot cross', async ({ open }) => {
      await assert.rejects(open().submit(throwWeakMap), { code: 'ERR_RUNGS_NOT_SHIPPABLE', name: 'NotShippableError' })
    })

    add('describes the errors of an AggregateError that cannot cross, and keeps the others', async ({ open }) => {
      const error = await open().submit(throwPartly).exception()
      assert.ok(error instanceof AggregateError)
      const [first, second, third] = error.errors as unknown[]
      assert.ok(first instanceof RangeError)
      assert.match(String(second), /^\[cannot cross: .*errors\[1\]/)
      assert.equal(third, 'third')
    })
  }

  if (separate) {
    add('says NotShippableError also of what only structured clone finds, and goes on', async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      const code = 'ERR_RUNGS_NOT_SHIPPABLE'
      // The first call of a function, with which its definition goes.
      await assert.rejects(pool.submit(echo<number[]>, longWithFunction()), { code })
      assert.equal(await pool.submit(echo<number>, 1), 1)
      await assert.rejects(pool.submit(longWithFunction), { code, path: 'result' })
      const records = await pool.map(echo<unknown>, [1, longWithFunction(), 3], { chunkSize: 3, onError: 'settle' }).toArray()
      assert.deepEqual(
        records.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
    })
  }

  add('shows an error as the reason of a signal that was aborted before', async ({ open }) => {
    assert.deepEqual(await open().submit(reasonOfSignal, AbortSignal.abort(new RangeError('given up'))), [true, 'RangeError', 'given up'])
  })

  for (const value of falsy) {
    add(`a call that throws ${inspect(value)} has failed, and the value is what was thrown`, async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      const seen = await pool.submit(throwIt, value).then(
        () => 'it went well',
        (reason: unknown) => ({ reason }),
      )
      assert.deepStrictEqual(seen, { reason: value })
      const later = await pool.submit(throwLater, value).then(
        () => 'it went well',
        (reason: unknown) => ({ reason }),
      )
      assert.deepStrictEqual(later, { reason: value })
      assert.equal(await pool.submit(double, 1), 2)
    })
  }

  for (const value of thrown) {
    add(`passes on ${inspect(value)} as it was thrown, though it is no Error`, async ({ open }) => {
      await open()
        .submit(throwIt, value)
        .then(
          () => assert.fail('it went well'),
          (reason: unknown) => assert.deepStrictEqual(reason, value),
        )
    })
  }

  for (const ErrorClass of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]) {
    add(`brings back a ${ErrorClass.name} as one, with its message`, async ({ open }) => {
      const error = await open().submit(throwIt, new ErrorClass('said')).exception()
      assert.ok(error instanceof ErrorClass)
      assert.deepEqual([error.constructor, error.name, error.message], [ErrorClass, ErrorClass.name, 'said'])
    })
  }

  add(
    'brings back an error of a class of the user with its class, fields, code and cause, without calling its constructor',
    async ({ open }) => {
      const error = await open().submit(throwDeviceError, 'sw1', 22).exception()
      assert.ok(error instanceof DeviceError, inspect(error))
      assert.deepEqual(
        { name: error.name, code: error.code, message: error.message, device: error.device, port: error.port, seen: error.seen },
        {
          name: 'DeviceError',
          code: 'E_DEVICE',
          message: 'no answer from sw1:22',
          device: { host: 'sw1' },
          port: 22,
          seen: new Map([['attempts', 3]]),
        },
      )
      assert.ok(error.cause instanceof TypeError)
      assert.equal(error.cause.message, 'the cause')
    },
  )

  add('brings back an AggregateError with its errors, also those that are none', async ({ open }) => {
    const error = await open().submit(throwAggregate).exception()
    assert.ok(error instanceof AggregateError)
    const [first, ...others] = error.errors as unknown[]
    assert.ok(first instanceof RangeError)
    assert.deepEqual(others, ['two', null])
  })

  add('keeps own fields of a built-in error, also one that is the error itself', async ({ open }) => {
    const error: Error & { code?: string; self?: unknown; list?: number[] } = new Error('with fields')
    error.code = 'E_FIELDS'
    error.list = [1, 2]
    error.self = error
    const back = (await open().submit(throwIt, error).exception()) as typeof error
    assert.deepEqual([back.code, back.list], ['E_FIELDS', [1, 2]])
    assert.equal(back.self, back)
  })

  add('brings back a DOMException with its name', async ({ open }) => {
    const error = await open().submit(throwIt, new DOMException('gone', 'AbortError')).exception()
    assert.ok(error instanceof Error)
    assert.deepEqual([error.name, error.message], ['AbortError', 'gone'])
  })

  add('has in its stack where it was thrown and where the call was submitted', async ({ open }) => {
    const error = await submitHere(open).exception()
    assert.ok(error instanceof Error)
    assert.match(String(error.stack), /throwDeviceError/)
    assert.match(String(error.stack), /submitHere/)
  })
}

function submitHere(open: Parameters<Parameters<Parameters<Group>[0]>[1]>[0]['open']) {
  return open().submit(throwDeviceError, 'sw1', 22)
}
