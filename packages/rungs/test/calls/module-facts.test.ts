// Most exported functions are known as such without a parser. Its answer is what counts wherever that says no.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of modules have some.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { factsOf, isOwnExport } from '../../dist/calls/module-facts.js'

const folder = mkdtempSync(join(tmpdir(), 'rungs-facts-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

/** Asks about `f` where `at` is, or where the text of `f` begins. */
function ask(text: string, at: string): boolean {
  const file = join(folder, `${files++}.js`)
  writeFileSync(file, text)
  const facts = factsOf(pathToFileURL(file).href)
  if (facts === undefined) throw new Error('no text')
  const start = text.indexOf(at)
  expect(start).toBeGreaterThanOrEqual(0)
  return isOwnExport(facts, start, 'f')
}

it.each([
  ['export function f(x) { return x ? f(x - 1) : 0 }', 'function'],
  ['import a from "a"\n// of f(x)\nexport async function f() {}\nexport const g = () => f() + a.f', 'async'],
  ['export function* f() {}\n', 'function'],
  ['let a\nexport const f = (x) => x\nexport { a as f2 }', '(x)'],
  ['export const f = async function () {}', 'async'],
])('yes: %s', (text, at) => expect(ask(text, at)).toBe(true))

it.each([
  // It may hold something else by now.
  ['export function f() {}\nf = memoize(f)', 'function'],
  ['export function f() {}\n;[f] = [1]', 'function'],
  ['export function f() {}\n;({ f } = other)', 'function'],
  ['export function f() {}\nfor (f of list);', 'function'],
  ['export function f() {}\n\\u0066 = 1', 'function'],
  ['export let f = () => 1', '()'],
  ['export const g = 1, f = () => 1', '()'],
  // It is another name, or none.
  ['export function g() {}\nconst f = g', 'function'],
  ['export function f2() {}\n', 'function'],
  ['export const f2 = () => 1', '()'],
  ['export default function f() {}', 'function'],
  ['function f() {}\nexport { f }', 'function'],
  ['const f = () => 1\nexport { f as g }', '()'],
  // It only looks like an export.
  ['// export\nfunction f() {}', 'function'],
  ['/* export */ function f() {}', 'function'],
  ['`\nexport ${function f() {}}`', 'function'],
  ['export const f = wrap(() => 1)', '()'],
  ['export const f = { f() {} }', 'f()'],
])('not for certain: %s', (text, at) => expect(ask(text, at)).toBe(false))
