// Small functions are read without the parser, which is the oracle here: wherever both understand a text they must say the same.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { simpleFacts } from '../../dist/calls/simple-facts.js'
import { parsedFacts, sourceFacts } from '../../dist/calls/source-facts.js'

const simple = [
  '(x) => x * 2',
  'x => x + a + b',
  'async (x, y) => (await fetch(x)).ok && y.then(a)',
  'function fact(n) { return n < 2 ? 1 : n * fact(n - 1) }',
  'function (x) { return [x, ...rest, settings.deep.unit, list?.at(0), -1, +x, !y, ~z, 10n, 1.5]; }',
  "() => typeof nothing === 'undefined' || new Map([['a', x?.y?.z]])",
  '(x) => ns.a(ns.b, other) + other.c',
]

const strange = [
  '(x) => { const y = x; return y }',
  '(x = a) => x',
  '({ x }) => x',
  '(x) => ({ x })',
  '(x) => `x`',
  '(x) => /a/.test(x)',
  '(x) => x / a / b',
  '(x) => x++',
  '() => a = 1',
  '() => this.x',
  '() => new.target',
  '() => arguments[0]',
  '() => import.meta.url',
  "() => eval('x')",
  '() => () => a',
  "(x) => x['a\\n']",
  "(x) => list['length']",
  '(x) => x<!--a',
  '(x) => \\u0061',
  'get x() { return a }',
  'async(x) { return a }',
  'x() { return a }',
  '[x]() { return a }',
  'function* f() { return a }',
  'async => async + a',
  '(x) => 0x10 + a',
  '(x) => x.y /* a */',
  '(x) => größe',
]

describe('the text of a small function', () => {
  it.each(simple)('%s', (text) => {
    expect(simpleFacts(text)).toEqual(parsedFacts(text))
    expect(simpleFacts(text)).not.toBeUndefined()
  })

  it.each(strange)('is left to the parser: %s', (text) => {
    expect(simpleFacts(text)).toBeUndefined()
    expect(sourceFacts(text)).toEqual(parsedFacts(text))
  })

  it('says what its syntax tree says', () => {
    const name = fc.constantFrom('a', 'b', 'x', 'y', 'ns', 'undefined', '$', 'in1', 'of', 'newer')
    const literal = fc.constantFrom('0', '12', '1.5', '7n', "'x'", '"a.b"', "'new'", 'true', 'null')
    const space = fc.constantFrom('', ' ', '\n')
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 4 },
        name,
        literal,
        fc.tuple(tie('expression'), fc.constantFrom('.', '?.'), name).map((parts) => parts.join('')),
        fc.tuple(name, space, fc.constantFrom('.', '?.'), space, name).map((parts) => parts.join('')),
        fc.tuple(tie('expression'), tie('expression')).map(([callee, argument]) => `${callee}(${argument}, ...${argument})`),
        fc.tuple(tie('expression'), tie('expression')).map(([object, key]) => `${object}[${key}]`),
        fc
          .tuple(
            tie('expression'),
            space,
            fc.constantFrom('+', '-', '*', '**', '<', '>=', '===', '!=', '&&', '??', ' in ', '|', '/', '='),
            space,
            tie('expression'),
          )
          .map((parts) => parts.join('')),
        fc
          .tuple(fc.constantFrom('!', '-', '+', '~', 'typeof ', 'void ', 'new ', 'await '), tie('expression'))
          .map((parts) => parts.join('')),
        fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([test, yes, no]) => `(${test} ? ${yes} : ${no})`),
        fc.tuple(tie('expression'), tie('expression')).map(([first, last]) => `(${first}, ${last})`),
        tie('expression').map((inner) => `(${inner})`),
        tie('expression').map((inner) => `{ ${inner} }`),
      ),
    }))
    const frame = fc.constantFrom(
      (body: string) => `(x, y) => ${body}`,
      (body: string) => `async x => ${body}`,
      (body: string) => `() => { return ${body} }`,
      (body: string) => `function f(a) { return ${body}; }`,
      (body: string) => `async function (x,) {return ${body}}`,
    )
    let compared = 0
    fc.assert(
      fc.property(frame, expression, (around, body) => {
        const text = around(body)
        const quick = simpleFacts(text)
        const slow = parsedFacts(text)
        if (quick === undefined || typeof slow === 'string') return
        compared++
        expect(quick).toEqual(slow)
      }),
      { numRuns: 3_000 },
    )
    expect(compared).toBeGreaterThan(500)
  })
})
