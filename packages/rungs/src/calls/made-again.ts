// Classes that one line makes again and again, as a function does that has a class in it and runs for each request. Like functions, they come and go:
// what is known of each for good would pile up. Of all others there are as many as the program is long.
import type { AnyFunction } from './marks.js'
import { sourceFacts } from './source-facts.js'
import { LETTER } from './wire.js'

/** A mixin makes a few of its class, and tests too. */
const FEW = 16

export class MadeAgain {
  /** How many classes with this text have been met. */
  readonly #met = new Map<string, number>()
  readonly #answers = new WeakMap<AnyFunction, boolean>()

  /** Says whether there were others with its text, and more than a few. The answer is the same each time. */
  has(Class: AnyFunction): boolean {
    let answer = this.#answers.get(Class)
    if (answer === undefined) {
      const text = Function.prototype.toString.call(Class)
      const met = (this.#met.get(text) ?? 0) + 1
      if (met <= FEW) this.#met.set(text, met)
      answer = met > FEW
      this.#answers.set(Class, answer)
    }
    return answer
  }
}

/**
 * Says whether the other side could send a class back as text when nobody has it here any more. Not when its text is edited on the way with names that
 * mean something there only, as that of a class which extends another one is.
 */
export function comesBackAsText(Class: AnyFunction): boolean {
  const facts = sourceFacts(Function.prototype.toString.call(Class))
  return typeof facts !== 'string' && !facts.source.includes(LETTER)
}
