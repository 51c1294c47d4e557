// Test files of Jest as callers: as they are, through Babel, and with the counters of both kinds of coverage in them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { outputOf } from './fixtures/output-of.js'

const require = createRequire(import.meta.url)
const rootDir = fileURLToPath(new URL('./fixtures/jest', import.meta.url))
const toCommonJs = require.resolve('@babel/plugin-transform-modules-commonjs')
const babel = (plugins: readonly string[]) => ['babel-jest', { plugins, configFile: false, babelrc: false }]
const transforms = {
  'without a transform': {},
  'through babel-jest': { '/jest/[^/]*$': babel([]), '/transpiled/': babel([toCommonJs]) },
}
// Jest spares its test files the counters if it is not told otherwise.
const covered = {
  collectCoverage: true,
  coveragePathIgnorePatterns: ['/dist/'],
  coverageReporters: ['json'],
  forceCoverageMatch: ['**/*.test.*'],
}
const coverages = { 'without coverage': {}, 'with Istanbul': covered, 'with the coverage of V8': { ...covered, coverageProvider: 'v8' } }

// Files of which Jest needs the flag for `import`, and those that require the library.
const flags = {
  'as it is': { flag: [], testMatch: ['**/*.test.cjs', '**/plain/*-test.cjs'] },
  'with ES modules': { flag: ['--experimental-vm-modules'], testMatch: ['**/*.test.{cjs,mjs}'] },
}

const cases = Object.entries(flags).flatMap(([modules, { flag, testMatch }]) =>
  Object.entries(transforms).flatMap(([how, transform]) =>
    Object.entries(coverages).map(([coverage, options]) => ({ modules, flag, testMatch, how, transform, coverage, options })),
  ),
)

it.each(cases)(
  'Jest $modules, $how, $coverage',
  async ({ flag, testMatch, how, transform, options }) => {
    const folder = mkdtempSync(join(tmpdir(), 'rungs-jest-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const isTransformed = how === 'through babel-jest'
    const config = {
      rootDir,
      transform,
      cacheDirectory: join(folder, 'cache'),
      coverageDirectory: folder,
      // ES modules by their extension. Without Babel the others cannot be read.
      testMatch: [...testMatch, ...(isTransformed ? ['**/*-test.ts'] : [])],
      moduleFileExtensions: ['js', 'cjs', 'mjs', 'ts', 'json'],
      ...options,
    }
    const args = [...flag, require.resolve('jest/bin/jest'), '--config', JSON.stringify(config), '--json', '--runInBand']
    const { success, numPassedTests } = JSON.parse(await outputOf(args))
    expect({ success, numPassedTests }).toEqual({ success: true, numPassedTests: isTransformed ? 15 : 10 })
    if ('collectCoverage' in options) {
      const files = Object.keys(JSON.parse(readFileSync(join(folder, 'coverage-final.json'), 'utf8')))
      expect(files).toContain(join(rootDir, 'commonjs.test.cjs'))
    }
  },
  90_000,
)
