// The CommonJS files of the package are for tools whose `require` cannot load ES modules. jest.test.ts has one; here is that they are no second copy.
import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { handIn, requireHere } from '../../dist/calls/required.js'

const require = createRequire(import.meta.url)

it.each([
  ['index', () => import('../../dist/index.js')],
  ['sync', () => import('../../dist/sync.js')],
  ['testing/index', () => import('../../dist/testing/index.js')],
])('%s is the ES module itself', async (entry, load) => {
  expect({ ...require(`../../dist/${entry}.cjs`) }).toEqual({ ...(await load()) })
})

it('hand in the function by which they were required', () => {
  delete require.cache[require.resolve('../../dist/index.cjs')]
  handIn(require)
  require('../../dist/index.cjs')
  expect(requireHere()).not.toBe(require)
  expect(requireHere().resolve('./sync.cjs')).toBe(require.resolve('../../dist/sync.cjs'))
})
