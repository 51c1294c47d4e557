// The list of `with({ transfer })` and of map(): what belongs to a call moves with it, the rest stays.
import { MessageChannel } from 'node:worker_threads'
import { NotShippableError, ProcessPoolExecutor, ThreadPoolExecutor, transfer } from 'rungs'
import { afterAll, describe, expect, it } from 'vitest'

const bytesOf = (lengths: number[]): Uint8Array<ArrayBuffer>[] => lengths.map((length) => new Uint8Array(length).fill(length))

describe.each([
  ['threads', new ThreadPoolExecutor(1), true],
  ['processes', new ProcessPoolExecutor(1), false],
] as const)('on %s', (_, pool, moves) => {
  afterAll(() => pool.shutdown())

  it.each([1, 3])('each item of a map takes what is its own, in chunks of %s', async (chunkSize) => {
    const all = bytesOf([1, 2, 300_000])
    const list = all.map((bytes) => bytes.buffer)
    const sums = pool.map((bytes) => bytes.reduce((sum, one) => sum + one, 0), all, { transfer: list, chunkSize })
    expect(await sums.toArray()).toEqual([1, 4, 300_000 * (300_000 % 256)])
    expect(list.every((buffer) => buffer.byteLength === 0)).toBe(moves)
  })

  it('what is not in the call stays', async () => {
    const [sent, kept] = bytesOf([4, 5]) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>]
    const given = pool.with({ transfer: [sent.buffer, kept.buffer] })
    expect(await given.submit((o) => o.bytes.length, { bytes: sent })).toBe(4)
    expect([sent.length, kept.length]).toEqual([moves ? 0 : 4, 5])
    expect(await given.submit(() => 1)).toBe(1)
    expect(kept.length).toBe(5)
  })

  it('what is captured moves as well, also when it is an argument too', async () => {
    const [one, both] = bytesOf([6, 7]) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>]
    const given = pool.with({ transfer: [one.buffer, both.buffer] })
    expect(await given.submit((again) => [one.length, both.length, again === both], both)).toEqual([6, 7, true])
    expect([one.length, both.length]).toEqual(moves ? [0, 0] : [6, 7])
  })

  it('refuses what was moved away before, if the call has it', async () => {
    const [gone, here] = bytesOf([8, 9]) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>]
    structuredClone(gone.buffer, { transfer: [gone.buffer] })
    const given = pool.with({ transfer: [gone.buffer, here.buffer] })
    expect(await given.submit((bytes) => bytes.length, here)).toBe(9)
    const error = await given.submit((bytes) => bytes.length, gone).exception()
    expect(error).toBeInstanceOf(NotShippableError)
    expect(String(error)).toMatch(/argument 0\.buffer cannot cross: the ArrayBuffer was moved away before/)
  })

  it('refuses other values at once, and shows them', () => {
    const wrong: [unknown, RegExp][] = [
      [5, /\[0\] must be an ArrayBuffer, .*got 5/],
      [null, /\[0\] must be .*got null/],
      [new Uint8Array(2), /\[0\] must be .*got Uint8Array.*\. Write its buffer/],
      [new SharedArrayBuffer(1), /\[0\] must be .*got SharedArrayBuffer.*without being given it/],
      [{}, /\[0\] must be .*got \{\}/],
    ]
    for (const [value, message] of wrong) {
      const list = [value] as ArrayBuffer[]
      expect(() => pool.with({ transfer: list })).toThrow(message)
      expect(() => pool.with({ transfer: list })).toThrow(TypeError)
      expect(() => pool.map((n) => n, [1], { transfer: list })).toThrow(message)
      expect(() => transfer({}, list)).toThrow(message)
    }
  })
})

it('takes ports, streams and buffers', async () => {
  const { port1 } = new MessageChannel()
  await using pool = new ThreadPoolExecutor(1)
  pool.with({ transfer: [port1, new ReadableStream(), new ArrayBuffer(1)] as ArrayBuffer[] })
  transfer({}, [port1])
  port1.close()
})

it('transfer() takes a list or none', () => {
  expect(() => transfer({}, 5 as never)).toThrow(/The list of transfer\(\) must be an array of transferable values, got 5/)
})
