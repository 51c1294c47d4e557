// The async context of whoever calls: an AsyncResource takes what every AsyncLocalStorage holds now. To make one costs about as much as all else
// of a short call, and calls that are submitted in a loop all have the same.
import { AsyncLocalStorage, AsyncResource, executionAsyncId, executionAsyncResource } from 'node:async_hooks'

const { getOwnPropertySymbols } = Object

/** Whether stores are properties of the resource that runs, so that it shows whether they have changed. Not so in newer versions of Node. */
const visible = isVisible()
let lastId = -1
let lastSymbols: readonly symbol[] = []
let lastStores: unknown[] = []
let last: AsyncResource | undefined

/** Of calls of which nothing runs in this thread. */
export const noContext = new AsyncResource('rungs', { requireManualDestroy: true })

/** The context of the caller: the same object as long as nothing of the context has changed. */
export function callerContext(): AsyncResource {
  if (!visible) return new AsyncResource('rungs', { requireManualDestroy: true })
  const id = executionAsyncId()
  const resource = executionAsyncResource() as Record<symbol, unknown>
  const symbols = getOwnPropertySymbols(resource)
  if (last !== undefined && id === lastId && id !== 0 && isSame(resource, symbols)) return last
  lastId = id
  lastSymbols = symbols
  lastStores = symbols.map((symbol) => resource[symbol])
  last = new AsyncResource('rungs', { requireManualDestroy: true })
  return last
}

function isSame(resource: Record<symbol, unknown>, symbols: readonly symbol[]): boolean {
  if (symbols.length !== lastSymbols.length) return false
  for (let index = 0; index < symbols.length; index++) {
    const symbol = symbols[index] as symbol // Within the list.
    if (symbol !== lastSymbols[index] || resource[symbol] !== lastStores[index]) return false
  }
  return true
}

function isVisible(): boolean {
  const probe = new AsyncLocalStorage<object>()
  const store = {}
  const seen = probe.run(store, () => {
    const resource = executionAsyncResource() as Record<symbol, unknown>
    return getOwnPropertySymbols(resource).some((symbol) => resource[symbol] === store)
  })
  probe.disable()
  return seen
}
