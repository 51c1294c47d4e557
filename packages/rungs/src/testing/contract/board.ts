// How a case sees what its calls do, and holds them, whatever they run on: a board of counters and a list of numbers that both sides read
// and write. Shared memory where there is any, a folder of files that only grow elsewhere. Plain data, so that it can be an argument.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { sleepSync } from '../../core/sleep.js'

/** Counters and a list; see {@link add} and {@link log}. */
export type Board = SharedArrayBuffer | string

const places = {
  inside: 0,
  peak: 1,
  begun: 2,
  ended: 3,
  release: 4,
  aborted: 5,
  met: 6,
  calls: 7,
  setUp: 8,
  tornDown: 9,
  closed: 10,
  logged: 11,
}
const firstLogged = 16
const logCapacity = 4_096

/** A counter of a board, from 0. */
export type Cell = keyof typeof places

export function openBoard(sharedMemory: boolean): Board {
  if (sharedMemory) return new SharedArrayBuffer(4 * (firstLogged + logCapacity))
  return mkdtempSync(join(tmpdir(), 'rungs-board-'))
}

/** Ends all waits on the board, so that no call outlives its case. */
export function closeBoard(board: Board): void {
  add(board, 'closed')
}

/** Removes what a board left on the disk. */
export function removeBoard(board: Board): void {
  if (typeof board === 'string') rmSync(board, { recursive: true, force: true })
}

/** Adds to a counter and gives its new value (a later one, where others add at the same time). */
export function add(board: Board, cell: Cell, n = 1): number {
  if (typeof board !== 'string') {
    const value = Atomics.add(numbers(board), places[cell], n) + n
    // Pairs with the wait in reachedSync().
    Atomics.notify(numbers(board), places[cell])
    return value
  }
  if (n < 0) throw new RangeError('counters in files only grow')
  appendFileSync(join(board, cell), '+'.repeat(n))
  return read(board, cell)
}

/** Lets all calls go that the board holds. */
export function release(board: Board): void {
  add(board, 'release')
}

/** The value of a counter. */
export function read(board: Board, cell: Cell): number {
  if (typeof board !== 'string') return Atomics.load(numbers(board), places[cell])
  return statSync(join(board, cell), { throwIfNoEntry: false })?.size ?? 0
}

/** Waits until a counter is at least `n`. */
export async function reached(board: Board, cell: Cell, n: number, signal?: AbortSignal): Promise<void> {
  while (read(board, cell) < n) {
    checkOpen(board)
    signal?.throwIfAborted()
    await pause(2)
  }
}

/** Blocks this thread until a counter is at least `n`. */
export function reachedSync(board: Board, cell: Cell, n: number): void {
  for (let value = read(board, cell); value < n; value = read(board, cell)) {
    checkOpen(board)
    if (typeof board === 'string') sleepSync(2)
    // Pairs with the notify in add(); at most 20 ms, as closing the board notifies another cell.
    else Atomics.wait(numbers(board), places[cell], value, 20)
  }
}

/** A call has begun; {@link peak} is how many there were at the same time. */
export function enter(board: Board): void {
  if (typeof board === 'string') {
    appendFileSync(join(board, 'inside'), '+')
    return
  }
  const inside = Atomics.add(numbers(board), places.inside, 1) + 1
  for (let peak = read(board, 'peak'); inside > peak; ) {
    peak = Atomics.compareExchange(numbers(board), places.peak, peak, inside)
  }
}

/** The call has ended. */
export function leave(board: Board): void {
  if (typeof board === 'string') appendFileSync(join(board, 'inside'), '-')
  else Atomics.sub(numbers(board), places.inside, 1)
}

/** How many calls were inside at the same time at most. */
export function peak(board: Board): number {
  if (typeof board !== 'string') return read(board, 'peak')
  let inside = 0
  let highest = 0
  for (const sign of textOf(board, 'inside')) {
    inside += sign === '+' ? 1 : -1
    highest = Math.max(highest, inside)
  }
  return highest
}

/** Appends to the list. */
export function log(board: Board, value: number): void {
  if (typeof board === 'string') {
    appendFileSync(join(board, 'logged'), `${value}\n`)
    return
  }
  const index = Atomics.add(numbers(board), places.logged, 1)
  Atomics.store(numbers(board), firstLogged + (index % logCapacity), value)
}

/** The list. */
export function logged(board: Board): number[] {
  if (typeof board === 'string') return textOf(board, 'logged').split('\n').filter(Boolean).map(Number)
  return [...numbers(board).subarray(firstLogged, firstLogged + read(board, 'logged'))]
}

function numbers(board: SharedArrayBuffer): Int32Array {
  return new Int32Array(board)
}

function textOf(board: string, file: string): string {
  return statSync(join(board, file), { throwIfNoEntry: false }) === undefined ? '' : readFileSync(join(board, file), 'utf8')
}

/** A folder that is gone is a board that was closed. */
function checkOpen(board: Board): void {
  const closed = read(board, 'closed') > 0 || (typeof board === 'string' && statSync(board, { throwIfNoEntry: false }) === undefined)
  if (closed) throw new Error('The case has ended, and with it the calls that it held')
}
