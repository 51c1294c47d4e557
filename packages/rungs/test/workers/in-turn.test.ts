import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InTurn } from '../../dist/workers/in-turn.js'

/** What is said: by whom, and whether it takes a while to read. */
interface Said {
  readonly by: number
  readonly slow: boolean
}

const said = fc.record({ by: fc.nat(2), slow: fc.boolean() })

describe('What is said of a call', () => {
  test('is heard once and in the order in which it was said, whatever is read in between', () => {
    fc.assert(
      fc.property(fc.array(said), fc.array(fc.nat(20)), (all, order) => {
        const turns = new InTurn<number>()
        const heard: [number, number][] = []
        const reading: (() => void)[] = []
        const hear = ({ by, slow }: Said, index: number): void => {
          if (!slow) {
            heard.push([by, index])
            return
          }
          const over = turns.begin(by)
          reading.push(() => {
            heard.push([by, index])
            over()
          })
        }
        all.forEach((one, index) => {
          if (!turns.defer(one.by, () => hear(one, index))) hear(one, index)
          // Some of what is being read is there by now.
          const done = order[index % Math.max(1, order.length)] ?? 0
          if (done < reading.length) reading.splice(done, 1)[0]?.()
        })
        let none = 0
        turns.whenNone(() => none++)
        const before = none
        while (reading.length > 0) reading.pop()?.()
        expect(turns.isReading).toBe(false)
        expect(none).toBe(1)
        expect(before).toBeLessThanOrEqual(none)
        for (const by of [0, 1, 2]) {
          const indexes = all.flatMap((one, index) => (one.by === by ? [index] : []))
          expect(heard.flatMap(([who, index]) => (who === by ? [index] : []))).toEqual(indexes)
        }
      }),
      { numRuns: 3_000 },
    )
  })

  test('is asked for by nobody while something of another call is read', () => {
    const turns = new InTurn<string>()
    const over = turns.begin('a')
    expect(turns.defer('b', () => {})).toBe(false)
    over()
    expect(turns.defer('a', () => {})).toBe(false)
  })
})
