// `await future` hands over the two functions that settle a promise, which a future calls as they are. Nothing else may be taken for them.
import { Future } from 'rungs'
import { expect, it } from 'vitest'

const { future, resolve } = Future.withResolvers<number>()
resolve(20)

it('handlers that are proxies are handlers', async () => {
  const proxy = new Proxy((value: number) => value + 1, {})
  expect(await future.then(proxy, proxy)).toBe(21)
})

it('functions that are bound, and those of the language that settle nothing, are handlers', async () => {
  const add = ((value: number) => value + 2).bind(null)
  expect(await future.then(add, add)).toBe(22)
  expect(await future.then(Math.sqrt, Math.sqrt)).toBe(Math.sqrt(20))
})

it('those that settle a promise are called, and the future is given back', async () => {
  const settled = await new Promise<number>((onFulfilled, onRejected) => {
    expect(future.then(onFulfilled, onRejected)).toBe(future)
  })
  expect(settled).toBe(20)
})
