// What the cases stream. For the same uses as the functions beside it.
import { setTimeout as pause } from 'node:timers/promises'
import { currentCall } from '../../core/current-call.js'
import { add, type Board } from './board.js'
import { hold, holdFirmly, holdSync, spinForever } from './functions-held.js'

export function* countTo(n: number): Generator<number> {
  for (let i = 1; i <= n; i++) yield i
}

export async function* countToLater(n: number): AsyncGenerator<number> {
  for (let i = 1; i <= n; i++) {
    await pause(1)
    yield i
  }
}

export function* countThenThrow(n: number, error: unknown): Generator<number> {
  yield* countTo(n)
  throw error
}

/** Without an end; says how far it is, and that its `finally` has run. */
export async function* countForever(board: Board): AsyncGenerator<number> {
  try {
    for (let n = 1; ; n++) {
      add(board, 'calls')
      yield n
    }
  } finally {
    await pause(1)
    add(board, 'ended')
  }
}

/** Waits in the middle of its items, until it is released or aborted. */
export async function* countThenHold(board: Board): AsyncGenerator<number> {
  yield 1
  yield await hold(board)
}

/** Waits for an item that never comes, as one that follows a file, until its signal aborts; says when it waits, and that its `finally` has run. */
export async function* countThenFollow(board: Board): AsyncGenerator<number> {
  try {
    yield 1
    add(board, 'begun')
    await pause(3_600_000, undefined, { signal: currentCall()?.signal })
  } finally {
    await pause(1)
    add(board, 'ended')
  }
}

/** Computes in the middle of its items, until it is released. */
export function* countThenCompute(board: Board): Generator<number> {
  yield 1
  yield 2
  yield holdSync(board, 3)
}

/** One item, and then nothing that ends it. */
export function* countThenSpin(board: Board): Generator<number> {
  yield 1
  spinForever(board)
}

/** One item, and then one that comes much too late. */
export async function* countThenStall(board: Board): AsyncGenerator<number> {
  yield 1
  await holdFirmly(board)
}

export function arrayOf(n: number): number[] {
  return [...countTo(n)]
}
