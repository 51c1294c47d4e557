// #region scaler
import { ThreadPoolExecutor } from 'rungs'

class Scaler {
  readonly factor: number

  constructor(factor: number) {
    this.factor = factor
  }

  scaleAll(pool: ThreadPoolExecutor, xs: number[]): Promise<number[]> {
    const { factor } = this // Not (x) => x * this.factor: nobody can see the `this` of an arrow.
    return pool.map((x) => x * factor, xs).toArray()
  }
}

await using pool = new ThreadPoolExecutor(2)
console.log(await new Scaler(3).scaleAll(pool, [1, 2, 3]))
// #endregion
