// #region submit
import { ThreadPoolExecutor } from 'rungs'
import { countWords } from './text.js'

class Reading {
  constructor(
    readonly title: string,
    readonly words: number,
  ) {}

  minutes(wordsPerMinute: number): number {
    return Math.ceil(this.words / wordsPerMinute)
  }
}

const speed = 200
const minutes = (reading: Reading): number => reading.minutes(speed)

await using pool = new ThreadPoolExecutor(2)

// An exported function of another module, a function of Node, a global: by name.
console.log(await pool.submit(countWords, 'to be or not to be'))
console.log(await pool.submit(Math.max, 3, 7))

// A closure: its text, and what it uses of its surroundings. Here the function minutes, and with it speed.
console.log(await pool.submit(() => minutes(new Reading('Hamlet', 30_557))))

// What comes back is what it was: an instance of the class that this program knows.
const reading = await pool.submit((title: string) => new Reading(title, countWords(title).words), 'As You Like It')
console.log(reading instanceof Reading, reading)
// #endregion
