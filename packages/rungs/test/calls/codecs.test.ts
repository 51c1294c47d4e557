// Instances that cross by a codec given to register(), to a side that has never loaded their class.
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { link, Outgoing, register } from '../../dist/calls/index.js'
import { NotShippableError } from '../../dist/core/errors.js'
import { TinyPool } from './fixtures/tiny-pool.js'

interface Money {
  readonly cents: number
}
interface Registered {
  money(cents: number): Money
  nested(): { list: [Map<string, Money>]; again: Money }
  purse(): { readonly content: Money[] }
  old(value: number): { twice(): number }
  coin(): unknown
  fails(): never
  Money: (cents: number) => Money
}

describe.each(['thread', 'process'] as const)('to the pool of a %s', (boundary) => {
  const pool = new TinyPool({ boundary })
  afterAll(() => pool.end())
  const there = link<Registered>(new URL('./fixtures/registered.js', import.meta.url))

  it('calls at the same time: the class is imported once', async () => {
    const all = await Promise.all([1, 2, 3].map((cents) => pool.submit(there.money, cents)))
    expect(all.map(({ cents }) => cents)).toEqual([1, 2, 3])
    expect(new Set(all.map((one) => one.constructor)).size).toBe(1)
  })

  it('deep in other values', async () => {
    const { list, again } = await pool.submit(there.nested)
    expect([list[0].get('key')?.cents, again.cents]).toEqual([1, 2])
  })

  it('thrown, with others in it', async () => {
    const error = (await pool.submit(there.fails).catch((reason: unknown) => reason)) as Error & { amount: Money }
    const cause = error.cause as typeof error
    expect([error.constructor.name, error.message, error.amount.cents, cause.amount.cents]).toEqual(['Fault', 'outer', 3, 4])
  })

  it('of a class that its module does not export', async () => {
    expect((await pool.submit(there.purse)).content[0]?.cents).toBe(1)
  })

  it('of a constructor whose prototype object does not name it', async () => {
    expect((await pool.submit(there.old, 4)).twice()).toBe(8)
  })

  it('of a class that was here only as a link', async () => {
    // Types leave classes out of links; programs without types do not.
    const Class = (there as unknown as { Money: (cents: number) => Promise<Money> }).Money
    const other = new TinyPool({ boundary })
    onTestFinished(async () => {
      await other.end()
    })
    const back = await other.submit((M) => [M, new (M as unknown as new (cents: number) => Money)(6)] as const, Class)
    expect(back[1].cents).toBe(6)
    expect(back[1]).toBeInstanceOf(back[0])
  })

  it('refuses one whose codec needs an instance to make one', async () => {
    await expect(pool.submit(there.coin)).rejects.toThrow(/zero.* cannot cross: the codec of Coin would need it .*Make it in decode/)
  })
})

it('a codec that comes back does not take the place of what this side registered', async () => {
  class Weight {
    readonly #grams: number
    constructor(grams: number) {
      this.#grams = grams
    }
    get grams(): number {
      return this.#grams
    }
  }
  register(Weight, { encode: ({ grams }) => grams, decode: (grams: number) => new Weight(grams) })
  const pool = new TinyPool()
  const codecOf = (value: object): number | undefined => pool.outgoing.pack(value).uses.at(-1)
  try {
    const before = codecOf(new Weight(1))
    const back = await pool.submit((weight) => new Weight(weight.grams + 1), new Weight(1))
    expect(back.grams).toBe(2)
    expect(codecOf(back)).toBe(before)
  } finally {
    await pool.end()
  }
})

it('a later codec replaces an earlier one, also on the other side', async () => {
  class Length {
    readonly #meters: number
    constructor(meters: number) {
      this.#meters = meters
    }
    get meters(): number {
      return this.#meters
    }
  }
  const pool = new TinyPool()
  try {
    register(Length, { encode: ({ meters }) => meters, decode: (meters: number) => new Length(meters) })
    expect(await pool.submit((length) => length, new Length(1)).then(({ meters }) => meters)).toBe(1)
    register(Length, { encode: ({ meters }) => meters, decode: (meters: number) => new Length(meters * 10) })
    expect(await pool.submit((length) => length, new Length(1)).then(({ meters }) => meters)).toBe(100)
  } finally {
    await pool.end()
  }
})

describe('what a codec cannot do is told by name', () => {
  const outgoing = new Outgoing({ boundary: 'thread' })

  it('of a class that extends the registered one', () => {
    class Sealed {
      readonly #n: number
      constructor(n: number) {
        this.#n = n
      }
      get n(): number {
        return this.#n
      }
    }
    register(Sealed, { encode: ({ n }) => n, decode: (n: number) => new Sealed(n) })
    class Stamped extends Sealed {}
    expect(() => outgoing.pack(new Stamped(5))).toThrow(
      /private members of class Sealed, .*registered for Sealed makes no Stamped\. Write register\(Stamped, .*\(stamped\) => …, .*new Stamped\(/,
    )
    register(Stamped, { encode: ({ n }) => n, decode: (n: number) => new Stamped(n) })
    expect(() => outgoing.pack(new Stamped(5))).not.toThrow()
  })

  it('of a list that leads back to its beginning', () => {
    class Link {
      readonly #n: number
      next: Link | undefined
      constructor(n: number, next?: Link) {
        this.#n = n
        this.next = next
      }
      get n(): number {
        return this.#n
      }
    }
    register(Link, { encode: ({ n, next }) => ({ n, next }), decode: ({ n, next }) => new Link(n, next) })
    const first = new Link(1)
    expect(() => outgoing.pack({ list: new Link(2, first) })).not.toThrow()
    first.next = new Link(2, first)
    expect(() => outgoing.pack({ list: first })).toThrow(NotShippableError)
    expect(() => outgoing.pack({ list: first })).toThrow(
      /value\.list\.next\.next cannot cross: what the codec of Link encodes leads back to the same Link\./,
    )
    first.next = undefined
    expect(() => outgoing.pack({ list: first })).not.toThrow()
  })
})
