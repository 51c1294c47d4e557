// Initializers and finalizers, and other functions that keep something in the state of this module, of which each thread and process has its own. See
// functions.ts.
import { setTimeout as pause } from 'node:timers/promises'
import { add, type Board } from './board.js'
import { workerId } from './functions.js'

const memory = new Map<string, unknown>()

/** Keeps something in the state of this module, which each thread and process has its own of. */
export function remember(key: string, value: unknown): void {
  memory.set(key, value)
}

export function recall(key: string): unknown {
  return memory.get(key)
}

const seen: number[] = []

/** Keeps the numbers that it was given, in the order in which it was. */
export function note(n: number): number {
  seen.push(n)
  return n
}

/** What {@link note} has kept since the last time. */
export function noted(): number[] {
  return seen.splice(0)
}

/** An initializer: counts itself, and keeps what it was given. */
export async function setUp(board: Board, key: string, value: unknown): Promise<void> {
  await pause(1)
  add(board, 'setUp')
  memory.set(key, value)
}

/** An initializer that keeps the board for {@link tearDown}. */
export function setUpBoard(board: Board): void {
  add(board, 'setUp')
  memory.set('board', board)
}

/** A finalizer: counts itself on the board that {@link setUpBoard} has kept. */
export async function tearDown(): Promise<void> {
  await pause(1)
  add(memory.get('board') as Board, 'tornDown') // What setUpBoard has put there.
}

/** A finalizer that fails. */
export function failToTearDown(): never {
  throw new Error('thrown in a finalizer')
}

/** Never lets go of as many megabytes of its heap. */
export function retain(key: string, megabytes: number): string {
  // A double that is not a small integer takes eight bytes.
  memory.set(
    key,
    Array.from({ length: megabytes }, () => Array.from({ length: 131_072 }, (_, i) => i + 0.5)),
  )
  return workerId()
}
