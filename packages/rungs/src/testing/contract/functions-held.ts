// Functions that say on a Board how far they are, and those that wait there until the case lets them go on. See functions.ts.
import { setTimeout as pause } from 'node:timers/promises'
import { currentCall } from '../../core/current-call.js'
import { add, type Board, enter, leave, log, reached, reachedSync } from './board.js'
import { workerId } from './functions.js'

/** Says on the board that it has begun. 1 ends at once, 3 fails at once, and others are held. */
export async function logThenHold(board: Board, n: number): Promise<number> {
  log(board, n)
  if (n === 3) throw new RangeError('3 is not wanted')
  if (n !== 1) await reached(board, 'release', 1)
  return n
}

export async function workerIdOnceMet(board: Board, parties: number): Promise<string> {
  await meet(board, parties)
  return workerId()
}

export function logValue(board: Board, value: number): number {
  log(board, value)
  return value
}

/** Counts itself as begun, and waits until the board releases it; ends early, failing with the signal's reason, when it is aborted. */
export async function hold(board: Board, value = 0): Promise<number> {
  enter(board)
  add(board, 'begun')
  const signal = currentCall()?.signal
  try {
    await reached(board, 'release', 1, signal)
  } catch (error) {
    if (signal?.aborted) add(board, 'aborted')
    throw error
  } finally {
    leave(board)
    add(board, 'ended')
  }
  return value
}

/** As {@link hold}, and then it fails. */
export async function holdThenFail(board: Board, message: string): Promise<never> {
  await hold(board)
  throw new Error(message)
}

/** As {@link hold}, for whom being aborted is no reason to end. */
export async function holdFirmly(board: Board, value = 0): Promise<number> {
  enter(board)
  add(board, 'begun')
  try {
    await reached(board, 'release', 1)
  } finally {
    leave(board)
    add(board, 'ended')
  }
  return value
}

/** As {@link hold}, without yielding once. Not for tasks. */
export function holdSync(board: Board, value = 0): number {
  add(board, 'begun')
  reachedSync(board, 'release', 1)
  add(board, 'ended')
  return value
}

/** Ends once `parties` calls are running at the same time. */
export async function meet(board: Board, parties: number): Promise<void> {
  enter(board)
  add(board, 'met')
  try {
    await reached(board, 'met', parties)
  } finally {
    leave(board)
  }
}

/** Is inside for a few turns; how long differs from call to call. */
export async function visit(board: Board, n: number): Promise<number> {
  enter(board)
  try {
    await pause(n % 4)
    return n
  } finally {
    leave(board)
  }
}

/** The first item of a map waits for the second one to end: the results come in another order than the items. */
export async function waitIfFirst(board: Board, n: number): Promise<number> {
  if (n === 0) await reached(board, 'calls', 1)
  else add(board, 'calls')
  return n
}

/** Runs until it sees that it is not wanted, without yielding: only the flag itself can tell it. Gives up after a while. */
export function pollUntilAborted(board: Board): string {
  add(board, 'begun')
  const signal = currentCall()?.signal
  const end = Date.now() + 10_000
  while (Date.now() < end) {
    if (signal?.aborted) {
      add(board, 'aborted')
      return 'aborted'
    }
  }
  return 'never aborted'
}

/** Never ends and never yields: only its worker can be ended. */
export function spinForever(board: Board): never {
  add(board, 'begun')
  for (;;);
}

/** Fails until it is tried for the nth time. */
export function succeedOnAttempt(board: Board, n: number): number {
  add(board, 'calls')
  const attempt = currentCall()?.attempt ?? 0
  if (attempt < n) throw new Error(`attempt ${attempt}`)
  return attempt
}

/** Fails once, and then gives what it was given. */
export function giveOnAttempt2<T>(board: Board, value: T): T {
  succeedOnAttempt(board, 2)
  return value
}

/** Never ends before the nth attempt. */
export async function answerOnAttempt(board: Board, n: number): Promise<number> {
  const attempt = currentCall()?.attempt ?? 0
  if (attempt < n) await hold(board)
  return attempt
}
