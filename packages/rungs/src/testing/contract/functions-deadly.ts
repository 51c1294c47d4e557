// Functions that end the worker they run on, at once or later. See functions.ts.
import { setTimeout as pause } from 'node:timers/promises'
import { currentCall } from '../../core/current-call.js'
import { add, type Board, reached } from './board.js'
import { workerId } from './functions.js'

export function exitOnFirstAttempt(code: number): number {
  const attempt = currentCall()?.attempt ?? 0
  if (attempt === 1) process.exit(code)
  return attempt
}

export function exitWith(code: number): never {
  process.exit(code)
}

/** Counts itself as begun and ends its worker when the board releases it. */
export async function exitOnceReleased(board: Board, code: number): Promise<never> {
  add(board, 'begun')
  await reached(board, 'release', 1)
  process.exit(code)
}

export async function throwInTimer(message: string): Promise<void> {
  setTimeout(() => {
    throw new Error(message)
  }, 1)
  await pause(60_000)
}

export async function throwThisInTimer(value: unknown): Promise<void> {
  setTimeout(() => {
    throw value
  }, 1)
  await pause(60_000)
}

export async function rejectAndNobodyListens(message: string): Promise<void> {
  void Promise.reject(new Error(message))
  await pause(60_000)
}

/** Ends well, and leaves something behind that ends its worker when the board releases it. */
export function leaveSomethingThatThrows(board: Board): string {
  void reached(board, 'release', 1).then(() => process.exit(7))
  return workerId()
}

export function runOutOfMemory(): never {
  const kept: number[][] = []
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => i + 0.5))
}

/** Ends its worker if it is the one. */
export function exitIf(bad: number, n: number): number {
  if (n === bad) process.exit(1)
  return n
}

export function killItself(signal: NodeJS.Signals): Promise<void> {
  process.kill(process.pid, signal)
  return pause(60_000)
}
