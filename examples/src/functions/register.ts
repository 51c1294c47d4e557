// #region register
import { register, ThreadPoolExecutor } from 'rungs'

class Money {
  readonly #cents: bigint

  constructor(cents: bigint) {
    this.#cents = cents
  }

  plus(other: Money): Money {
    return new Money(this.#cents + other.#cents)
  }

  toString(): string {
    return `${this.#cents / 100n}.${String(this.#cents % 100n).padStart(2, '0')}`
  }

  static parse(text: string): Money {
    return new Money(BigInt(text.replace('.', '')))
  }
}

register(Money, { encode: (money) => money.toString(), decode: (text) => Money.parse(text) })

await using pool = new ThreadPoolExecutor(1)
const price = new Money(1999n)
const sum = await pool.submit((shipping: Money) => price.plus(shipping), new Money(501n))
console.log(String(sum), sum instanceof Money)
// #endregion
