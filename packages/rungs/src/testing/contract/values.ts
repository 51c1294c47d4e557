import assert from 'node:assert/strict'
import { Blob } from 'node:buffer'
import { callback } from '../../calls/marks.js'
import { transfer } from '../../calls/transfer.js'
import { NotShippableError } from '../../core/errors.js'
import { release } from './board.js'
import {
  addToSet,
  byteLengthOf,
  callBack,
  callBackFailure,
  DeviceError,
  double,
  echo,
  isAborted,
  lengthOfSet,
  returnWeakMap,
} from './functions.js'
import { hold, holdSync } from './functions-held.js'
import { submitUnshippable } from './functions-nested.js'
import type { Group } from './scene.js'

const circular: { name: string; self?: unknown } = { name: 'loop' }
circular.self = circular
const shared = { n: 1 }

/** Each must come back as it went. */
const values: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  true: true,
  '-0': -0,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  'a bigint': 2n ** 70n,
  'text of all kinds': 'a\u0000☃😀\ud800',
  'a Date': new Date(86_400_000),
  'a RegExp': /a(b)?/giu,
  'a Map with object keys': new Map<unknown, unknown>([
    ['a', new Map([[1, 2]])],
    [Number.NaN, -0],
  ]),
  'a Set': new Set([1, 'two', null]),
  'an array with undefined in it': [1, undefined, 3],
  'an object with undefined in it': { a: undefined, b: { c: [] } },
  'a Uint8Array': new Uint8Array([1, 2, 255]),
  'a Float64Array': new Float64Array([0.5, -0, Number.NaN]),
  'a BigInt64Array': new BigInt64Array([-1n]),
  'an ArrayBuffer': new Uint8Array([1, 2, 3]).buffer,
  'a DataView': new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2),
  'an object without a prototype': Object.assign(Object.create(null), { a: 1 }),
}

export const valueCases: Group = (add, { separate, transfers, sharedMemory }) => {
  for (const [name, value] of Object.entries(values)) {
    add(`takes and gives back ${name}`, async ({ open }) => {
      const back = await open({ maxWorkers: 1 }).submit(echo, value)
      // An object without a prototype arrives with the usual one where structured clone carries it.
      if (name === 'an object without a prototype') assert.deepEqual({ ...(back as object) }, { ...(value as object) })
      else assert.deepStrictEqual(back, value)
    })
  }

  add('takes and gives back what contains itself', async ({ open }) => {
    const back = (await open().submit(echo, circular)) as typeof circular
    assert.equal(back.self, back)
    assert.equal(back.name, 'loop')
  })

  add('keeps what is the same object the same object', async ({ open }) => {
    const [a, b] = (await open().submit(echo, [shared, shared])) as [object, object]
    assert.equal(a, b)
  })

  add('takes an error as a value, with its class, name, message and cause', async ({ open }) => {
    const back = await open().submit(echo, new RangeError('no', { cause: 1 }))
    assert.ok(back instanceof RangeError)
    assert.deepEqual([back.name, back.message, back.cause], ['RangeError', 'no', 1])
  })

  add('takes an instance of a class that both sides can load, and gives back an instance', async ({ open }) => {
    const back = await open().submit(echo, new DeviceError({ host: 'sw1' }, 22))
    assert.ok(back instanceof DeviceError)
    assert.equal(back.device.host, 'sw1')
  })

  add('takes an AbortSignal, which aborts there when it aborts here', async ({ open, settle }) => {
    const pool = open()
    const stop = new AbortController()
    const future = pool.submit(isAborted, stop.signal)
    await settle()
    stop.abort('enough')
    assert.equal(await future, 'enough')
    assert.equal(await pool.submit(isAborted, AbortSignal.abort('before')), 'before')
  })

  add('takes a callback(), which runs here when the call calls it there', async ({ open }) => {
    const heard: number[] = []
    const onNews = callback((n: number) => {
      heard.push(n)
      return n + 1
    })
    assert.equal(await open().submit(callBack, onNews, 20), 21)
    assert.deepEqual(heard, [20])
  })

  add('brings the failure of a callback() to the call that called it', async ({ open }) => {
    const fails = callback((n: number) => {
      throw new RangeError(`no ${n}`)
    })
    await assert.rejects(open().submit(callBack, fails, 20), /no 20/)
  })

  if (separate) {
    add('fails a callback() whose result cannot cross, with the path to what it is', async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      const gives = callback(() => ({ held: new WeakMap() }))
      const failure = await pool.submit(callBackFailure, gives)
      assert.deepEqual([failure.name, failure.path], ['NotShippableError', 'result.held'])
    })

    add('fails the future of a submit() inside a call whose argument cannot cross', async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      assert.equal(await pool.submit(submitUnshippable, pool), 'NotShippableError')
    })

    add('gives the call a copy: what it changes is not changed here', async ({ open }) => {
      const given = new Set([1])
      assert.equal(await open().submit(addToSet, given, 2), 2)
      assert.deepEqual(given, new Set([1]))
    })

    add('takes a snapshot of the arguments in submit: what is changed here later is not seen there', async ({ open, board }) => {
      const pool = open({ maxWorkers: 1 })
      const b = board()
      const held = pool.submit(hold, b)
      const given = new Set([1])
      const future = pool.submit(lengthOfSet, given)
      given.add(2)
      release(b)
      assert.equal(await future, 1)
      await held
    })

    add(
      'fails the future with NotShippableError when an argument cannot cross; submit does not throw and the pool goes on',
      async ({ open }) => {
        const pool = open({ maxWorkers: 1 })
        const future = pool.submit(echo, { deep: { inside: new WeakMap() } })
        await assert.rejects(future, (error: unknown) => {
          assert.ok(error instanceof NotShippableError, String(error))
          assert.equal(error.code, 'ERR_RUNGS_NOT_SHIPPABLE')
          assert.match(error.path, /inside/)
          return true
        })
        assert.equal(await pool.submit(double, 1), 2)
        assert.equal(pool.stats.restarts, 0)
      },
    )

    add('fails the future with NotShippableError when the result cannot cross; the worker survives', async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      await assert.rejects(pool.submit(returnWeakMap), NotShippableError)
      assert.equal(await pool.submit(double, 1), 2)
      assert.equal(pool.stats.restarts, 0)
    })

    add('harms no other call of a batch when one cannot cross', async ({ open }) => {
      const pool = open({ maxWorkers: 1 })
      const futures = [pool.submit<[unknown], unknown>(echo, 1), pool.submit(echo, new WeakSet()), pool.submit(echo, 3)]
      const ended = await Promise.allSettled(futures)
      assert.deepEqual(
        ended.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
    })

    add('refuses a getter that throws while it is read, for that call alone', async ({ open }) => {
      const pool = open()
      const trap = {
        get bad(): number {
          throw new Error('read')
        },
      }
      const ended = await Promise.allSettled([pool.submit(echo, trap), pool.submit(double, 2)])
      assert.equal(ended[1]?.status, 'fulfilled')
    })
  } else {
    add('gives a task the very same objects, as nothing is copied within a thread', async ({ open }) => {
      const value = { weak: new WeakMap(), fn: () => 1 }
      assert.equal(await open().submit(echo, value), value)
    })
  }

  if (transfers) {
    add('moves what `with({ transfer })` lists: the buffer is empty here', async ({ open }) => {
      const buffer = new ArrayBuffer(1_000)
      assert.equal(
        await open()
          .with({ transfer: [buffer] })
          .submit(byteLengthOf, buffer),
        1_000,
      )
      assert.equal(buffer.byteLength, 0)
    })

    add('moves what is marked with transfer()', async ({ open }) => {
      const bytes = new Uint8Array(1_000)
      const back = await open().submit(echo, transfer(bytes))
      assert.equal(bytes.byteLength, 0)
      assert.equal(back.byteLength, 1_000)
    })

    for (const size of [1_000, 100_000, 1_000_000]) {
      add(`has moved a buffer of ${size} bytes when submit() returns, also for a call that waits`, async ({ open, board }) => {
        const b = board()
        const pool = open({ maxWorkers: 1 })
        const first = pool.submit(holdSync, b, 7)
        const waiting = [1, 2, 3].map((n) => {
          const bytes = new Uint8Array(size).fill(n)
          const future = pool.with({ priority: n }).submit(echo, transfer(bytes))
          assert.equal(bytes.byteLength, 0)
          return future
        })
        waiting[1]?.cancel()
        release(b)
        assert.equal(await first, 7)
        for (const n of [3, 1]) assert.deepEqual(await waiting[n - 1], new Uint8Array(size).fill(n))
      })
    }

    add('copies a buffer that nobody asked to move', async ({ open }) => {
      const buffer = new ArrayBuffer(1_000)
      assert.equal(await open().submit(byteLengthOf, buffer), 1_000)
      assert.equal(buffer.byteLength, 1_000)
    })
  } else {
    add('ignores `transfer`, as there is nothing to move to', async ({ open }) => {
      const buffer = new ArrayBuffer(1_000)
      assert.equal(
        await open()
          .with({ transfer: [buffer] })
          .submit(byteLengthOf, buffer),
        1_000,
      )
      assert.equal(buffer.byteLength, 1_000)
    })
  }

  if (sharedMemory) {
    add('shares a SharedArrayBuffer: both sides see the same memory', async ({ open }) => {
      const memory = new SharedArrayBuffer(4)
      const back = await open().submit(echo, new Int32Array(memory))
      new Int32Array(memory)[0] = 7
      assert.equal(back[0], 7)
    })
  }

  add('takes megabytes, both ways', async ({ open }) => {
    const bytes = new Uint8Array(4_000_000).fill(7)
    const back = await open().submit(echo, bytes)
    assert.equal(Buffer.compare(back, bytes), 0)
  })

  add('takes a Blob, which only some ways of sending can carry, or refuses it by name', async ({ open }) => {
    const future = open().submit(echo, new Blob(['abc']))
    const [ended] = await Promise.allSettled([future])
    if (ended?.status === 'fulfilled') assert.equal(ended.value.size, 3)
    else assert.ok(ended?.reason instanceof NotShippableError)
  })
}
