// `#private` members as TypeScript and esbuild write them out for engines that have none: weak collections beside the class.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { transform } from 'esbuild'
import ts from 'typescript'
import { expect, it, onTestFinished } from 'vitest'
import { outputOf } from './fixtures/output-of.js'

// A field that nothing reads, which no linter lets pass, is written out in another way.
const source = readFileSync(new URL('./fixtures/privates.ts', import.meta.url), 'utf8')
  .replace("'rungs'", JSON.stringify(new URL('../../dist/index.js', import.meta.url).href))
  .replace('#n = 1', '#n = 1\n  #unused = 0')

const byTypeScript = (target: keyof typeof ts.ScriptTarget) =>
  ts.transpileModule(source, { compilerOptions: { target: ts.ScriptTarget[target], module: ts.ModuleKind.ESNext } }).outputText
/** What is awaited at the top stays there: only the classes are written out. */
const byEsbuild = async (target: string, minify: boolean) =>
  (await transform(source, { loader: 'ts', target, minify, format: 'esm', supported: { 'top-level-await': true } })).code

const programs: Record<string, () => string | Promise<string>> = {
  'TypeScript, ES5': () => byTypeScript('ES5'),
  'TypeScript, ES2015': () => byTypeScript('ES2015'),
  'TypeScript, ES2021': () => byTypeScript('ES2021'),
  'esbuild, ES2021': () => byEsbuild('es2021', false),
  'esbuild, ES2017': () => byEsbuild('es2017', false),
  'esbuild, ES2021, minified': () => byEsbuild('es2021', true),
}

it.each(Object.keys(programs))(
  '%s',
  async (tool) => {
    const folder = mkdtempSync(join(tmpdir(), 'rungs-privates-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'program.mjs')
    writeFileSync(file, (await programs[tool]?.()) as string)
    const told = JSON.parse(await outputOf([file])) as Record<string, unknown>
    expect(told).toMatchObject({
      used: [12, 13, 14, true, false, 10, 5],
      extended: 'named12',
      again: ['named12', 12],
      same: true,
      passed: true,
      method: 10,
    })
    for (const how of ['argument', 'inherited', 'result']) expect(told[how]).toMatch(/^NotShippableError .*has private members of class/)
  },
  30_000,
)
