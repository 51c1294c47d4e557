import { describe, expect, it } from 'vitest'
import { onlyComputes } from '../../dist/calls/computing.js'

/** From a text, so that no tool changes it. */
function made(text: string): unknown {
  return Function(`return (${text})`)()
}

describe('a function that only computes with its arguments', () => {
  it.each([
    'x => x',
    'async x => x',
    'async (x) => x + 1',
    '(x, index) => (x + 1) * (index - 1)',
    'async (x) => { return x }',
    'async function (x) { return x }',
    'async function named(x) { const y = x * 2; return y }',
    'async (x) => { await null; return -(x) }',
    'async (x) => { if (x > 3) throw x; return x ? (x) : typeof (x) }',
    '(x = 1) => { let sum = 0; for (let i = 0; i < x; i++) sum += i; return sum }',
    'x => ({ value: x, twice: x * 2 })',
    "async x => 'new (x)'",
    'async () => {}',
  ])('%s', (text) => {
    expect(onlyComputes(made(text))).toBe(true)
  })

  it.each([
    ['calls', 'f => f(1)'],
    ['calls a global', 'x => parseInt(x)'],
    ['calls what is in parentheses', 'f => (f)(1)'],
    ['calls what another call gave', '(f) => { const g = f; return g(1) }'],
    ['calls itself', 'function again(x) { return x ? again(x - 1) : 0 }'],
    ['calls with a question', 'f => f?.(1)'],
    ['makes an object', 'C => new C'],
    ['calls by a template', 'f => f`x`'],
    ['has a template, which is not read', 'x => `-`'],
    ['reads a property, which may have a getter', 'x => x.y'],
    ['reads an element', 'x => x[0]'],
    ['spreads', 'x => ({ ...x })'],
    ['takes apart by an iterator', '([x]) => x'],
    ['iterates', 'x => { for (const y of x) return y }'],
    ['asks a constructor', '(x, C) => x instanceof C'],
    ['takes a name from outside', 'x => x + outside'],
    ['takes what is global', 'x => globalThis'],
    ['imports', "() => import('node:fs')"],
    ['has a class', 'x => class { static y = x }'],
    ['looks at `this`', 'function () { return this }'],
    ['looks at `arguments`', 'function () { return arguments }'],
    ['is a generator', 'function* (x) { return x }'],
    ['is an async generator', 'async function* (x) { return x }'],
    ['yields', 'function* (x) { yield x }'],
    ['has a getter', 'x => ({ get y() { return x } })'],
    ['has a method', 'x => ({ valueOf() { return x } })'],
    ['hides a call between quotes of regular expressions', "(f) => /'/ + f(1) + /'/"],
    ['has a comment', 'x => /* f( */ x'],
    ['is longer', `x => x ${'+ 1'.repeat(100)}`],
  ])('is not one that %s', (_, text) => {
    expect(onlyComputes(made(text))).toBe(false)
  })

  it('is none of which there is no text', () => {
    const fn = (x: number): number => x
    expect(onlyComputes(fn)).toBe(true)
    expect(onlyComputes(fn.bind(undefined))).toBe(false)
    expect(onlyComputes(new Proxy(fn, {}))).toBe(false)
    expect(onlyComputes(Math.abs)).toBe(false)
    expect(onlyComputes(class {})).toBe(false)
    expect(onlyComputes({ fn() {} }.fn)).toBe(false)
  })
})
