// Calls on this event loop that end at once, or whose promises are settled already, never leave a gap: many of them in a row would keep timers and
// input waiting for as long as there are any. So those who run them look here between two of them, and let the loop go round when it is time.
import { setImmediate } from 'node:timers'

/** Milliseconds that calls may take one after the other before the loop goes round. */
const longest = 10
/** Calls between two looks at the clock, at most: it is about as dear as a short call. */
const farthest = 256
/** Milliseconds between two looks, about. */
const pace = 1

/** Calls until the next look at the clock. */
let left = 1
let stride = 1
let looked = 0
/** This turn of the loop, from the first look in it. */
let turn: { readonly began: number; next: Promise<void> | undefined; readonly go: { resolve: () => void } } | undefined

/** To be asked before each call. @returns what to await when the loop should go round first: all who ask meanwhile wait for the same */
export function nextTurn(): Promise<void> | undefined {
  return --left > 0 ? undefined : look()
}

function look(): Promise<void> | undefined {
  // All who ask before the loop has gone round get here.
  if (turn?.next !== undefined) return turn.next
  const now = performance.now()
  stride = now - looked < pace ? Math.min(stride * 2, farthest) : Math.max(stride >> 2, 1)
  left = stride
  looked = now
  if (turn === undefined) {
    const go = { resolve: () => {} }
    turn = { began: now, next: undefined, go }
    setImmediate(() => {
      turn = undefined
      go.resolve()
    })
  } else if (now - turn.began >= longest) {
    const { go } = turn
    turn.next = new Promise((resolve) => {
      go.resolve = resolve
    })
    left = 0
    return turn.next
  }
  return undefined
}
