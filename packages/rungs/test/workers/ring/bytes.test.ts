// Bytes among the arguments of calls go to threads by memory of their own: whatever kind, size and option, what comes there is what was submitted, and
// the memory is used again when the call has ended, in whichever way it did.
import { deepStrictEqual } from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { NotShippableError, ThreadPoolExecutor, transfer, WorkerDiedError } from 'rungs'
import { afterAll, describe, expect, it } from 'vitest'
import { BulkReader, BulkStore } from '../../../dist/workers/ring/bulk.js'
import { about, addTo, areOfOne, bytesThen, diesOnceWith, echo, failsOnceWith, isTheSame, sameBuffer } from '../../fixtures/bytes.js'

const pool = new ThreadPoolExecutor(2)
afterAll(() => pool.shutdown())

const kinds = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
]
/** In bytes: around the sizes at which another way is taken. */
const sizes = [8, 1_000, 4_088, 4_096, 8_160, 8_192, 20_000, 262_144, 262_152, 1_500_000]

function filled(size: number): ArrayBuffer {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at++) bytes[at] = (at * 7 + (at >> 8)) & 127
  return bytes.buffer
}

/** The first calls of a function go another way than those after them. */
async function thrice(value: () => unknown, executor = pool): Promise<void> {
  for (let round = 0; round < 3; round++) deepStrictEqual(await executor.submit(echo, value()), value())
}

describe('arrive as what they are', () => {
  it.each(kinds.map((View) => ({ name: View.name, View })))('$name', async ({ View }) => {
    for (const size of sizes) await thrice(() => new View(filled(size)))
  })

  it('ArrayBuffer', async () => {
    for (const size of sizes) await thrice(() => filled(size))
  })

  it('Buffer, also of length 0, and only its own part of a pool', async () => {
    for (const size of [0, 1, ...sizes]) await thrice(() => Buffer.from(filled(size)))
    const part = Buffer.from(filled(10_000)).subarray(100, 9_000)
    for (let round = 0; round < 3; round++) {
      expect(await pool.submit(about, part)).toEqual({ name: 'Buffer', byteLength: 8_900, ofBuffer: 8_900, first: part[0] })
    }
  })

  it('with other arguments around them, and with a key, a timeout, retries', async () => {
    const bytes = new Uint8Array(filled(20_000))
    for (const options of [
      {},
      { key: 'ä key' },
      { timeout: 10_000 },
      { retries: 2 },
      { key: 'k', timeout: 10_000, retries: 1, priority: 3 },
    ]) {
      for (let round = 0; round < 3; round++) {
        const back = await pool.with(options).submit(bytesThen, 'before', bytes, { after: [1, null, 'x'] })
        deepStrictEqual(back, ['before', bytes, { after: [1, null, 'x'] }, 'key' in options ? options.key : undefined])
      }
    }
  })

  it('two views of one buffer as that, and a view of a part with all of its buffer', async () => {
    const buffer = filled(20_000)
    for (let round = 0; round < 3; round++) {
      expect(await pool.submit(sameBuffer, new Uint8Array(buffer), new Uint16Array(buffer))).toBe(true)
      const back = await pool.submit(about, new Uint8Array(buffer, 4_096, 5_000))
      expect(back).toEqual({ name: 'Uint8Array', byteLength: 5_000, ofBuffer: 20_000, first: new Uint8Array(buffer)[4_096] })
    }
  })

  it('with properties and classes of their own', async () => {
    const decorated = Object.assign(new Uint8Array(64), { title: 'mine' })
    await thrice(() => decorated)
    const marked = Object.assign(Buffer.alloc(8), { title: 'mine' })
    await thrice(() => marked)
  })
})

it('are those of the time of submit, whether a worker is free or not', async () => {
  await using busy = new ThreadPoolExecutor(1)
  await busy.submit(echo, 0)
  for (const size of [100, 5_000, 20_000, 1_000_000]) {
    const sent = Array.from({ length: 20 }, (_, n) => {
      const bytes = Buffer.alloc(size, n)
      const future = busy.submit(echo, bytes)
      bytes.fill(255)
      return future
    })
    for (const [n, future] of sent.entries()) deepStrictEqual(await future, Buffer.alloc(size, n))
  }
})

describe('that are moved', () => {
  it.each([{ size: 100 }, { size: 20_000 }, { size: 262_144 }, { size: 1_000_000 }])(
    '$size are gone here at once or when they are sent',
    async ({ size }) => {
      for (let round = 0; round < 3; round++) {
        const buffer = filled(size)
        const back = pool.with({ transfer: [buffer] }).submit(about, new Uint8Array(buffer))
        expect(await back).toMatchObject({ name: 'Uint8Array', byteLength: size, ofBuffer: size })
        expect(buffer.byteLength).toBe(0)
        const bytes = Buffer.from(filled(size))
        expect(await pool.submit(about, transfer(bytes))).toMatchObject({ name: 'Buffer', byteLength: size })
        expect(bytes.byteLength).toBe(0)
      }
    },
  )

  it('cannot be sent twice', async () => {
    for (const size of [100, 20_000, 1_000_000]) {
      const bytes = new Uint8Array(filled(size))
      await pool.submit(about, transfer(bytes))
      await expect(pool.submit(about, bytes).result()).rejects.toThrow(NotShippableError)
    }
  })
})

describe('are sent again', () => {
  it('when the call failed, moved or not', async () => {
    for (const size of [100, 20_000]) {
      for (let round = 0; round < 3; round++) {
        const buffer = filled(size)
        const again = pool.with({ retries: 2, transfer: round === 2 ? [buffer] : [] })
        deepStrictEqual(await again.submit(failsOnceWith, new Uint8Array(buffer)), new Uint8Array(filled(size)))
      }
    }
  })

  it('when the worker died', async () => {
    await using mortal = new ThreadPoolExecutor(1)
    for (let round = 0; round < 3; round++) {
      const bytes = new Uint8Array(filled(20_000))
      deepStrictEqual(await mortal.with({ retries: 1 }).submit(diesOnceWith, bytes), bytes)
    }
  })
})

it('leave their memory to others when the call has ended, whichever way', { timeout: 60_000 }, async () => {
  const { SharedArrayBuffer: Shared } = globalThis
  const size = 50_000
  let made = 0
  globalThis.SharedArrayBuffer = class extends Shared {
    constructor(bytes: number) {
      super(bytes)
      if (bytes > size && bytes < 2 * size) made++
    }
  } as SharedArrayBufferConstructor
  try {
    await using mortal = new ThreadPoolExecutor(2)
    await mortal.submit(echo, 0)
    const round = async (): Promise<void> => {
      const all = Array.from({ length: 40 }, async (_, n) => {
        const bytes = Buffer.alloc(size, n)
        const kind = n % 8
        if (kind === 1) return expect(mortal.submit(bytesThen, 'throw', bytes, {}).result()).rejects.toThrow(RangeError)
        if (kind === 2) return expect(mortal.submit(bytesThen, 'exit', bytes, {}).result()).rejects.toThrow(WorkerDiedError)
        if (kind === 3) return expect(mortal.with({ timeout: 20 }).submit(bytesThen, 'wait', bytes, {}).result()).rejects.toThrow()
        if (kind === 4) return expect(mortal.with({ deadline: 20 }).submit(bytesThen, 'wait', bytes, {}).result()).rejects.toThrow()
        const future = mortal.submit(echo, bytes)
        if (kind === 5) return void future.cancel()
        if (kind === 6) return void setImmediate(() => future.cancel())
        deepStrictEqual(await future, Buffer.alloc(size, n))
      })
      await Promise.all(all)
      // Those that were cancelled are known to have ended when one that came after them has.
      await Promise.all([mortal.submit(echo, 1), mortal.submit(echo, 2), mortal.submit(echo, 3)])
    }
    await round()
    const afterOne = made
    for (let more = 0; more < 8; more++) await round()
    expect(afterOne).toBeGreaterThan(0)
    // As many as there were calls at once, and not some more for each round.
    expect(made).toBeLessThanOrEqual(44)
  } finally {
    globalThis.SharedArrayBuffer = Shared
  }
})

it('of a call that was taken back are read without harm when its memory has become that of another', () => {
  const store = new BulkStore()
  const reader = new BulkReader()
  const old = store.keep(0, new Uint8Array(5_000))
  if (old === undefined) throw new Error('no memory')
  reader.learn(old.memory, old.bytes.buffer as unknown as SharedArrayBuffer)
  store.release(old)
  const next = store.keep(0, new Uint8Array(5_100).fill(7))
  expect(next?.memory).toBe(old.memory)
  // The record in the ring still says how many there were.
  expect(() => reader.read(old.memory, 10, 5_000)).not.toThrow()
  expect(reader.read(old.memory, 0, 5_100)).toEqual(new Uint8Array(5_100).fill(7))
})

describe('that are shared', () => {
  // From the third call on the memory goes by its number.
  const rounds = 6

  it.each([...kinds, Buffer].map((View) => ({ name: View.name, View })))('are the same memory there: $name', async ({ View }) => {
    const memory = new SharedArrayBuffer(64)
    const from = View === Buffer ? (Buffer.from(memory, 16, 32) as unknown as Uint8Array) : undefined
    const view = from ?? new (View as typeof Uint8Array)(memory, 16, 32 / (View as typeof Uint8Array).BYTES_PER_ELEMENT)
    const expected = { name: View.name, byteOffset: 16, byteLength: 32, isShared: true }
    for (let round = 0; round < rounds; round++) expect(await pool.submit(addTo, view, 2, 3)).toEqual(expected)
    expect(Number(view[2])).toBe(3 * rounds)
  })

  it('are the same memory there: SharedArrayBuffer', async () => {
    const memory = new SharedArrayBuffer(8)
    for (let round = 0; round < rounds; round++) expect(await pool.submit(addTo, memory, 1, 2)).toMatchObject({ byteLength: 8 })
    expect([...new Uint8Array(memory)]).toEqual([0, 2 * rounds, 0, 0, 0, 0, 0, 0])
  })

  it('show what is changed after submit, as no copy would', async () => {
    const view = new Uint8Array(new SharedArrayBuffer(4))
    await using busy = new ThreadPoolExecutor(1)
    for (let round = 0; round < rounds; round++) {
      const futures = Array.from({ length: 40 }, () => busy.submit(addTo, view, 0, 1))
      view[1] = round
      await Promise.all(futures)
      expect([...view]).toEqual([40 * (round + 1), round, 0, 0])
    }
  })

  it('are in every worker, and in those that replace one', async () => {
    const view = new Uint8Array(new SharedArrayBuffer(8))
    await using mortal = new ThreadPoolExecutor({ maxWorkers: 3, maxTasksPerWorker: 5 })
    await Promise.all(Array.from({ length: 60 }, () => mortal.submit(addTo, view, 1, 1)))
    // Not atomic: only that each was there is sure.
    expect(view[1]).toBeGreaterThan(0)
    const again = new ThreadPoolExecutor(1)
    for (let round = 0; round < rounds; round++) {
      await again.submit(addTo, view, 0, 1)
      await expect(again.submit(bytesThen, 'exit', view, {}).result()).rejects.toThrow(WorkerDiedError)
    }
    expect(view[0]).toBe(rounds)
    await again.shutdown()
  })

  it('are one object there for as long as they are one here', async () => {
    const view = new Uint8Array(new SharedArrayBuffer(4))
    await using one = new ThreadPoolExecutor(1)
    const same: boolean[] = []
    for (let round = 0; round < rounds; round++) same.push(await one.submit(isTheSame, view))
    expect(same.slice(-2)).toEqual([true, true])
    expect(await one.submit(areOfOne, view, new Uint16Array(view.buffer))).toBe(true)
    const [a, b] = [new Uint8Array(new SharedArrayBuffer(4)), new Uint8Array(new SharedArrayBuffer(4))]
    for (let round = 0; round < rounds; round++) expect(await one.submit(areOfOne, a, b)).toBe(false)
  })

  it('with properties and classes of their own, or that can grow, go the long way', async () => {
    class Special extends Uint8Array {}
    const special = new Special(new SharedArrayBuffer(4) as unknown as ArrayBuffer)
    const named = Object.assign(new Uint8Array(new SharedArrayBuffer(4)), { unit: 'mm' })
    for (let round = 0; round < rounds; round++) {
      expect(await pool.submit(addTo, special, 0, 1)).toMatchObject({ isShared: true })
      expect(await pool.submit(addTo, named, 0, 1)).toMatchObject({ isShared: true })
    }
    expect([special[0], named[0]]).toEqual([rounds, rounds])
    const growing = Reflect.construct(SharedArrayBuffer, [4, { maxByteLength: 16 }]) as SharedArrayBuffer
    for (let round = 0; round < rounds; round++) {
      ;(growing as unknown as { grow(size: number): void }).grow(4 + round)
      expect(await pool.submit(addTo, growing, 0, 1)).toMatchObject({ byteLength: 4 + round })
    }
    expect(new Uint8Array(growing)[0]).toBe(rounds)
  })

  it('are forgotten there when nobody has them here', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const store = new BulkStore()
    const forgotten: number[] = []
    store.onForget((id) => forgotten.push(id))
    const use = (): unknown[] => {
      const memory = new SharedArrayBuffer(8)
      return [store.numberOf(memory), store.numberOf(memory), store.numberOf(memory)]
    }
    expect(use()).toEqual([undefined, 1, 1])
    while (forgotten.length === 0) {
      await turn()
      gc()
    }
    expect(forgotten).toEqual([1])
  })
})
