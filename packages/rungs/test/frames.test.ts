// Frames and pipes, without a process: what is written is what is read, however the bytes are cut.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReader, FrameWriter, frameKinds, partSize } from '../dist/workers/frames.js'
import type { PlainReader, PlainWriter } from '../dist/workers/plain-values.js'

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
  fc.record({ any: fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }) }),
  fc.record({ bytes: fc.integer({ min: 0, max: 3 * partSize }).map((length) => new Uint8Array(length).fill(length)) }),
)

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
        // Only a text with half a surrogate pair is left to v8.
        for (const value of values) if (typeof value !== 'string') expect(written).toContain(value)
      }),
    )
  })

  it('carry large buffers without copying them before they are written', () => {
    const buffer = new ArrayBuffer(1_000_000)
    new Uint8Array(buffer).fill(7)
    const writer = new FrameWriter()
    expect(writer.any({ buffer, view: new Uint8Array(2 * partSize) }, [buffer])).toBe(true)
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
    expect(writer.simple(frameKinds.reply, (to: PlainWriter) => to.value(1) && to.value({}))).toBe(false)
    writer.any('after')
    expect(read(writer.take(), [])).toEqual(['after'])
  })
})
