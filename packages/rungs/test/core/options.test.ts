import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkCallOptions, checkMapOptions, defaultCallOptions } from '../../dist/core/call-options.js'
import type { CallOptions, MapOptions } from '../../dist/core/executor.js'
import { createFuture } from '../../dist/core/future.js'
import {
  nearest,
  requireDuration,
  requireFunction,
  requireInteger,
  requireKnown,
  requireOneOf,
  requireSignal,
  show,
} from '../../dist/core/options.js'

describe('show', () => {
  it.each([
    [1.5, '1.5'],
    ['2', "'2'"],
    [null, 'null'],
    [undefined, 'undefined'],
    [{ a: { b: 1 } }, '{ a: [Object] }'],
    [function named() {}, 'the function named'],
    [() => {}, 'an anonymous function'],
  ])('shows %j as %s', (value, text) => {
    expect(show(value)).toBe(text)
  })

  it('is short and on one line, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }), (value) => {
        expect(show(value).length).toBeLessThanOrEqual(130)
        expect(show(value)).not.toContain('\n')
      }),
    )
  })
})

describe('requireInteger', () => {
  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d with a RangeError that shows it and the way out', (value) => {
    expect(() => requireInteger('maxWorkers', value, 1)).toThrow(
      new RangeError(`maxWorkers must be an integer of at least 1, got ${value}`),
    )
  })

  it.each([
    ['2', "'2' (string)"],
    [null, 'null (null)'],
    [undefined, 'undefined (undefined)'],
    [[1], '[ 1 ] (an array)'],
    [2n, '2n (bigint)'],
  ])('refuses %s with a TypeError that shows it and its type', (value, text) => {
    expect(() => requireInteger('maxWorkers', value, 1)).toThrow(new TypeError(`maxWorkers must be an integer of at least 1, got ${text}`))
  })

  it('takes any integer from the least on, and no other number', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer()), fc.integer({ min: -5, max: 5 }), (value, min) => {
        const act = () => requireInteger('n', value, min)
        if (Number.isInteger(value) && value >= min) expect(act).not.toThrow()
        else expect(act).toThrow(RangeError)
      }),
    )
  })
})

describe('requireDuration', () => {
  it.each([0, 0.5, 1_000, Number.POSITIVE_INFINITY])('takes %d', (value) => {
    expect(() => requireDuration('timeout', value)).not.toThrow()
  })

  it.each([-1, Number.NaN, Number.NEGATIVE_INFINITY])('refuses %d with a RangeError', (value) => {
    expect(() => requireDuration('timeout', value)).toThrow(
      new RangeError(`timeout must be a number of milliseconds, not negative, got ${value}`),
    )
  })

  it('refuses what is no number with a TypeError', () => {
    expect(() => requireDuration('timeout', '5s')).toThrow(new TypeError("timeout must be a number of milliseconds, got '5s' (string)"))
  })
})

describe('requireFunction, requireOneOf, requireSignal', () => {
  it('refuse with the value, its type, and what would do', () => {
    expect(() => requireFunction('The callback', 5)).toThrow(new TypeError('The callback must be a function, got 5 (number)'))
    expect(() => requireOneOf('onFull', 'drop', ['throw', 'wait'])).toThrow(new TypeError("onFull must be 'throw' or 'wait', got 'drop'"))
    expect(() => requireSignal('signal', {})).toThrow(new TypeError('signal must be an AbortSignal, got {} (object)'))
    expect(() => requireSignal('signal', null)).toThrow(TypeError)
  })

  it('say how to pass a function in the place of a promise, and show none of its inside', async () => {
    expect(() => requireFunction('What is run', Promise.resolve(1))).toThrow(
      new TypeError('What is run must be a function, got a promise. Pass the function itself: f or () => f(x), not f(x)'),
    )
    expect(() => requireFunction('What is run', createFuture({}))).toThrow(/Pass the function itself/)
    expect(show(Promise.resolve(1))).toBe('Promise { … }')
  })

  it('take what is right', () => {
    requireFunction('fn', class {})
    requireOneOf('ordered', true, [true, false])
    requireSignal('signal', new AbortController().signal)
    requireSignal('signal', AbortSignal.any([]))
  })
})

describe('requireKnown', () => {
  const known = ['maxWorkers', 'minWorkers', 'name']
  it('names the option that was probably meant', () => {
    const meant = (options: object) => () => requireKnown('The options', options, known)
    expect(meant({ maxWorker: 1 })).toThrow(new TypeError("The options do not have an option 'maxWorker'. Did you mean maxWorkers?"))
    expect(meant({ MAXWORKERS: 1 })).toThrow(/Did you mean maxWorkers/)
    expect(meant({ nmae: 1 })).toThrow(/Did you mean name/)
    expect(meant({ concurrency: 1 })).toThrow(/Known are maxWorkers, minWorkers, name/)
  })

  it('refuses an unknown option also when its value is undefined', () => {
    expect(() => requireKnown('The options', { nope: undefined }, known)).toThrow(TypeError)
  })

  it.each([
    [null, 'null'],
    [5, 'number'],
    ['x', 'string'],
    [[], 'an array'],
    [undefined, 'undefined'],
  ])('refuses %j, which has no options', (wrong, type) => {
    expect(() => requireKnown('The options', wrong, known)).toThrow(`(${type})`)
  })

  it('refuses a signal, and says how to pass it', () => {
    const { signal } = new AbortController()
    const message = /^The options must be an object with options, got AbortSignal .*\. Pass \{ signal \}$/
    expect(() => requireKnown('The options', signal, ['signal'])).toThrow(message)
    expect(() => requireKnown('The options', Object.assign(signal, { note: 1 }), ['signal'])).toThrow(message)
  })

  it.each([[new Map([['name', 1]])], [new Date(0)], [new AbortController()], [Promise.resolve()], [new (class Own {})()]])(
    'refuses %s, which is an object of another kind',
    (wrong) => {
      expect(() => requireKnown('The options', wrong, known)).toThrow(
        new TypeError(`The options must be an object with options, got ${show(wrong)}`),
      )
    },
  )

  it('takes what a class made with options for fields, and objects without prototype or of another realm', () => {
    class Options {
      readonly name = 'a'
    }
    requireKnown('The options', new Options(), known)
    requireKnown('The options', Object.create(null), known)
    requireKnown('The options', runInNewContext('({})'), known)
  })

  it('takes known ones, and options that are inherited', () => {
    requireKnown('The options', { maxWorkers: 1, name: undefined }, known)
    requireKnown('The options', Object.create({ anything: 1 }), known)
  })
})

describe('nearest', () => {
  it('finds a name with a slip of the pen, and none for what is far off', () => {
    const names = ['timeout', 'deadline', 'retries', 'priority', 'signal']
    const slip = fc
      .constantFrom(...names)
      .chain((name) => fc.tuple(fc.constant(name), fc.nat(name.length - 1), fc.constantFrom('drop', 'double', 'case')))
    fc.assert(
      fc.property(slip, ([name, at, how]) => {
        const letter = name[at] as string
        const replaced = { drop: '', double: letter + letter, case: letter.toUpperCase() }[how]
        expect(nearest(name.slice(0, at) + replaced + name.slice(at + 1), names)).toBe(name)
      }),
    )
    expect(nearest('concurrency', names)).toBeUndefined()
    expect(nearest('x', [])).toBeUndefined()
  })
})

describe('checkCallOptions', () => {
  it('fills in the defaults', () => {
    expect(checkCallOptions({})).toEqual(defaultCallOptions)
    expect(defaultCallOptions.grace).toBe(1_000)
  })

  it('lays options over those of an earlier with(); undefined names none', () => {
    const first = checkCallOptions({ timeout: 5, priority: 1, key: 'a', retries: 2 })
    const second = checkCallOptions({ key: 'b', timeout: undefined }, first)
    expect(second).toMatchObject({ timeout: 5, priority: 1, key: 'b', grace: 1_000 })
    expect(second.retries?.limit).toBe(2)
    expect(checkCallOptions({ retries: 0 }, first).retries?.limit).toBe(0)
    expect(first.key).toBe('a')
  })

  it('takes Infinity for no limit, also over an earlier one', () => {
    const first = checkCallOptions({ timeout: 5, deadline: 6 })
    const second = checkCallOptions({ timeout: Number.POSITIVE_INFINITY, deadline: Number.POSITIVE_INFINITY }, first)
    expect([second.timeout, second.deadline]).toEqual([undefined, undefined])
  })

  it('takes 0 where 0 has a meaning', () => {
    expect(checkCallOptions({ timeout: 0, deadline: 0, grace: 0, retries: 0, priority: 0 })).toMatchObject({
      timeout: 0,
      deadline: 0,
      grace: 0,
    })
  })

  it.each<[object, RegExp]>([
    [{ timeout: -1 }, /^timeout .*-1$/],
    [{ deadline: 'soon' }, /^deadline .*'soon'/],
    [{ grace: Number.NaN }, /^grace .*NaN/],
    [{ priority: Number.NaN }, /^priority .*NaN/],
    [{ priority: '1' }, /^priority .*'1'/],
    [{ key: 5 }, /^key .*5/],
    [{ transfer: new Set() }, /^transfer .*Set/],
    [{ signal: 1 }, /^signal .*1/],
    [{ onProgress: 'log' }, /^onProgress .*'log'/],
    [{ retries: '1' }, /^retries .*'1'/],
    [{ timeOut: 1 }, /'timeOut'\. Did you mean timeout/],
    [{ ordered: true }, /'ordered'/],
  ])('refuses %j', (options, message) => {
    expect(() => checkCallOptions(options as CallOptions)).toThrow(message)
  })
})

describe('checkMapOptions', () => {
  it('tells the options of each call from those of the map', () => {
    const { call, map } = checkMapOptions({ timeout: 5, chunkSize: 'auto', ordered: false, mapTimeout: 7 }, checkCallOptions({ key: 'a' }))
    expect(call).toMatchObject({ timeout: 5, key: 'a' })
    expect(map).toMatchObject({ chunkSize: 'auto', ordered: false, mapTimeout: 7 })
  })

  it('takes a bufferSize of Infinity, which is all of them', () => {
    expect(() => checkMapOptions({ bufferSize: Number.POSITIVE_INFINITY }, defaultCallOptions)).not.toThrow()
  })

  it.each<[object, RegExp]>([
    [{ bufferSize: 0 }, /bufferSize .*at least 1, got 0/],
    [{ bufferSize: 1.5 }, /bufferSize .*1\.5/],
    [{ chunkSize: 0 }, /chunkSize .*at least 1, got 0/],
    [{ chunkSize: 'big' }, /chunkSize .*'auto', got 'big'/],
    [{ mapTimeout: -1 }, /mapTimeout .*-1/],
    [{ onError: 'ignore' }, /onError must be 'throw' or 'settle', got 'ignore'/],
    [{ ordered: 1 }, /ordered must be true or false, got 1/],
    [{ progress: 'bar' }, /progress must be true, false or a function, got 'bar'/],
    [{ bufferSze: 1 }, /Did you mean bufferSize/],
  ])('refuses %j', (options, message) => {
    expect(() => checkMapOptions(options as MapOptions, defaultCallOptions)).toThrow(message)
  })
})
