// The parts that decide about calls in line at a process, each by itself. Together they are tried in process-stress.test.ts.
import { describe, expect, it } from 'vitest'
import { ChildLine } from '../../dist/workers/child-line.js'
import { isAfter, LineWord, numberAfter } from '../../dist/workers/line-words.js'
import type { Request } from '../../dist/workers/messages.js'
import { ReadyPage } from '../../dist/workers/ready-page.js'
import { AnswerReader, abortOrder, answerOf, askOrder, orderSize, readOrder, takeBackOrder } from '../../dist/workers/watch-words.js'
import { until } from '../fixtures/until.js'

describe('numbers', () => {
  it('go round, without the one that stands for none', () => {
    expect(numberAfter(0)).toBe(1)
    expect(numberAfter(2 ** 31 - 1)).toBe(-(2 ** 31))
    expect(numberAfter(-1)).toBe(1)
    expect(isAfter(-(2 ** 31), 2 ** 31 - 1)).toBe(true)
    expect(isAfter(1, -1)).toBe(true)
    expect(isAfter(5, 5)).toBe(false)
  })
})

describe('the word between the threads of a process', () => {
  it('gives each call to the one that begins it or to the one that takes it back', () => {
    const main = new LineWord()
    const watching = new LineWord(main.buffer)
    expect(main.begin(1)).toBe(true)
    expect(watching.takeBack(3)).toBe(1)
    expect(main.isTaken(2)).toBe(true)
    expect([main.begin(2), main.begin(3), main.begin(4)]).toEqual([false, false, true])
    expect(main.isTaken(5)).toBe(false)
  })

  it('gives nothing back that has begun', () => {
    const main = new LineWord()
    for (const number of [1, 2, 3]) main.begin(number)
    expect(new LineWord(main.buffer).takeBack(2)).toBe(2)
    expect(main.begin(4)).toBe(true)
  })
})

describe('orders and answers', () => {
  it('are read as they were written', () => {
    const read: unknown[] = []
    const perform = {
      abort: (...order: unknown[]) => read.push(['abort', ...order]),
      takeBack: (last: number) => read.push(['take back', last]),
      ask: (cell: number) => read.push(['ask', cell]),
    }
    for (const order of [abortOrder(7, -5), takeBackOrder(-9), askOrder(3)]) {
      expect(order.byteLength).toBe(orderSize)
      readOrder(order, perform)
    }
    expect(read).toEqual([
      ['abort', 7, -5],
      ['take back', -9],
      ['ask', 3],
    ])
  })

  it('come together again, however they are cut', () => {
    const answers = [answerOf(5, 3, new Uint8Array(0)), answerOf(-1, -4, Buffer.from('frames')), answerOf(9, 9, Buffer.alloc(300, 1))]
    const bytes = Buffer.concat(answers)
    for (let size = 1; size <= bytes.byteLength; size++) {
      const read: [number, number, string][] = []
      const reader = new AnswerReader((last, decided, frames) => read.push([last, decided, Buffer.from(frames).toString('latin1')]))
      for (let at = 0; at < bytes.byteLength; at += size) reader.push(bytes.subarray(at, at + size))
      expect(read).toEqual([
        [5, 3, ''],
        [-1, -4, 'frames'],
        [9, 9, '\x01'.repeat(300)],
      ])
    }
  })
})

describe('a page of replies that are ready', () => {
  it('shows what was published, until it was written', () => {
    const page = ReadyPage.create(16)
    const other = new ReadyPage(page.buffer)
    page.bytes.write('one two', 'latin1')
    page.publish(0, 3)
    expect(Buffer.from(other.copy()).toString()).toBe('one')
    page.publish(0, 7)
    expect(Buffer.from(other.copy()).toString()).toBe('one two')
    page.withdraw()
    expect(other.copy()).toHaveLength(0)
  })
})

describe('a line', () => {
  function open(places = 1) {
    const log: string[] = []
    const word = new LineWord()
    const line = new ChildLine({
      word,
      announce: (upTo) => log.push(`up to ${upTo}`),
      tellTime: () => {},
      flush: () => {},
    })
    const active = new Set<number>()
    line.serve({
      run: ({ id, mode }) => {
        log.push(`run ${id}`)
        if (mode === 'stream') active.add(id)
        return mode === 'stream'
      },
      hasPlace: () => active.size < places,
      forget: ({ id }) => log.push(`forget ${id}`),
      drained: () => log.push('drained'),
    })
    const end = (id: number): void => {
      active.delete(id)
      line.wake()
    }
    return { line, log, word, end }
  }

  /** One that ends at once, or (a stream, here) when it is told to. */
  function request(id: number, number: number, goesOn = false): Request {
    const args = { plain: true, data: [] }
    const rest = { key: undefined, attempt: 1, target: 1, captured: undefined, args, definitions: undefined, credit: 0, tellBegin: false }
    return { type: 'call', id, call: id, cell: id, mode: goesOn ? 'stream' : 'call', after: 0, number, ...rest }
  }

  it('runs at once what has a place', () => {
    const { line, log } = open()
    line.received(request(1, 0))
    expect(log).toEqual(['run 1'])
  })

  it('tells of every call before it runs, and of many at once', async () => {
    const { line, log } = open()
    for (let id = 1; id <= 200; id++) line.received(request(id, id))
    await until('it is empty', () => log.includes('drained'))
    let announced = 0
    let run = 0
    let lots = 0
    for (const entry of log) {
      const number = Number(entry.split(' ').at(-1))
      if (entry.startsWith('run')) {
        expect(number).toBe(++run)
        expect(number).toBeLessThanOrEqual(announced)
      } else if (entry.startsWith('up to')) {
        expect(number - announced).toBeLessThanOrEqual(64)
        announced = number
        lots++
      }
    }
    expect(run).toBe(200)
    expect(lots).toBeLessThan(200)
  })

  it('keeps to its places, and to the order', async () => {
    const { line, log, end } = open(2)
    for (let id = 1; id <= 4; id++) line.received(request(id, id, true))
    await until('two run', () => log.includes('run 2'))
    expect(log).not.toContain('run 3')
    end(1)
    await until('the next runs', () => log.includes('run 3'))
    expect(log).not.toContain('run 4')
  })

  it('drops what was taken back, and goes on with what came later', async () => {
    const { line, log, word, end } = open()
    for (let id = 1; id <= 3; id++) line.received(request(id, id, id === 1))
    await until('the first runs', () => log.includes('run 1'))
    expect(new LineWord(word.buffer).takeBack(3)).toBe(1)
    line.received(request(4, 4))
    end(1)
    await until('it is empty', () => log.includes('drained'))
    expect(log.filter((entry) => !entry.startsWith('up to'))).toEqual(['run 1', 'forget 2', 'forget 3', 'run 4', 'drained'])
  })

  it('lets a call go that is not wanted any more', async () => {
    const { line, log, end } = open()
    for (let id = 1; id <= 3; id++) line.received(request(id, id, id === 1))
    await until('the first runs', () => log.includes('run 1'))
    expect(line.drop(2)).toBe(true)
    expect(line.drop(2)).toBe(false)
    expect(line.drop(1)).toBe(false)
    end(1)
    await until('it is empty', () => log.includes('drained'))
    expect(log).not.toContain('run 2')
    expect(line.begun).toBe(3)
  })
})
