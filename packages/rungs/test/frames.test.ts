// Frames and pipes, without a process: what is written is what is read, however the bytes are cut.
import assert from 'node:assert/strict'
import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReader, FrameWriter, frameKinds } from '../dist/workers/frames.js'
import { type PlainReader, type PlainWriter, partSize } from '../dist/workers/plain-values.js'

/** Reads the pieces as if they came in bytes of the given sizes, one after the other. */
function read(pieces: readonly Uint8Array[], sizes: readonly number[]): unknown[] {
  const messages: unknown[] = []
  const reader = new FrameReader((_kind, body: PlainReader | undefined, message) =>
    messages.push(body === undefined ? message : body.value()),
  )
  const all = Buffer.concat(pieces)
  for (let at = 0, i = 0; at < all.byteLength; i++) {
    const size = sizes.length === 0 ? all.byteLength : Math.max(1, sizes[i % sizes.length] ?? 1)
    reader.push(all.subarray(at, at + size))
    at += size
  }
  return messages
}

const simple = fc.oneof(fc.integer(), fc.double(), fc.string({ unit: 'binary' }), fc.boolean(), fc.constant(null), fc.constant(undefined))
const message = fc.oneof(
  // Not among anything: an invalid one in a Map is not equal to itself for Node 22.
  fc.record({ any: fc.anything({ withBigInt: true, withMap: true, withSet: true }), date: fc.date({ noInvalidDate: true }) }),
  fc.record({ bytes: fc.integer({ min: 0, max: 3 * partSize }).map((length) => new Uint8Array(length).fill(length)) }),
)

// ---- what is written by hand: as v8.serialize gives it back, which is the oracle ----------------------------------

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  // Halves of surrogate pairs, and texts about as long as some limit.
  fc.constantFrom('\ud800', 'a\udc00b', '', '\u0000', '\u007f', '\u0080'),
  fc
    .tuple(fc.constantFrom('a', 'ä', '☃', '😀', '\ud800', 'é'), fc.constantFrom(15, 16, 17, 4_096, 16_000, 16_384, 16_385, 40_000))
    .map(([letter, length]) => letter.repeat(length)),
)
const double = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-0, 2 ** 31, -(2 ** 31), 2 ** 31 - 1, 2 ** 53))
const size = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(31, 32, 33, 1_000, partSize - 8, partSize, partSize + 8, 70_000))
const filled = fc.tuple(size, fc.integer()).map(([length, seed]) => {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (seed + i * 7) % 256
  return bytes
})
const views = [
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
const view = fc
  .tuple(filled, fc.constantFrom(...views))
  .map(([{ buffer, length }, View]) => new View(buffer.slice(0, length - (length % View.BYTES_PER_ELEMENT))))
const leaf = fc.oneof(text, double, fc.boolean(), fc.constantFrom(null, undefined), filled, view)
const key = text.filter((name) => name !== '__proto__')
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    leaf,
    fc.array(tie('tree'), { maxLength: 6 }),
    fc.array(double, { maxLength: 70 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 6, noNullPrototype: true }),
    filled.map(({ buffer }) => buffer),
  ),
}))
const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(4_095, 16_384, 65_536, 70_001)), {
  minLength: 1,
  maxLength: 5,
})

function collector(): () => void {
  v8.setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

function isSame(back: unknown, sent: unknown): void {
  assert.deepStrictEqual(back, v8.deserialize(v8.serialize(sent)))
}

describe('values written by hand', () => {
  it('come out as they went in, however they are cut', () => {
    let byHand = 0
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 8 }), cuts, (values, sizes) => {
        const writer = new FrameWriter()
        const written = values.filter((value) => writer.simple(frameKinds.reply, (to: PlainWriter) => to.value(value)))
        isSame(read(writer.take(), sizes), written)
        byHand += written.length
      }),
      { numRuns: 1_500 },
    )
    expect(byHand).toBeGreaterThan(3_000)
  })

  it('come out among others that v8 writes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(tree, message), { maxLength: 6 }), cuts, (values, sizes) => {
        const writer = new FrameWriter()
        for (const value of values) writer.any(value)
        isSame(read(writer.take(), sizes), values)
      }),
      { numRuns: 300 },
    )
  })

  it('keep keys in their order', () => {
    const value = { b: 1, 2: 'two', a: 2, 1: 'one', '': 3, ä: 4, '\ud800': 5 }
    const writer = new FrameWriter()
    expect(writer.simple(frameKinds.reply, (to: PlainWriter) => to.value(value))).toBe(true)
    expect(Object.keys(read(writer.take(), [3])[0] as object)).toEqual(Object.keys(value))
  })

  it('are neither what is in a value twice, nor holes, nor a part of a buffer, nor an object of another kind', () => {
    const twice = { n: 1 }
    const bytes = new Uint8Array(8)
    class Point {}
    const refused = [
      [twice, twice],
      { a: { twice }, b: [twice] },
      [bytes, bytes],
      // biome-ignore lint/suspicious/noSparseArray: that is what it is about.
      [1, , 3],
      bytes.subarray(1),
      Buffer.from('abc'),
      Buffer.alloc(10_000),
      new Uint8Array(new SharedArrayBuffer(8)),
      new Point(),
      Object.create(null),
      JSON.parse('{"__proto__":1}'),
      new Map(),
      new Date(0),
      1n,
      Symbol.iterator,
      () => 1,
      Array.from({ length: 65 }, () => 0),
    ]
    const writer = new FrameWriter()
    for (const value of refused) expect(writer.simple(frameKinds.reply, (to: PlainWriter) => to.value(value))).toBe(false)
    for (const value of refused.slice(0, 5)) writer.any(value)
    const back = read(writer.take(), [5]) as [unknown[], { a: { twice: unknown }; b: unknown[] }, unknown[], unknown[], Uint8Array]
    expect(back[0][0]).toBe(back[0][1])
    expect(back[1].a.twice).toBe(back[1].b[0])
    expect(back[2][0]).toBe(back[2][1])
    expect(1 in back[3]).toBe(false)
    expect(back[4]).toEqual(bytes.subarray(1))
  })

  it('give up at once when they need more than a page, and leave what was there', () => {
    const writer = new FrameWriter()
    const large = Array.from({ length: 10 }, (_, n) => 'ä'.repeat(8_000) + n)
    writer.any('before')
    expect(writer.simple(frameKinds.reply, (to: PlainWriter) => to.value(large))).toBe(false)
    writer.any(large)
    writer.any('after')
    isSame(read(writer.take(), [1_000]), ['before', large, 'after'])
  })

  it('are not kept by who has written or read them', async () => {
    const writer = new FrameWriter()
    const reader = new FrameReader((_kind, body) => void body?.value())
    const gone: WeakRef<object>[] = []
    ;(() => {
      const sent = { inner: { bytes: new Uint8Array(partSize) } }
      expect(writer.simple(frameKinds.reply, (to: PlainWriter) => to.value(sent))).toBe(true)
      gone.push(new WeakRef(sent), new WeakRef(sent.inner.bytes))
      for (const piece of writer.take()) reader.push(piece)
    })()
    const collect = collector()
    await expect
      .poll(() => {
        collect()
        return gone.filter((one) => one.deref() !== undefined).length
      })
      .toBe(0)
    expect([writer, reader]).toHaveLength(2)
  })

  it('lend what is large until it is taken', () => {
    const bytes = new Uint8Array(partSize).fill(7)
    const writer = new FrameWriter()
    expect(writer.simple(frameKinds.reply, (to: PlainWriter) => to.value([bytes.slice(1), bytes]))).toBe(true)
    expect(writer.lent).toBe(true)
    const pieces = writer.take()
    expect(writer.lent).toBe(false)
    expect(pieces.filter((piece) => piece.buffer === bytes.buffer)).toHaveLength(1)
    isSame(read(pieces, [100, 9_000]), [[bytes.slice(1), bytes]])
  })
})

describe('frames', () => {
  it('carry messages in order, however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.constantFrom(1, 5, 4_095, 65_536, 70_001), { minLength: 2, maxLength: 5 }).map((sizes) => [...sizes, 9_999]),
        (messages, sizes) => {
          const writer = new FrameWriter()
          for (const one of messages) writer.any(one)
          expect(read(writer.take(), sizes)).toEqual(messages)
        },
      ),
      { numRuns: 15 },
    )
  })

  it('carry simple values by hand, each as it is', () => {
    fc.assert(
      fc.property(fc.array(simple), (values) => {
        const writer = new FrameWriter()
        const written = values.filter((value) => writer.simple(frameKinds.reply, (to: PlainWriter) => to.value(value)))
        const back = read(writer.take(), [7])
        expect(back).toHaveLength(written.length)
        for (const [i, value] of written.entries()) expect(Object.is(back[i], value)).toBe(true)
        expect(written).toEqual(values)
      }),
    )
  })

  it('carry large buffers without copying them before they are written', () => {
    const buffer = new ArrayBuffer(1_000_000)
    new Uint8Array(buffer).fill(7)
    const writer = new FrameWriter()
    writer.any({ buffer, view: new Uint8Array(2 * partSize) }, [buffer])
    expect(writer.lent).toBe(true)
    const pieces = writer.take()
    expect(pieces.some((piece) => piece.buffer === buffer)).toBe(true)
    const [back] = read(pieces, [65_536]) as [{ buffer: ArrayBuffer }]
    expect(new Uint8Array(back.buffer).every((byte) => byte === 7)).toBe(true)
  })

  it('fill page after page', () => {
    const writer = new FrameWriter()
    for (let n = 0; n < 50_000; n++) expect(writer.simple(frameKinds.reply, (to: PlainWriter) => to.value(n))).toBe(true)
    expect(read(writer.take(), [1_000])).toEqual(Array.from({ length: 50_000 }, (_, n) => n))
  })

  it('add nothing when something cannot be written', () => {
    const writer = new FrameWriter()
    expect(() => writer.any({ fn: () => 1 })).toThrow(/could not be cloned/)
    expect(writer.simple(frameKinds.reply, (to: PlainWriter) => to.value(1) && to.value(new Map()))).toBe(false)
    writer.any('after')
    expect(read(writer.take(), [])).toEqual(['after'])
  })
})
