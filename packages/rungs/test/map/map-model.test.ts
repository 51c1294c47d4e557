// Random histories of a map against a model of a few lines: what is read, what is given and in which order, what is cancelled.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultCallOptions } from '../../dist/core/call-options.js'
import { CancelledError } from '../../dist/core/errors.js'
import { mapArgs } from '../../dist/executors/map/args.js'
import { runMap } from '../../dist/executors/map/run-map.js'
import { FakeSubmitter, settle, WatchedSource } from './fake-submitter.js'

interface Setting {
  readonly count: number
  /** After how many items the source throws. */
  readonly failsAfter: number | undefined
  readonly async: boolean
  readonly bufferSize: number | undefined
  readonly ordered: boolean
  readonly onError: 'throw' | 'settle'
  readonly maxWorkers: number
}

type Step =
  | { readonly type: 'start' | 'end' | 'fail' | 'cancel'; readonly which: number }
  | { readonly type: 'next' | 'return' | 'toArray' }

type Shown = readonly ['value', unknown] | readonly ['error', string] | readonly ['done'] | readonly ['array', readonly unknown[]]

type Ending = { readonly index: number; readonly text: string; readonly failed: boolean }

/** What the map should do. Simple and slow. */
class Model {
  readonly shown: Shown[] = []
  read = 0
  sourceEnded = false
  over = false
  returned = 0
  #given = 0
  #waiting: ('next' | 'array')[] = []
  #collected: unknown[] | undefined
  /** In the order in which they came. */
  readonly #endings: Ending[] = []

  constructor(readonly setting: Setting) {
    this.advance()
  }

  get #asked(): boolean {
    return this.#waiting.length > 0
  }

  ended(ending: Ending): void {
    if (this.over) return
    this.#endings.push(ending)
    this.advance()
  }

  ask(what: 'next' | 'toArray'): void {
    if (this.over) this.shown.push(what === 'next' ? ['done'] : ['array', []])
    else this.#waiting.push(what === 'next' ? 'next' : 'array')
    this.advance()
  }

  leave(): void {
    if (this.over) return
    this.#end()
    this.#collected = undefined
    let collects = true
    for (const who of this.#waiting.splice(0)) {
      // The first toArray() has everything; what was called after it gets nothing.
      this.shown.push(who === 'next' ? ['done'] : collects ? ['error', 'left'] : ['array', []])
      if (who === 'array') collects = false
    }
  }

  advance(): void {
    if (this.over) return
    for (let changed = true; changed && !this.over; ) changed = this.#giveOne() || this.#readOne()
  }

  #readOne(): boolean {
    const { async, bufferSize, maxWorkers, count, failsAfter } = this.setting
    const size = bufferSize ?? (async ? 2 * maxWorkers : Number.POSITIVE_INFINITY)
    if (this.sourceEnded || this.read - this.#given >= (this.#asked ? size + 1 : size)) return false
    if (this.read === (failsAfter ?? count)) this.sourceEnded = true
    else this.read++
    return true
  }

  #giveOne(): boolean {
    const who = this.#waiting[0]
    if (who === undefined) return false
    const ending = this.setting.ordered ? this.#endings.find(({ index }) => index === this.#given) : this.#endings[this.#given]
    if (ending !== undefined) {
      if (ending.failed && this.setting.onError === 'throw') return this.#raise(ending.text)
      this.#given++
      const value = this.setting.onError === 'throw' ? ending.text : `${ending.index}:${ending.failed}:${ending.text}`
      if (who === 'next') {
        this.#waiting.shift()
        this.shown.push(['value', value])
      } else {
        this.#collected ??= []
        this.#collected.push(value)
      }
      return true
    }
    if (!this.sourceEnded || this.#given < this.read) return false
    if (this.setting.failsAfter !== undefined) return this.#raise('source')
    this.#end()
    this.#finish()
    return true
  }

  #raise(text: string): boolean {
    this.#end()
    this.#waiting.shift()
    this.#collected = undefined
    this.shown.push(['error', text])
    this.#finish()
    return true
  }

  #finish(): void {
    for (const who of this.#waiting.splice(0)) {
      this.shown.push(who === 'next' ? ['done'] : ['array', this.#collected ?? []])
      this.#collected = undefined
    }
  }

  #end(): void {
    this.over = true
    if (!this.sourceEnded && this.read > 0) this.returned = 1
  }
}

const setting: fc.Arbitrary<Setting> = fc
  .record({
    count: fc.integer({ min: 0, max: 12 }),
    fails: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined, freq: 4 }),
    async: fc.boolean(),
    bufferSize: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
    ordered: fc.boolean(),
    onError: fc.constantFrom('throw' as const, 'settle' as const),
    maxWorkers: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ fails, ...rest }) => {
    // An iterable that is read at the call throws there; that has tests of its own.
    const lazy = rest.async || rest.bufferSize !== undefined
    return { ...rest, failsAfter: lazy && fails !== undefined && fails <= rest.count ? fails : undefined }
  })

const which = fc.nat(11)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 18, arbitrary: fc.record({ type: fc.constantFrom('start' as const, 'end' as const), which }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('fail' as const, 'cancel' as const), which }) },
  { weight: 15, arbitrary: fc.constant({ type: 'next' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'return' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'toArray' as const }) },
)

async function play(setting: Setting, steps: readonly Step[]): Promise<void> {
  const { ordered, bufferSize, onError, count, failsAfter } = setting
  const pool = new FakeSubmitter()
  pool.maxWorkers = setting.maxWorkers
  const source = new WatchedSource(Array.from({ length: count }, (_, i) => i))
  const { itemAt } = source
  if (failsAfter !== undefined) {
    const { length } = source.items
    source.itemAt = (n) => {
      if (n === failsAfter) throw new Error('source')
      return itemAt(n)
    }
    // One that fails at its end has to be asked for one more.
    if (failsAfter === length) (source.items as number[]).push(-1)
  }
  const results = runMap<unknown>(
    pool,
    () => {},
    setting.async ? source.async : source.sync,
    mapArgs,
    { ordered, bufferSize, onError },
    defaultCallOptions,
  )
  const shown: Shown[] = []
  const text = (value: unknown): unknown => {
    if (onError === 'throw') return value
    const { index, status, ...rest } = value as { index: number; status: string; value?: unknown; reason?: unknown }
    return `${index}:${status === 'rejected'}:${status === 'rejected' ? textOf(rest.reason) : rest.value}`
  }
  const model = new Model(setting)
  // The order in which promises tell is not that in which they were settled when some are chained: each has its own place.
  const ask = (what: 'next' | 'toArray'): void => {
    const place = shown.length
    shown.push(['error', 'nothing yet'])
    const said = (one: Shown): void => {
      shown[place] = one
    }
    if (what === 'next') {
      results.next().then(
        ({ done, value }) => said(done ? ['done'] : ['value', text(value)]),
        (error) => said(['error', textOf(error)]),
      )
    } else {
      results.toArray().then(
        (values) => said(['array', values.map(text)]),
        (error) => said(['error', textOf(error)]),
      )
    }
    model.ask(what)
  }
  const check = async (): Promise<void> => {
    await settle()
    expect(source.read).toBe(model.read)
    expect(pool.calls.length).toBe(model.read)
    expect(shown.filter((one) => one[1] !== 'nothing yet')).toEqual(model.shown)
    expect(source.returned).toBe(model.returned)
    if (model.over) for (const call of pool.calls) expect(call.state).not.toBe('pending')
    for (const call of pool.calls) expect(call.aborted).toBe(false)
  }
  const end = (index: number, how: 'end' | 'fail' | 'cancel'): void => {
    const call = pool.calls[index]
    if (call === undefined || call.future.done) return
    if (how === 'end') {
      call.end(`r${index}`)
      model.ended({ index, text: `r${index}`, failed: false })
    } else if (how === 'fail') {
      call.fail(new Error(`f${index}`))
      model.ended({ index, text: `f${index}`, failed: true })
    } else if (call.state === 'pending') {
      call.future.cancel()
      model.ended({ index, text: 'cancelled', failed: true })
    }
  }
  await check()
  for (const step of steps) {
    switch (step.type) {
      case 'start':
        if (pool.calls[step.which]?.state === 'pending') pool.calls[step.which]?.start()
        break
      case 'end':
      case 'fail':
      case 'cancel':
        end(step.which, step.type)
        break
      case 'next':
      case 'toArray':
        ask(step.type)
        break
      case 'return':
        model.leave()
        await results.return()
        break
    }
    await check()
  }
  // To the end: nothing hangs.
  ask('toArray')
  await check()
  for (let i = 0; i < pool.calls.length || !model.over; i++) {
    end(i, 'end')
    await check()
    if (i > 100) throw new Error('it does not come to an end')
  }
}

function textOf(error: unknown): string {
  if (error instanceof CancelledError) return error.message.includes('left') ? 'left' : 'cancelled'
  return (error as Error).message
}

describe('a map, in thousands of random histories', () => {
  it('reads, gives, cancels and ends as its model does', async () => {
    await fc.assert(fc.asyncProperty(setting, fc.array(step, { maxLength: 40 }), play), { numRuns: 2_500 })
  }, 120_000)
})
