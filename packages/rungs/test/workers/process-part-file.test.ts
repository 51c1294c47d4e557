// Large buffers by way of a file in memory: what lies there is what was put there, until it was said to have been read.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, fstatSync, openSync, readdirSync, readlinkSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { ProcessPoolExecutor } from 'rungs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FrameReader, FrameWriter } from '../../dist/workers/frames.js'
import { filedSize, openPartFile, PartFile, readPart } from '../../dist/workers/part-file.js'
import { echo } from '../fixtures/work.js'

const opened: number[] = []

/** A file like that of openPartFile, wherever this runs. */
function open(): number {
  const path = join(tmpdir(), `rungs-test-${process.pid}-${opened.length}-${Date.now()}`)
  const fd = openSync(path, 'w+')
  unlinkSync(path)
  opened.push(fd)
  return fd
}

afterEach(() => {
  for (const fd of opened.splice(0)) closeSync(fd)
})

/** That the memory is given back is for some tests to say. */
function withoutTime(): void {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())
}

const bytesOf = (length: number, first: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (first + i) % 256)

describe('a file of parts', () => {
  withoutTime()

  it('gives back what was put there, while others are put and freed', () => {
    const capacity = 1_000
    const fd = open()
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constantFrom('free' as const)), { maxLength: 60 }), (steps) => {
        const file = new PartFile(fd, capacity)
        const lying: { position: number; bytes: Uint8Array }[] = []
        let refused = 0
        for (const [index, step] of steps.entries()) {
          if (step === 'free') {
            const first = lying.shift()
            if (first !== undefined) file.freed(first.position + first.bytes.length)
            continue
          }
          const bytes = bytesOf(step, index)
          const position = file.put(bytes)
          // One alone always fits.
          if (position === undefined) {
            refused++
            expect(lying.length).toBeGreaterThan(0)
          } else lying.push({ position, bytes })
          for (const one of lying) {
            assert.deepEqual(new Uint8Array(readPart(fd, one.position, one.bytes.length, capacity)), one.bytes)
          }
        }
        expect(refused).toBeLessThanOrEqual(steps.length)
      }),
      { numRuns: 300 },
    )
  })

  it('takes nothing that is larger, nor what cannot be written', () => {
    const file = new PartFile(open(), 100)
    expect(file.put(new Uint8Array(101))).toBeUndefined()
    expect(file.put(new Uint8Array(100))).toBe(0)
    const readOnly = openSync('/dev/null', 'r')
    opened.push(readOnly)
    expect(new PartFile(readOnly).put(new Uint8Array(1))).toBeUndefined()
  })

  it('gives its memory back when it has not been used for a while', () => {
    const fd = open()
    const file = new PartFile(fd)
    const end = (file.put(new Uint8Array(10_000)) ?? 0) + 10_000
    vi.advanceTimersByTime(10_000)
    expect(fstatSync(fd).size).toBe(10_000)
    file.freed(end)
    vi.advanceTimersByTime(3_000)
    expect(fstatSync(fd).size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
    expect(file.put(new Uint8Array(10))).toBeDefined()
    expect(vi.getTimerCount()).toBe(1)
  })
})

describe('frames with a file', () => {
  withoutTime()

  it('have large buffers there, and small ones with them', () => {
    const fd = open()
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(10, 20_000, filedSize - 1, filedSize, 100_000), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.array(fc.constantFrom(1_000, 65_536, 70_001), { minLength: 1, maxLength: 4 }),
        (sizes, byHand, cuts) => {
          const writer = new FrameWriter()
          writer.file = new PartFile(fd)
          // What v8 writes instead has something that is not written by hand.
          const sent = sizes.map((size, index) => ({
            bytes: bytesOf(size, index),
            more: byHand ? undefined : new Map([[1, new Uint8Array(size)]]),
          }))
          for (const one of sent) writer.any(one)
          writer.any(sent)
          expect(writer.filed).toBe(sizes.some((size) => size >= filedSize))
          const messages: unknown[] = []
          const reader = new FrameReader((_kind, _body, message) => messages.push(message))
          let taken = 0
          reader.file = { fd, taken: (position) => (taken = position) }
          const all = Buffer.concat(writer.take())
          for (let at = 0, i = 0; at < all.byteLength; i++) {
            const size = cuts[i % cuts.length] ?? 1
            reader.push(all.subarray(at, at + size))
            at += size
          }
          assert.deepStrictEqual(messages, [...sent, sent])
          expect(taken > 0).toBe(sizes.some((size) => size >= filedSize))
        },
      ),
      { numRuns: 60 },
    )
  })
})

const inMemory = openPartFile()
if (inMemory !== undefined) closeSync(inMemory)

describe.runIf(inMemory !== undefined)('a process with files', () => {
  it('gets large buffers and gives them back, also several at once and more than a file holds', async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 2, callsPerWorker: 8 })
    const sizes = [filedSize, 10_000_000, 30_000_000, 30_000_000, 100, 70_000_000, filedSize + 1, 1_000_000]
    const all = sizes.map((size, index) => new Uint8Array(size).fill(index + 1))
    const results = await Promise.all(all.map((bytes) => pool.submit(echo, bytes)))
    for (const [index, bytes] of all.entries()) expect(Buffer.compare(results[index] as Uint8Array, bytes)).toBe(0)
  })

  it('may have what was submitted changed at once', async () => {
    await using pool = new ProcessPoolExecutor(1)
    const bytes = new Uint8Array(10_000_000).fill(1)
    const calls = [1, 2, 3].map((n) => {
      bytes.fill(n)
      return pool.submit(echo, bytes)
    })
    bytes.fill(9)
    for (const [index, call] of calls.entries()) expect((await call).every((byte) => byte === index + 1)).toBe(true)
  })

  it('keeps them from the processes that its calls start', async () => {
    await using pool = new ProcessPoolExecutor(1)
    await pool.submit(echo, new Uint8Array(filedSize))
    const list = (folder: string): string => execFileSync('ls', ['-l', folder], { encoding: 'utf8' })
    expect(await pool.submit((folder: string) => readdirSync(folder).map(linkOf).join(), '/proc/self/fd')).toContain('rungs-')
    const seen = await pool.submit(list, '/proc/self/fd')
    expect(seen).not.toContain('rungs-')
  })

  it('leaves none behind', async () => {
    const open = (): string[] =>
      readdirSync('/proc/self/fd')
        .map(linkOf)
        .filter((path) => path.includes('/rungs-'))
    expect(open()).toEqual([])
    for (let round = 0; round < 3; round++) {
      await using pool = new ProcessPoolExecutor(2)
      await pool.submit(echo, new Uint8Array(filedSize))
      expect(open().length).toBeGreaterThan(0)
    }
    await using broken = new ProcessPoolExecutor({ maxWorkers: 1, execPath: '/nowhere/node' })
    await expect(broken.submit(echo, new Uint8Array(1))).rejects.toThrow()
    await expect.poll(open).toEqual([])
    expect(readdirSync('/dev/shm').filter((name) => name.startsWith(`rungs-${process.pid}-`))).toEqual([])
  })
})

/** Nothing if it has been closed meanwhile. */
function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}
