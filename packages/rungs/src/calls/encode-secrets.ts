// The private static fields of a class: what they hold goes beside its text, in which they get it once the class is made. What cannot cross is made by its
// initializer again where that gives the same; otherwise using it is the error, as with whatever else a class drags in.

import { types } from 'node:util'
import type { Closure } from './closures.js'
import { SECRET } from './compile.js'
import type { Encoder } from './encode.js'
import { whyNotInspect } from './inspector.js'
import { privateFieldsOf } from './private-fields.js'
import { type ClassFacts, type Secret, sourceFacts } from './source-facts.js'

/** What the class has more than others: names and places for its node, and a text that takes their values. */
export interface Secrets {
  readonly closure: Closure
  /** Puts them in, when the rest of the node is there. */
  add(names: string[], valuesAt: number[]): void
}

/** Undefined of a class without any. */
export function secretsOf(encoder: Encoder, closure: Closure, at: number): Secrets | undefined {
  const klass = classFactsOf(closure)
  if (klass === undefined || klass.secrets.length === 0) return undefined
  const held = privateFieldsOf(closure.fn)
  if (held === undefined) {
    encoder.refuse(
      at,
      `what its private static fields hold cannot be read here (${klass.secrets[0]?.name}): ${whyNotInspect()}`,
      'Move the class to a module and export it',
    )
  }
  const again = new Set<Secret>()
  const absent = new Map<Secret, string>()
  // Only when all values have been looked at it is known which of them cross.
  const withText = Object.create(closure, { source: { get: () => klass.withSecrets(again, absent) } }) as Closure
  const className = closure.fn.name || 'an anonymous class'
  const lose = (secret: Secret, reason: string) => {
    if (isMadeAgain(secret, held.get(secret.name))) again.add(secret)
    else absent.set(secret, `${secret.name} of ${className} did not cross: ${reason}`)
  }
  return {
    closure: withText,
    add(names, valuesAt) {
      for (const secret of klass.secrets) {
        if (!held.has(secret.name)) {
          absent.set(secret, `${secret.name} of ${className} had no value yet`)
          continue
        }
        const valueAt = encoder.at(held.get(secret.name), at, { words: ` (its private static field ${secret.name})` })
        const name = SECRET + secret.name.slice(1)
        names.push(name)
        valuesAt.push(valueAt)
        encoder.mend(valueAt, ({ message }) => {
          lose(secret, message.replace(/^.*? cannot cross: /s, ''))
          const index = names.indexOf(name)
          names.splice(index, 1)
          valuesAt.splice(index, 1)
        })
      }
    },
  }
}

/** Of its text as it goes: computed names may be written out in it. */
function classFactsOf({ facts, source }: Closure): ClassFacts | undefined {
  if (source === facts.source || facts.klass?.secrets.length === 0) return facts.klass
  const written = sourceFacts(source)
  return typeof written === 'string' ? facts.klass : written.klass
}

/** The function that is written there, which may use what only the class can see, or an empty weak collection: its contents are nobody else's. */
function isMadeAgain({ initializer }: Secret, value: unknown): boolean {
  if (typeof value === 'function') return Function.prototype.toString.call(value) === initializer
  return (types.isWeakMap(value) || types.isWeakSet(value)) && /^new\s+Weak(Map|Set)(\(\s*\))?$/.test(initializer ?? '')
}
