// Ordinary functions are read without the parser, which is the oracle here: wherever the reader understands a text it must say the same.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of functions have some.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Node, parse } from 'acorn'
import { transformSync } from 'esbuild'
import fc, { type Arbitrary } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSelfContained, simpleFacts } from '../../dist/calls/simple-facts.js'
import { parsedFacts, sourceFacts } from '../../dist/calls/source-facts.js'

const { createInstrumenter } = createRequire(import.meta.url)('istanbul-lib-instrument') as {
  createInstrumenter(options: { esModules: boolean }): { instrumentSync(code: string, file: string): string }
}

const simple = [
  '(x) => x * 2',
  'x => x + a + b',
  'async (x, y) => (await fetch(x)).ok && y.then(a)',
  'function fact(n) { return n < 2 ? 1 : n * fact(n - 1) }',
  'function (x) { return [x, ...rest, settings.deep.unit, list?.at(0), -1, +x, !y, ~z, 10n, 1.5, 0x1f, .5, 1_000, 1e3]; }',
  "() => typeof nothing === 'undefined' || new Map([['a', x?.y?.z]])",
  '(x) => ns.a(ns.b, other) + other.c',
  '(x) => { const y = x; return y }',
  '(x) => { return y; { let y } }',
  '() => { use(hoisted); if (a) { var hoisted = 1; let own } return own }',
  '(x) => { let s = 0\nfor (let i = 0; i < x; i++) { if (i % 2) continue\ns += i }\nreturn s }',
  'async () => { for await (const x of y) { try { z(x) } catch (e) { log(e) } finally { done() } } }',
  '(map) => { for (const [k, { v = k, ...rest }] of map) for (const w in rest) while (w) do { break } while (v) }',
  'function f(n) { switch (n) { case a: let q = 1; return q; default: return f(n - 1) } }',
  '() => { return\nx }',
  '() => { a\n++b\nreturn a }',
  '() => { throw new Failed(`at ${place.line}: ${(() => `${a}`)()}`, { cause }) }',
  '(x) => `x`',
  '(x) => tag`a${x}\\n${`${b}`}$`',
  '(x) => x / a / b',
  '(x) => x => 1\n/a/g',
  '(x) => (a, b)[x] / (c)',
  '(x) => x++',
  '() => { a = 1; b.c = 2; ({}).d = delete e.f; g ||= --h }',
  '() => this.x',
  'function () { return () => this.x }',
  "() => import('./x.js')",
  '(x = a) => x',
  '({ x, y: [z, , w = a], [key]: u, ...v }, ...rest) => { x(z, w, u, v, rest) }',
  '({ a } = {}, { b: { c } = {} } = d) => a + b + c',
  '(x) => ({ x, y, z: 1, [w]: x, "s": 2, 3: 4, m(a) { return this.n + a + b }, async o() { await p }, async: 5, get: 6 })',
  '() => () => a',
  'async (x) => async y => async function g() { await g(x, y) }',
  '() => { run(); function run() { again() } async function again() { await run() } }',
  'function f(a) { function g() { return a } return g }',
  "(x) => list['length'] + list[0] + list[(null)] + list[true] + list[x]",
  '(x) => (list).length + ((list))?.["a b"]',
  '(from, to) => { let set = from.get; return set.static + set.of.class + meta.import }',
  '(x) => x.y /* a */ // b',
  "(x) => 'größe' + `größe` // größe",
  '(x) => x ? (a) : b => c',
  '(x) => x ? (a, b) => c : d',
  "(x) => 'it\\'s\\u0041\\x41\\\n'",
]

const strange = [
  '(x) => /a/.test(x)',
  '(x) => { if (x) /a/.test(x) }',
  '() => { (x) => {}\n/a/g.test(x) }',
  '([a, b]) => { [a, b] = [b, a] }',
  '(x) => { ({ x } = a) }',
  '() => new.target',
  '() => arguments[0]',
  '() => import.meta.url',
  "() => eval('x')",
  "(x) => x['a\\n']",
  '(x) => x[1n]',
  "(x) => '\\7'",
  '(x) => 017',
  '(x) => x<!--a',
  '(x) => { while (x --> 0); }',
  '() => \\u0061',
  'get x() { return a }',
  'async(x) { return a }',
  'x() { return a }',
  '[x]() { return a }',
  'function* f() { return a }',
  'async => async + a',
  'async function* f() { yield a }',
  '(x) => größe',
  '(x) => { class A {} }',
  '(x) => { here: for (;;) break here }',
  '(x) => { with (x) a }',
  '(x) => { if (x) function f() {} }',
  '(x) => { { function f() {} function f() {} } }',
  'function (x, x) { return a }',
  'function (let) { return let }',
  '() => { if (a) let\n{ } }',
  '() => { await a }',
  '() => { yield\n(a) }',
  '() => delete a',
  '() => f() = 1',
  '() => ({ get x() { return a } })',
  '() => ({ *x() { yield a } })',
  '() => { for (var i = 0 in {}) a }',
  '() => { for (a of b) c }',
  '() => { using x = a }',
  '(x) => x.#y',
  `() => ${'('.repeat(200)}a${')'.repeat(200)}`,
  `() => ${'(a = '.repeat(40)}1${') => 1'.repeat(40)}`,
]

describe('the text of an ordinary function', () => {
  it.each(simple)('%s', (text) => {
    expect(simpleFacts(text)).toEqual(parsedFacts(text))
    expect(simpleFacts(text)).not.toBeUndefined()
  })

  it.each(strange)('is left to the parser: %s', (text) => {
    expect(simpleFacts(text)).toBeUndefined()
    expect(sourceFacts(text)).toEqual(parsedFacts(text))
  })

  it('says what its syntax tree says', () => {
    let compared = 0
    fc.assert(
      fc.property(functions(), (text) => {
        const slow = parsedFacts(text)
        const quick = simpleFacts(text)
        // What is no JavaScript no engine gives.
        if (quick === undefined || typeof slow === 'string') return
        compared++
        expect(quick).toEqual(slow)
      }),
      { numRuns: 3_000 },
    )
    expect(compared).toBeGreaterThan(600)
  })

  const own = filesIn(new URL('./fixtures/', import.meta.url))
  const ways = {
    'as they are': (text: string) => text,
    minified: (text: string) => transformSync(text, { minify: true }).code,
    'with the counters of Istanbul': (text: string, file: string) => createInstrumenter({ esModules: true }).instrumentSync(text, file),
  }
  it.each(Object.entries(ways))('says what its syntax tree says, of our own files %s', (_, rewrite) => {
    let compared = 0
    for (const file of own) {
      const text = rewrite(readFileSync(file, 'utf8'), file)
      for (const one of functionsIn(text)) {
        const quick = simpleFacts(one)
        if (quick === undefined) continue
        compared++
        expect(quick, one).toEqual(parsedFacts(one))
      }
    }
    expect(compared).toBeGreaterThan(300)
  })
})

describe('a text means the same wherever it stands', () => {
  it.each(['(x) => x * 2', 'function f(n) { let s = 0; for (const m of n) s += m; return s }', '(list) => list.map((x) => `${x}`)'])(
    'when it takes nothing from there: %s',
    (text) => expect(isSelfContained(text)).toBe(true),
  )

  it.each([
    'x => x + a',
    '() => this',
    'function () { return this }',
    "() => import('./x.js')",
    // Strict code throws where other code does nothing.
    'function f() { f = 1 }',
    '(x) => { x.y = 1 }',
    '(x) => x.y++',
    '(x) => delete x.y',
    '(x) => /a/.test(x)',
  ])('else it does not: %s', (text) => expect(isSelfContained(text)).toBe(false))
})

/** Texts of functions over few names, so that they shadow each other all the time; most are JavaScript. */
function functions(): Arbitrary<string> {
  const name = fc.constantFrom('a', 'b', 'c', 'x', 'y', 'ns', 'undefined', '$', 'in1', 'get', 'newer')
  const literal = fc.constantFrom('0', '12', '1.5', '7n', "'x'", '"a.b"', "'new'", 'true', 'null', '`t`')
  const space = fc.constantFrom('', ' ', '\n', '/* a */', '// b\n')
  type Made = Record<'expression' | 'statement' | 'target' | 'parameters' | 'body' | 'fn', string>
  const { fn } = fc.letrec<Made>((tie) => {
    const expression = tie('expression')
    const statement = tie('statement')
    const target = tie('target')
    const made = (strings: TemplateStringsArray, ...parts: Arbitrary<string>[]) =>
      fc.tuple(...parts).map((texts) => String.raw({ raw: strings }, ...texts))
    const kind = fc.constantFrom('const', 'let', 'var', 'var')
    return {
      expression: fc.oneof(
        { maxDepth: 4 },
        name,
        literal,
        made`${expression}${fc.constantFrom('.', '?.')}${name}`,
        made`${name}${space}${fc.constantFrom('.', '?.')}${space}${name}`,
        made`${expression}(${expression}, ...${expression})`,
        made`${name}[${expression}]`,
        made`${expression}${space}${fc.constantFrom('+', '-', '*', '**', '<', '>=', '===', '!=', '&&', '??', ' in ', '|', '/')}${space}${expression}`,
        made`${fc.constantFrom('!', '-', '+', '~', 'typeof ', 'void ', 'new ', 'await ', 'delete ', '++', '--')}${expression}`,
        made`(${name}${space}${fc.constantFrom('++', '--', ' = 1', ' ??= b')})`,
        made`(${expression} ? ${expression} : ${expression})`,
        made`(${expression}, ${expression})`,
        made`(${expression})`,
        made`[${expression}, , ...${expression}]`,
        made`({ ${name}, ${name}: ${expression}, [${expression}]: ${expression}, ${name}(${tie('parameters')}) {${tie('body')}} })`,
        made`(${target} = ${expression})`,
        made`\`\${${expression}}-\${${expression}}\``,
        made`(${tie('fn')})`,
      ),
      target: fc.oneof(
        { maxDepth: 2 },
        name,
        made`[${target}, ${target} = ${expression}]`,
        made`{ ${name}, ${name}: ${target}, ...${name} }`,
        made`{ [${expression}]: ${target} = ${expression}, ${name} = ${expression} }`,
      ),
      parameters: fc.oneof({ maxDepth: 3 }, fc.constant(''), name, made`${target} = ${expression}`, made`${target}, ...${target}`),
      statement: fc.oneof(
        { maxDepth: 4 },
        made`${expression};`,
        made`${expression}\n`,
        made`${kind} ${target} = ${expression}\n`,
        made`return${space}${expression}\n`,
        made`if (${expression}) ${statement} else ${statement}`,
        made`{ ${tie('body')} }`,
        made`for (${kind} ${target} ${fc.constantFrom('of', 'in')} ${expression}) ${statement}`,
        made`for (${kind} ${name} = ${expression}; ${expression}; ${name}++) { ${tie('body')} break }`,
        made`for (;;) ${statement}`,
        made`while (${expression}) ${statement}`,
        made`do ${statement} while (${expression})\n`,
        made`switch (${expression}) { case ${expression}: ${statement} default: ${tie('body')} }`,
        made`try { ${tie('body')} } catch (${target}) { ${tie('body')} } finally { ${tie('body')} }`,
        made`throw ${expression};`,
        made`function ${name}(${tie('parameters')}) { ${tie('body')} }`,
      ),
      body: fc.array(statement, { maxLength: 3 }).map((all) => all.join('')),
      fn: fc.oneof(
        { maxDepth: 4 },
        made`${name} => ${expression}`,
        made`(${tie('parameters')}) => ${expression}`,
        made`async (${tie('parameters')}) => { ${tie('body')} }`,
        made`(${tie('parameters')}) => { ${tie('body')} }`,
        made`function (${tie('parameters')}) { ${tie('body')} }`,
        made`async function ${name}(${tie('parameters')}) { ${tie('body')} }`,
      ),
    }
  })
  return fn
}

function filesIn(folder: URL): string[] {
  const path = fileURLToPath(folder)
  return readdirSync(path)
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(path, name))
}

/** The texts of all functions in a module, but for methods. */
function functionsIn(text: string): string[] {
  const found: string[] = []
  const open: Node[] = [parse(text, { ecmaVersion: 'latest', sourceType: 'module' })]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const isMethod = node.type === 'FunctionExpression' && text[node.start] === '('
    if (node.type.includes('Function') && !isMethod) found.push(text.slice(node.start, node.end))
    for (const child of Object.values(node).flat()) {
      if (typeof child === 'object' && child !== null && typeof child.type === 'string') open.push(child)
    }
  }
  return found
}
