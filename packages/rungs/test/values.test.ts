// The same values on every rung: what goes through a call, as an argument, a result, or what it throws, means the same on tasks, threads and
// processes. The table is the list of what is promised.
import assert from 'node:assert/strict'
import { callback, type Executor, Future, NotShippableError, ProcessPoolExecutor, TaskPoolExecutor, ThreadPoolExecutor } from 'rungs'
import { afterAll, describe, expect, it } from 'vitest'
import { echo, ProbeError, Reading, throwIt, throwSpecial } from './fixtures/work.js'

interface Row {
  readonly name: string
  readonly value: unknown
  /** Beyond that it is deeply equal. */
  readonly also?: (back: never, sent: unknown) => void
  /** Told apart from others by `also` alone. */
  readonly unequal?: boolean
}

const unique = Symbol('unique')
const shared = { n: 1 }
const cycle: { self?: unknown; map: Map<string, unknown> } = { map: new Map() }
cycle.self = cycle
cycle.map.set('up', cycle)
const sticky = /a(b)?/gy
sticky.lastIndex = 2
/** Comparing two of its kind would look at each hole. */
function sparse(first: unknown): unknown[] {
  const array: unknown[] = []
  array.length = 2 ** 32 - 1
  array[7] = first
  array[4_000_000_000] = 'last'
  return array
}

interface Resizable extends ArrayBuffer {
  resize(length: number): void
}
/** `resize` is newer than the declarations that we compile with. */
const resizable = (length: number, maxByteLength: number): Resizable =>
  Reflect.construct(ArrayBuffer, [length, { maxByteLength }]) as Resizable
const growing = resizable(16, 64)
const full = resizable(24, 24)
new Uint8Array(full).fill(7)
/** How long views are when their buffer has 8 bytes less; on tasks what came back is what was sent, so it is put back. */
function lengthsWhenShorter(buffer: ArrayBufferLike, views: readonly ArrayBufferView[]): number[] {
  const resized = buffer as Resizable
  const { byteLength } = resized
  const before = new Uint8Array(resized).slice()
  resized.resize(byteLength - 8)
  const lengths = views.map((view) => view.byteLength)
  resized.resize(byteLength)
  new Uint8Array(resized).set(before)
  return lengths
}

const buffer = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]).buffer
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251)

const rows: Row[] = [
  ...[undefined, null, true, false, 0, -0, 1, -1, 2 ** 31, -(2 ** 31) - 1, 0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.MIN_VALUE].map(
    (value) => ({
      name: Object.is(value, -0) ? '-0' : String(value),
      value,
    }),
  ),
  { name: 'bigints', value: [0n, -1n, 2n ** 200n] },
  { name: 'texts', value: ['', 'a\u0000b', 'ä☃😀', '\ud800', 'x'.repeat(5_000), 'ä'.repeat(100_000)] },
  { name: 'a text alone, with half a surrogate pair', value: '\udc00' },
  { name: 'a symbol of the registry', value: Symbol.for('rungs.test') },
  { name: 'a well-known symbol', value: Symbol.asyncIterator },
  { name: 'a unique symbol, which comes back as itself', value: unique },
  { name: 'boxed values', value: [Object(1), Object('a'), Object(true), Object(1n)] },
  { name: 'a Date', value: [new Date(86_400_000)] },
  { name: 'an invalid Date', value: new Date(Number.NaN), also: (back: Date) => assert.equal(String(back), 'Invalid Date'), unequal: true },
  { name: 'a RegExp, with its place', value: sticky, also: (back: RegExp) => assert.equal(back.lastIndex, 2) },
  {
    name: 'an array with holes, and more',
    value: Object.assign([1, undefined, 3], { length: 5, name: 'five' }),
    also: (back: unknown[]) => assert.deepEqual([1 in back, 3 in back, back.length], [true, false, 5]),
  },
  {
    name: 'a long array that is all but empty, as data alone',
    value: sparse(1),
    also: (back: unknown[]) =>
      assert.deepEqual(
        [back.length, Object.entries(back)],
        [
          2 ** 32 - 1,
          [
            ['7', 1],
            ['4000000000', 'last'],
          ],
        ],
      ),
    unequal: true,
  },
  {
    name: 'a long array that is all but empty, with what is not data',
    value: Object.assign(sparse(unique), { name: 'far' }),
    also: (back: unknown[]) => {
      assert.equal(back.length, 2 ** 32 - 1)
      assert.deepEqual(Object.entries(back), [
        ['7', unique],
        ['4000000000', 'last'],
        ['name', 'far'],
      ])
    },
    unequal: true,
  },
  { name: 'plain objects', value: { a: undefined, b: { c: [{}] }, 'odd key': 1, 7: 'number' } },
  {
    name: 'an object without a prototype',
    value: Object.assign(Object.create(null), { a: 1 }),
    also: (back: object) => assert.equal(Object.getPrototypeOf(back), null),
  },
  { name: 'a frozen object', value: Object.freeze({ a: 1 }), also: (back: object) => assert.ok(Object.isFrozen(back)) },
  { name: 'symbols as keys', value: { [Symbol.for('key')]: 1, [Symbol.iterator]: 2 } },
  {
    name: 'views that follow the length of their buffer, and one that does not',
    value: [new Uint32Array(growing, 4), new Uint8Array(growing, 0, 16), new Float64Array(full), new Uint8Array(full, 16, 8)],
    also: (back: [Uint32Array, Uint8Array, Float64Array, Uint8Array]) => {
      assert.deepEqual([...back[3]], [7, 7, 7, 7, 7, 7, 7, 7])
      assert.deepEqual(lengthsWhenShorter(back[0].buffer, [back[0], back[1]]), [4, 0])
      assert.deepEqual(lengthsWhenShorter(back[2].buffer, [back[2], back[3]]), [16, 0])
    },
    unequal: true,
  },
  { name: 'maps and sets in each other', value: new Map<unknown, unknown>([[{ k: 1 }, new Set([new Map([[Number.NaN, -0]])])]]) },
  {
    name: 'what contains itself',
    value: cycle,
    also: (back: typeof cycle) => {
      assert.equal(back.self, back)
      assert.equal(back.map.get('up'), back)
    },
  },
  {
    name: 'the same object twice',
    value: [shared, { shared }],
    also: (back: [object, { shared: object }]) => assert.equal(back[0], back[1].shared),
  },
  ...[Uint8Array, Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array].map(
    (View) => ({
      name: `a ${View.name}`,
      value: View.from([1, 2, 250]),
      also: (back: { byteOffset: number; buffer: ArrayBuffer; byteLength: number }) =>
        assert.equal(back.buffer.byteLength, back.byteLength),
    }),
  ),
  { name: 'a BigInt64Array', value: BigInt64Array.from([-1n, 2n]) },
  { name: 'an empty typed array', value: new Float64Array() },
  { name: 'an ArrayBuffer', value: bytes(10).buffer },
  { name: 'a DataView of a part', value: new DataView(buffer, 2, 3) },
  {
    name: 'two views of one buffer',
    value: [new Uint8Array(buffer, 0, 4), new Uint16Array(buffer, 2, 2), buffer],
    also: ([a, b, whole]: [Uint8Array, Uint16Array, ArrayBuffer]) => assert.ok(a.buffer === b.buffer && a.buffer === whole),
  },
  { name: 'large buffers, which go on their own', value: { one: bytes(70_000), two: [bytes(16_384).buffer, bytes(300_000)] } },
  { name: 'a megabyte in one view', value: bytes(1_000_003) },
  { name: 'a URL and its parameters', value: [new URL('https://a.b/c?d=e'), new URLSearchParams('a=1&a=2')].map(String) },
  {
    name: 'an instance of a class',
    value: new Reading('sw1', 1_200),
    also: (back: Reading) => {
      assert.ok(back instanceof Reading)
      assert.equal(back.kilowatts, 1.2)
    },
  },
  { name: 'a class, which comes back as itself', value: Reading, also: (back: unknown, sent) => assert.equal(back, sent), unequal: true },
  { name: 'a function, which comes back as itself', value: echo, also: (back: unknown, sent) => assert.equal(back, sent), unequal: true },
  { name: 'a built-in function', value: Math.max, also: (back: unknown, sent) => assert.equal(back, sent), unequal: true },
  {
    name: 'an error with a cause and fields',
    value: new ProbeError('no answer', { host: 'sw1' }, { cause: new RangeError('deep') }),
    also: (back: ProbeError) => {
      assert.ok(back instanceof ProbeError)
      assert.ok(back.cause instanceof RangeError)
      assert.deepEqual([back.name, back.message, back.code, back.device], ['ProbeError', 'no answer', 'E_PROBE', { host: 'sw1' }])
    },
    unequal: true,
  },
]

const falsy = [undefined, null, false, 0, -0, Number.NaN, '', 0n]

const rungs: readonly { readonly name: 'tasks' | 'threads' | 'processes'; readonly open: () => Executor }[] = [
  { name: 'tasks', open: () => new TaskPoolExecutor(1) },
  { name: 'threads', open: () => new ThreadPoolExecutor(1) },
  { name: 'processes', open: () => new ProcessPoolExecutor(1) },
]

describe.each(rungs)('$name: values', ({ name: rung, open }) => {
  const pool = open()
  afterAll(() => pool.shutdown())

  it.each(rows)('carry $name, there and back', async ({ value, also, unequal }) => {
    const back = await pool.submit(echo, value)
    if (!unequal) assert.deepStrictEqual(back, value)
    also?.(back as never, value)
  })

  it.each(falsy.map((value) => ({ value, name: Object.is(value, -0) ? '-0' : String(value) })))(
    'carry a thrown $name',
    async ({ value }) => {
      const future = pool.submit(throwIt, value)
      expect(Object.is(await future.exception(), value)).toBe(true)
    },
  )

  it('carry a SharedArrayBuffer as what it is, or say that it cannot cross', async () => {
    const memory = new SharedArrayBuffer(4)
    const future = pool.submit(echo, memory)
    if (rung !== 'processes') {
      new Uint8Array(memory)[0] = 7
      expect(new Uint8Array(await future)[0]).toBe(7)
      return
    }
    const error = await future.exception()
    expect(error).toBeInstanceOf(NotShippableError)
    expect(String(error)).toMatch(/SharedArrayBuffer/)
  })

  it('carry errors with class, fields, causes, and both stacks; every await has the same object', async () => {
    const future = pool.submit(throwSpecial, 'cause')
    const error = (await future.exception()) as ProbeError
    expect(error).toBeInstanceOf(ProbeError)
    expect(error).toMatchObject({ name: 'ProbeError', message: 'outer', code: 'E_PROBE', device: { host: 'sw1' } })
    expect(error.cause).toBeInstanceOf(RangeError)
    expect((error.cause as Error).cause).toBe('root')
    expect(error.stack).toMatch(/throwSpecial[\s\S]*submitted here[\s\S]*values\.test/)
    expect(await future.exception()).toBe(error)
    await expect(future.result()).rejects.toBe(error)
  })

  it('carry an error whose field is the error itself', async () => {
    const error = (await pool.submit(throwSpecial, 'circular').exception()) as ProbeError
    expect(error.device).toBe(error)
  })

  it('carry an error without the field that cannot cross, which is described, and with the others', async () => {
    const error = (await pool.submit(throwSpecial, 'cannot cross').exception()) as ProbeError & { weak: unknown; kept: unknown }
    expect(error).toBeInstanceOf(ProbeError)
    expect(error).toMatchObject({ message: 'lost', kept: [1, 2], device: { host: 'sw1' } })
    if (rung !== 'tasks') expect(error.weak).toMatch(/WeakMap/)
  })

  it('carry an AggregateError', async () => {
    const error = (await pool.submit(throwSpecial, 'aggregate').exception()) as AggregateError
    expect(error).toBeInstanceOf(AggregateError)
    expect(error.errors[0]).toBeInstanceOf(TypeError)
    expect(error.errors[1]).toBe('b')
  })

  it('carry a DOMException and an error of the system', async () => {
    const dom = (await pool.submit(throwSpecial, 'dom').exception()) as DOMException
    expect(dom).toBeInstanceOf(DOMException)
    expect([dom.name, dom.message, dom.code]).toEqual(['InvalidStateError', 'not now', 11])
    const system = (await pool.submit(throwSpecial, 'system').exception()) as NodeJS.ErrnoException
    expect(system).toBeInstanceOf(Error)
    expect(system).toMatchObject({ code: 'ENOENT', syscall: 'open', path: '/there/is/no/such/file', errno: -2 })
  })
})

// A call on a thread that has a call made here has two borders to cross.
describe.each([
  ['thread', () => new ThreadPoolExecutor(1)],
  ['process', () => new ProcessPoolExecutor(1)],
] as const)('what a %s cannot be told of a call that it has made here', (_, open) => {
  it('rejects: a result', async () => {
    await using outer = open()
    await using here = new TaskPoolExecutor(1)
    const told = outer.submit(async () => {
      const error = (await here.submit(() => ({ held: new WeakMap() })).exception()) as NotShippableError | undefined
      return [error?.name, error?.path]
    })
    expect(await told).toEqual(['NotShippableError', 'result.held'])
  })

  it('rejects: an item of a stream, after those before it, and ends the generator', async () => {
    await using outer = open()
    await using here = new TaskPoolExecutor(1)
    const ended = callback(() => ends++)
    let ends = 0
    const told = outer.submit(async () => {
      const items = here.stream(async function* () {
        try {
          yield 1
          yield new WeakMap()
          for (let i = 0; i < 50; i++) yield 2
        } finally {
          await ended()
        }
      })
      const first = await items.next()
      try {
        return [first.value, await items.next()]
      } catch (error) {
        const { name, path } = error as NotShippableError
        return [first.value, name, path, (await items.next()).done]
      }
    })
    expect(await told).toEqual([1, 'NotShippableError', 'yielded value', true])
    await expect.poll(() => ends).toBe(1)
  })
})

describe.each([
  ['threads', () => new ThreadPoolExecutor(1)],
  ['processes', () => new ProcessPoolExecutor(1)],
] as const)('what only looks like a value, sent to %s', (_, open) => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  const callable = Proxy.revocable(() => 1, {})
  revoke()
  callable.revoke()
  const nameless = Object.defineProperty(() => 1, 'name', {
    get() {
      throw new RangeError('no name')
    },
  })
  const liars: [string, unknown][] = [
    ['a revoked Proxy', proxy],
    ['a revoked Proxy of a function', callable.proxy],
    ['no Map', Object.create(Map.prototype)],
    ['no Set', Object.create(Set.prototype)],
    ['no Date', Object.create(Date.prototype)],
    ['no URL', Object.create(URL.prototype)],
    ['a function whose name throws', nameless],
  ]
  it('is refused, with the path to it', async () => {
    await using pool = open()
    for (const [what, liar] of liars) {
      const told = []
      for (const args of [[liar], [{ deep: [liar] }]] as const) {
        const error = (await pool.submit(echo<unknown>, args[0]).exception()) as NotShippableError
        told.push(error?.name, error?.path)
      }
      const name = 'NotShippableError'
      expect([what, told]).toEqual([what, [name, 'argument 0', name, 'argument 0.deep[0]']])
    }
    expect(await pool.submit(echo<number>, 1)).toBe(1)
  })

  it('is one: a future of a call that was made inside', async () => {
    await using pool = open()
    const { eight } = await pool.submit(() => ({ eight: pool.submit(() => 8) }))
    expect(eight).toBeInstanceOf(Future)
    expect(await eight).toBe(8)
  })
})
