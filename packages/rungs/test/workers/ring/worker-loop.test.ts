import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { WorkerEnd } from '../../../dist/workers/ring/worker-end.js'
import { WorkerLoop } from '../../../dist/workers/ring/worker-loop.js'

/** A worker with calls in its shared memory, and as many places as it is told. */
class Scene {
  calls = 2
  places = 1
  begun = 0
  readonly loop: WorkerLoop

  constructor() {
    const scene = this
    const end = {
      run() {},
      note() {},
      callNs: 0,
      get hasCall() {
        return scene.calls > 0
      },
      waitInLoop: () => true,
      park: () => false,
    } as unknown as WorkerEnd // What the loop uses of it.
    this.loop = new WorkerLoop(
      {
        end,
        short: () => 0,
        next: () => this.#next(),
        hasPlace: () => this.begun < this.places,
        hasWaiting: () => false,
        idle: () => this.begun === 0,
        flush() {},
      },
      Number.POSITIVE_INFINITY,
    )
  }

  #next(): 'goesOn' | 'none' {
    if (this.calls === 0 || this.begun >= this.places) return 'none'
    this.calls--
    this.begun++
    return 'goesOn'
  }
}

test('a call that came before there was a place for it begins when another lends its place, but not in the middle of that one', async () => {
  const scene = new Scene()
  scene.loop.wake()
  expect(scene.begun).toBe(1)
  // It looks again, finds no place and leaves it to others to wake it.
  for (let n = 0; n < 3; n++) await turn()
  expect(scene.begun).toBe(1)
  scene.places = 2
  scene.loop.placeLent()
  expect(scene.begun).toBe(1)
  for (let n = 0; n < 3; n++) await turn()
  expect(scene.begun).toBe(2)
})
