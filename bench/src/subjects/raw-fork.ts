import { fork } from 'node:child_process'
import type { Task } from '../fixtures/process-tasks.js'

/** The baseline: one message of Node's own channel per call to the processes in turn, one message back. */
export function rawFork(file: string, size: number, serialization: 'json' | 'advanced') {
  const pending = new Map<number, (value: unknown) => void>()
  const children = Array.from({ length: size }, () => {
    const child = fork(file, { serialization })
    child.on('message', (message) => {
      const { id, value } = message as { id: number; value: unknown } // Of raw-fork-worker.
      pending.get(id)?.(value)
      pending.delete(id)
    })
    return child
  })
  let calls = 0
  return {
    perform: (task: Task): Promise<unknown> =>
      new Promise((resolve) => {
        const id = calls++
        pending.set(id, resolve)
        children[id % size]?.send({ id, task })
      }),
    end: async () =>
      void (await Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve) && child.kill())))),
  }
}
