// How each library that takes functions themselves is given one. The functions are written where they are submitted, as in a program.
import type { Sample } from '../claim.js'
import { echo } from '../fixtures/echo.js'

type Call = (n: number) => PromiseLike<number>

export interface Shipper {
  /** Has its thread run, without a function by value where the library knows another way. */
  start(): PromiseLike<unknown>
  /** Gives back its argument. */
  readonly imported: Call
  /** Adds one; a new function object each time. */
  readonly inline: Call
  /** Adds two variables that are 1 and 2 more each time, in a new closure each time. */
  readonly closure: Call
  /** Adds 3, from two constants in one closure. */
  readonly constant: Call
  /** The imported function beside its argument alone, for who can send that. */
  reference?(count: number): Promise<Sample>
  end(): PromiseLike<unknown>
}

export interface ShipperKind {
  readonly package: string
  open(): Promise<Shipper>
}

export const shippers: Record<string, ShipperKind> = {
  rungs: { package: 'rungs', open: rungs },
  workerpool: { package: 'workerpool', open: workerpool },
  multithreading: { package: 'multithreading', open: multithreading },
}

const one = 1
const two = 2
const addThree = (n: number): number => n + one + two

async function rungs(): Promise<Shipper> {
  const { ThreadPoolExecutor } = await import('rungs')
  const pool = new ThreadPoolExecutor(1)
  return {
    start: () => pool.submit(echo, 0),
    imported: (n) => pool.submit(echo, n),
    inline: (n) => pool.submit((x: number) => x + 1, n),
    closure: (n) => {
      const a = n + 1
      const b = n + 2
      return pool.submit((x: number) => x + a + b, n)
    },
    constant: (n) => pool.submit(addThree, n),
    reference: async (count) => (await import('./shipped-reference.js')).reference(count),
    end: () => pool.shutdown(),
  }
}

async function workerpool(): Promise<Shipper> {
  const { default: library } = await import('workerpool')
  const pool = library.pool({ workerType: 'thread', minWorkers: 1, maxWorkers: 1 })
  return {
    start: () => pool.exec('methods'),
    imported: (n) => pool.exec(echo, [n]),
    inline: (n) => pool.exec((x: number) => x + 1, [n]),
    closure: (n) => {
      const a = n + 1
      const b = n + 2
      return pool.exec((x: number) => x + a + b, [n])
    },
    constant: (n) => pool.exec(addThree, [n]),
    end: async () => void (await pool.terminate(true)),
  }
}

async function multithreading(): Promise<Shipper> {
  if (!('withResolvers' in Promise)) throw new Error('needs Promise.withResolvers, which Node has from 22 on')
  const { initRuntime, move, shutdown, spawn } = await import('multithreading')
  initRuntime({ maxWorkers: 1 })
  const call = async (fn: (n: number) => number, n: number): Promise<number> => {
    const result = await spawn(move(n), fn).join()
    if (!result.ok) throw result.error
    return result.value
  }
  return {
    start: () => call((x) => x, 0),
    imported: (n) => call(echo, n),
    inline: (n) => call((x) => x + 1, n),
    closure: (n) => {
      const a = n + 1
      const b = n + 2
      return call((x) => x + a + b, n)
    },
    constant: (n) => call(addThree, n),
    end: async () => shutdown(),
  }
}
