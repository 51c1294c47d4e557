// Functions of the platform as they were when this library was loaded. Calls may replace the globals of the worker that they run in, and test tools
// fake those of the program; what pools and workers live by must go on. Time that users see is measured by `clock`, which may be faked.
import * as timers from 'node:timers'

const { add, compareExchange, exchange, load, notify, or, store, wait } = globalThis.Atomics

export const atomics = { add, compareExchange, exchange, load, notify, or, store, wait } as const

const own = globalThis.performance

export const performance = { now: own.now.bind(own) } as const

// Bound to names here: tools put theirs into the module of Node as well.
export const { clearImmediate, clearTimeout, setImmediate, setTimeout } = timers
export const queueMicrotask = globalThis.queueMicrotask

export const nextTick = process.nextTick.bind(process)
export const activeResources = process.getActiveResourcesInfo.bind(process)

const { exit: exitProcess } = process

/** Ends this thread or process. */
export function exit(code: number): void {
  Reflect.apply(exitProcess, process, [code])
}
